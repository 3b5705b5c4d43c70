"""The messages between the harness and a worker.

A frame is a four-byte big-endian length followed by one msgpack map; requests travel on the
worker's standard input, replies on its standard output.  Every request has exactly one reply.
Tensors travel as raw little-endian bits, never as decimals, so that what is judged is what was
sent.  The version is raised whenever a message changes its meaning.
"""

from __future__ import annotations

import struct
import sys
import typing
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Union

from optimizer_conformance.adapters.packing import msgspec

if sys.version_info < (3, 9):  # noqa: UP036 - old releases of a framework need old Pythons
    # msgspec evaluates the annotations below, and ``list`` is not generic there.
    globals().update(list=typing.List, dict=typing.Dict, tuple=typing.Tuple)  # noqa: UP006

PROTOCOL = 1
LARGEST_FRAME = 1 << 28  # 256 MiB: ten times the largest case of the full profile

DType = Literal["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
Family = str  # what rules of its kind are called: ``rmsprop``, ``adam``, …
ITEM_SIZE: dict[str, int] = {
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}


class Tensor(msgspec.Struct, frozen=True):
    """An array in C order: ``data`` holds the little-endian bits of ``shape`` elements.

    A complex element is its real and then its imaginary part.
    """

    dtype: DType
    shape: tuple[int, ...]
    data: bytes


# A tensor, or None where there is none; few callers send or meet any.
if TYPE_CHECKING:
    Gradient = Any
else:
    Gradient = Union[Tensor, None]  # noqa: UP007 - Python 3.9

# How an array lies in memory.  ``strided``: neighbouring elements do not touch; ``fortran``: the
# first axis runs fastest; ``channels-last``: of four axes the second does; ``reused``, of gradients
# alone: each step's stand where the last one's stood, as in a loop that fills one buffer.
Layout = Literal["contiguous", "strided", "fortran", "channels-last", "reused"]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of the optimizer under test.

    ``layout`` is asked of its memory, and ``gradients`` of that of its gradients; an adapter whose
    framework knows no strides may ignore both.  ``group`` points into ``Open.groups``.  ``joins``
    is how many steps are over when it is handed to the optimizer; until then it has no gradient.
    """

    name: str
    value: Tensor
    layout: Layout = "contiguous"
    group: int = 0
    gradients: Layout = "contiguous"
    joins: int = 0


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="verb"):
    protocol: int = PROTOCOL


class Open(msgspec.Struct, frozen=True, tag="open", tag_field="verb"):
    """Construct one optimizer over ``parameters``.

    ``hyperparameters`` uses canonical names (``learning_rate``, ``decay``, ``beta1``, ``momentum``,
    ``epsilon``, ``weight_decay``, ``loss_scale``); what is absent is left to the implementation's
    own default.  ``decay`` is the decay of the second moment in both families.  ``features`` are
    the options switched on (``centered``, ``momentum``, …).  ``groups[i]`` overrides
    hyperparameters of the parameters in group ``i``; empty means no groups.  ``learning_rates``,
    when not empty, is the rate of each coming step and goes through the framework's own schedule.
    """

    implementation: str
    device: str
    parameters: list[Parameter]
    hyperparameters: dict[str, float]
    features: list[str] = []
    groups: list[dict[str, float]] = []
    learning_rates: list[float] = []


class SetState(msgspec.Struct, frozen=True, tag="set_state", tag_field="verb"):
    """Replace the state: canonical name to one tensor a parameter; ``step`` steps were taken."""

    session: int
    state: dict[str, list[Tensor]]
    step: int


class Step(msgspec.Struct, frozen=True, tag="step", tag_field="verb"):
    """Take ``len(gradients)`` steps; ``gradients[t][i]`` belongs to parameter ``i``.

    None where a parameter has no gradient in a step.
    """

    session: int
    gradients: list[list[Gradient]]


class Reload(msgspec.Struct, frozen=True, tag="reload", tag_field="verb"):
    """Save the optimizer in the framework's own way, and go on with a fresh one that loads it."""

    session: int


class GetState(msgspec.Struct, frozen=True, tag="get_state", tag_field="verb"):
    session: int


class Probe(msgspec.Struct, frozen=True, tag="probe", tag_field="verb"):
    """Ask for the defaults that the implementation's constructor really has."""

    implementation: str


class StepBlock(msgspec.Struct, frozen=True, tag="block", tag_field="verb"):
    """Open ``open`` over one flat parameter, step it, and close it, through memory that is shared.

    ``memory`` is a file in the worker's own folder that holds rows of ``elements`` numbers of
    ``dtype``; the other fields are indices of its rows.  The parameter is ``value``, its state,
    after ``step`` steps, ``state``, and one step is taken a row of ``gradients``.  What stands
    after the last one is written to ``results``, by quantity, ``parameter`` among them.

    With a ``handle`` (``CUipcMemHandle``) the rows are memory of the device instead, bfloat16 as
    its bits; an adapter whose numbers go through the host answers that it is unsupported.
    """

    open: Open
    memory: str
    dtype: DType
    elements: int
    value: int
    gradients: list[int]
    results: dict[str, int]
    state: dict[str, int] = {}
    step: int = 0
    handle: bytes = b""


class Close(msgspec.Struct, frozen=True, tag="close", tag_field="verb"):
    session: int


Request = Union[  # noqa: UP007 - Python 3.9
    Hello, Open, SetState, Step, Reload, GetState, Probe, StepBlock, Close
]


class Implementation(msgspec.Struct, frozen=True):
    """One way to run an update rule, and what it accepts.

    name             ``adapter:object[option]``
    family           ``rmsprop`` or ``adam``
    claims           identifiers of the documented variant that its own documentation states, less
                     the suffixes of its features: several where the document allows several
                     readings, none when it documents no formula
    features         the sets of options that it can switch on together
    hyperparameters  canonical names that its constructor takes
    dtypes, devices  where it runs
    state            canonical names of the state tensors that it shows
    settable         whether its state can be replaced
    compiled         whether each new configuration is compiled (slow to open)
    schedules        whether its own API takes a rate a step
    groups           hyperparameters that its own API takes a group; empty: no groups
    gaps             what it lacks, and why: feature, dtype or ``device`` to reason
    misbehaves       those of its gaps in which it does what no optimizer may, instead of refusing
    undriven         what it has and this adapter does not ask of it, and why
    arithmetic       device to the profile of its roots and divisions (``reference.numbers.budget``)
                     where these are not correctly rounded
    documentation    where its documentation stands
    loop             what of a training loop it can be put through, of ``LOOP``
    """

    name: str
    family: Family
    claims: list[str]
    features: list[list[str]]
    hyperparameters: list[str]
    dtypes: list[DType]
    devices: list[str]
    state: list[str]
    settable: bool = True
    compiled: bool = False
    schedules: bool = True
    groups: list[str] = []
    gaps: dict[str, str] = {}
    arithmetic: dict[str, str] = {}
    documentation: str = ""
    undriven: dict[str, str] = {}
    loop: list[str] = []
    misbehaves: list[str] = []


# What of a training loop an implementation can be put through.
LOOP = {
    "missing": "a step in which a parameter has no gradient passes over it, its count included",
    "joins": "a parameter is handed over when steps were taken already",
    "saved": "it can be saved and loaded by the framework's own means",
    "memory": "arrays lie in memory as they are asked to",
    "closure": "a step is given a closure that computes the gradients",
    "replaced": "the storage of a parameter is replaced between steps",
    "edited": "a parameter is written over between steps",
    "sparse": "a sparse gradient has an index twice",
    "mixed": "parameters of two formats stand in one optimizer",
    "second": "another optimizer is made over the same parameters",
}


class TargetSignature(msgspec.Struct, frozen=True):
    """What somebody's own optimizer was taken for.

    kind       of optimizer, one of ``adapters.targets.kinds``
    arguments  canonical hyperparameters to its own arguments
    switches   features to the Boolean arguments that switch them on
    remarks    what was decided where a name means several things
    others     its arguments that are no hyperparameters, and what each is left at, as Python has it
    """

    kind: str
    arguments: dict[str, str] = {}
    switches: dict[str, str] = {}
    remarks: list[str] = []
    others: dict[str, str] = {}


class Description(msgspec.Struct, frozen=True, tag="description", tag_field="reply"):
    """Reply to ``Hello``.

    versions     of the framework first
    flags        the switches that change arithmetic (x64, TF32, flush-to-zero, …)
    unavailable  why there is no device
    target       of somebody's own optimizer alone
    others       public optimizers of the installed release that no implementation here drives
    """

    adapter: str
    protocol: int
    versions: dict[str, str]
    devices: dict[str, str]
    implementations: list[Implementation]
    flags: dict[str, str] = {}
    unavailable: str = ""
    target: Union[TargetSignature, None] = None  # noqa: UP007 - Python 3.9
    others: list[str] = []


class Opened(msgspec.Struct, frozen=True, tag="opened", tag_field="reply"):
    session: int


class Observation(msgspec.Struct, frozen=True):
    """What stands after one step: parameters, state, and the gradients, which nobody may change."""

    parameters: list[Tensor]
    state: dict[str, list[Tensor]]
    gradients: list[Gradient]


class Stepped(msgspec.Struct, frozen=True, tag="stepped", tag_field="reply"):
    observations: list[Observation]


class State(msgspec.Struct, frozen=True, tag="state", tag_field="reply"):
    state: dict[str, list[Tensor]]


class Probed(msgspec.Struct, frozen=True, tag="probed", tag_field="reply"):
    """Defaults by canonical name, as the constructor states them; ``None`` is a stated None."""

    defaults: dict[str, Union[float, bool, str, None]]  # noqa: UP007 - the same


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="reply"):
    pass


