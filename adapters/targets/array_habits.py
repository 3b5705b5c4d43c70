"""What is handed over to a class or a function on NumPy arrays in another form than usual.

Each habit compares a target with itself, bit by bit, and is asked where its calls have the form.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.styles import CourseTensor

TIMES = 3
SHAPE, COUNT = (2, 3), 3  # of the parameters, all alike: what is mistaken for another fits
Opened = Callable[[], Any]  # a session over them
Before = Callable[[Any, "list[Array]"], "list[Array]"]  # of a session and gradients, in each step


def numbers(turn: int) -> Array:
    """Numbers that every format holds, others in each turn."""
    return np.roll(np.arange(1.0, np.prod(SHAPE) + 1), turn).reshape(SHAPE) / 16


def opened(kind: Any, maker: Maker, request: protocol.Open, **numbers_: Any) -> Any:
    """A session over several parameters, with what it has of momentum and decay.

    ``numbers_`` are hyperparameters in another form.
    """
    dtype = request.parameters[0].value.dtype
    request.parameters[:] = [
        protocol.Parameter(f"w{place}", kit.to_tensor(numbers(place).astype(dtype)))
        for place in range(COUNT)
    ]
    own: dict[str, float] = {
        name: 0.5 for name in ("momentum", "weight_decay") if name in maker.names.own
    }
    request.hyperparameters.update({**own, **request.hyperparameters, **numbers_})
    return kind.Session(request, maker)


def trained(session: Any, before: Before = lambda session, gradients: gradients) -> list[Array]:
    """The parameters after some steps, before each of which something may be done."""
    for turn in range(1, TIMES + 1):
        old = session.parameters()
        gradients = [numbers(turn + at).astype(value.dtype) for at, value in enumerate(old)]
        session.step(before(session, gradients))
    found: list[Array] = session.parameters()
    return found


def same(one: Sequence[Array], other: Sequence[Array]) -> bool:
    """Bit by bit."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def in_style(make: Opened, maker: Maker, **changed: bool) -> bool:
    """Whether its parameters move in a changed style as in its own."""
    plain = trained(make())
    own = maker.style
    maker.style = copy.copy(own)
    vars(maker.style).update(changed)
    try:
        return same(plain, trained(make()))
    finally:
        maker.style = own


def gradient_order(make: Opened, maker: Maker) -> str:
    """Gradients are those of the parameters whose names they have, however they were filled in."""
    if make().style.container != "dict":
        raise kit.Unsupported("its gradients stand in no dictionary")
    if in_style(make, maker, backwards=True):
        return ""
    return "what is known of a parameter goes by its place in that dictionary, not by its name"


def left_out(make: Opened, maker: Maker) -> str:
    """A parameter that has no gradient in a step stays; what that does to others is nothing."""
    style = make().style
    if style.filled or style.container not in ("dict", "list", "parameter"):
        raise kit.Unsupported("a call of it is about one parameter, and is left out")
    if style.container == "parameter" and not style.constructed:
        raise kit.Unsupported("its gradients stand in no place that could be empty")
    plain = trained(make())
    before: list[Array] = []

    def without(session: Any, gradients: list[Array]) -> list[Array]:
        session.style.left_out = 1 if len(before) == COUNT else None
        before.extend(session.parameters())
        return gradients

    try:
        after = trained(make(), without)
    finally:
        style.left_out = None
    place = COUNT + 1  # the second parameter, before the second of three steps and after it
    if not same([before[place]], [before[place + COUNT]]):
        return "the parameter moves in that step"
    others = [0, 2]
    if not same([plain[at] for at in others], [after[at] for at in others]):
        return "other parameters move otherwise"
    return ""


def one_list(make: Opened, maker: Maker) -> str:
    """A list of gradients that is filled anew for each step has other gradients in each."""
    style = make().style
    if style.container != "list":
        raise kit.Unsupported("its gradients stand in no list")
    if in_style(make, maker, one_list=True):
        return ""
    return "it moves otherwise than by a list that is made for each step"


def handed_once(make: Opened, maker: Maker) -> str:
    """Parameters that can be gone through once alone all move."""
    style = make().style
    if not (style.constructed and style.container in ("list", "parameter")):
        raise kit.Unsupported("it is made of no list of parameters")
    return "" if in_style(make, maker, once=True) else "they do not move as those of a list"


def array_numbers(make: Opened, maker: Maker) -> str:
    """Several numbers that are handed over as an array are what they are in a tuple, and stay."""
    plain, other = make(), make()
    left = {one.name: one.default for one in inspect.signature(maker.found).parameters.values()}
    given = {**left, **plain.given}
    found = {name: np.array(v) for name, v in given.items() if isinstance(v, (tuple, list))}
    if not found:
        raise kit.Unsupported("it takes no tuple of numbers")
    before = copy.deepcopy(found)
    other.given = {**other.given, **found}
    other.objects = [other.made(some) for some in other.parts(other.values)]
    if not same(trained(plain), trained(other)):
        return "it moves otherwise than with a tuple"
    stay = all(np.array_equal(found[name], before[name]) for name in found)
    return "" if stay else "its steps write into that array"


def bound_anew(make: Opened, maker: Maker) -> str:
    """A parameter whose array is replaced between steps goes on from there."""
    if make().style.container != "parameter":
        raise kit.Unsupported("its parameters are no objects that hold an array")

    def anew(session: Any, gradients: list[Array]) -> list[Array]:
        for _, held in session.objects:
            for item in held:
                item.data = item.data.copy()
        return gradients

    return "" if same(trained(make()), trained(make(), anew)) else "it moves the old array"


def written_over(kind: Any, maker: Maker, request: protocol.Open, dtypes: Sequence[str]) -> str:
    """A parameter that is written over between steps is what was written, in all formats or none.

    Averages of iterates take it back by design, in each format alike.
    """
    stays = {}
    for dtype in dtypes:
        asked = copy.deepcopy(request)
        asked.parameters[0] = protocol.Parameter("w0", kit.to_tensor(numbers(0).astype(dtype)))
        session = opened(kind, maker, asked)
        for turn in range(2):
            if turn:
                before = session.parameters()
                for array in (
                    *session.values,
                    *(i.data for _, h in session.objects for i in held(h)),
                ):
                    array[...] = 64
            session.step([numbers(turn).astype(dtype) for _ in range(COUNT)])
        stays[dtype] = all(
            bool((abs(new - 64) < abs(new - old)).all())
            for old, new in zip(before, session.parameters(), strict=True)
        )
    undone = ", ".join(dtype for dtype, as_written in stays.items() if not as_written)
    return f"the step undoes that in {undone}" if len(set(stays.values())) > 1 else ""


def held(parameters: Any) -> list[Any]:
    """The objects that hold a parameter, where that is how a class takes them."""
    several = parameters if isinstance(parameters, list) else []
    return [one for one in several if isinstance(one, CourseTensor)]


def whole_numbers(kind: Any, maker: Maker, request: protocol.Open) -> str:
    """A learning rate of 1 is one of 1.0."""
    if "learning_rate" not in maker.names.own:
        raise kit.Unsupported("it takes no learning rate")
    found = [
        trained(opened(kind, maker, copy.deepcopy(request), learning_rate=rate))
        for rate in (1.0, 1)
    ]
    return "" if same(*found) else "it moves otherwise with 1 than with 1.0"


def byte_order(make: Opened, maker: Maker) -> str:
    """Gradients whose bytes stand in the other order are the same numbers."""

    def swapped(session: Any, gradients: list[Array]) -> list[Array]:
        return [gradient.astype(gradient.dtype.newbyteorder()) for gradient in gradients]

    return "" if same(trained(make()), trained(make(), swapped)) else "it takes them for others"


def read_only(make: Opened, maker: Maker) -> str:
    """Parameters and gradients that cannot be written into are taken as any others, or refused."""

    def shut(session: Any, gradients: list[Array]) -> list[Array]:
        for array in (*session.values, *gradients):
            array.flags.writeable = False
        return gradients

    return "" if same(trained(make()), trained(make(), shut)) else "it moves otherwise with them"


def habits(kind: Any, maker: Maker, request: protocol.Open) -> dict[str, Callable[..., str]]:
    """Each as it is asked of a target of this kind."""
    make = partial(opened, kind, maker, request)
    asked = {"byte-order": byte_order, "read-only": read_only}
    if hasattr(kind.Session, "made"):
        asked.update({
            "gradient-order": gradient_order,
            "left-out": left_out,
            "one-list": one_list,
            "handed-once": handed_once,
            "array-numbers": array_numbers,
            "replaced": bound_anew,
        })  # fmt: skip
    found: dict[str, Callable[..., str]] = {
        name: partial(lambda habit, *_: habit(make, maker), habit) for name, habit in asked.items()
    }
    if hasattr(kind.Session, "made"):
        found["edited"] = lambda _, dtypes: written_over(kind, maker, request, dtypes)
    found["whole-numbers"] = lambda *_: whole_numbers(kind, maker, request)
    return found