class Failure(msgspec.Struct, frozen=True, tag="failure", tag_field="reply"):
    """``unsupported`` is said by the adapter on purpose; whatever was raised is an ``error``."""

    kind: Literal["unsupported", "error"]
    exception: str
    message: str
    traceback: str = ""


Reply = Union[Description, Opened, Stepped, State, Probed, Done, Failure]  # noqa: UP007 - the same

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


# What the decoders raise for a body that is not of the protocol.
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)


class FrameError(Exception):
    """The byte stream is not a sequence of frames."""


def write_frame(stream: BinaryIO, message: object) -> None:
    """Write one message and flush."""
    body = encode(message)
    stream.write(struct.pack(">I", len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read one frame's body; None at a clean end.

    Raises FrameError when the stream ends inside a frame or announces more than LARGEST_FRAME.
    """
    head = _read_exactly(stream, 4)
    if not head:
        return None
    (length,) = struct.unpack(">I", head) if len(head) == 4 else (-1,)
    if not 0 <= length <= LARGEST_FRAME:
        raise FrameError(f"a frame header of {head!r}: something wrote into the protocol's stream")
    body = _read_exactly(stream, length)
    if len(body) != length:
        raise FrameError(f"the stream ended {length - len(body)} bytes before its frame did")
    return body


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    parts = []
    while count and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
