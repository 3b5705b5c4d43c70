"""The records of a run folder, once: what is written, read, described by the schema and documented.

``store`` writes them, ``folder`` reads them, ``conformance/runs/schema.py`` prints their schema.  A
field is added with a new ``FORMAT`` and with what older folders have in its place (``formats``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from optimizer_conformance.adapters.protocol import Description

FORMAT = 6

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Defaults = dict[str, float | bool | str | None]


class Cause(StrEnum):
    """What a deviation is put down to; ``why`` of a cell has the same in words."""

    rule = "rule"  # another rule explains every element
    partly = "partly"  # another rule explains the elements that the claimed one leaves over
    unexplained = "unexplained"  # no rule that was tried
    place = "place"  # the claimed rule, but for a dtype, a layout or a regime
    default = "default"  # a default that the document does not state
    narrow = "narrow"  # float64 computed in float32
    promise = "promise"  # a changed gradient, or a parameter of another dtype


class Cell(msgspec.Struct, frozen=True):
    """One row: what one parameter (regime) of one case came to against one variant.

    relation     ``claimed`` by the implementation's own documentation, or ``other``
    score, ulp   largest distance in the bound that judged (``written``: as written), and in ulp
    counts       elements by verdict: exact … deviates
    step … ulp   of the first divergence, where there is one
    why          what explains the verdict, in words
    condition    smallest condition number of ill-posed elements; ``unconfirmed`` ones are more
    bits         a hash of the parameter's bits after every step; empty where none came back
    held, cause  of ``representation``: ``learning rate=float32; …``; of ``deviates``: a Cause, and
                 of ``error`` the exception that was raised
    outcome      what came of the parameter, in words; ``kinds`` has it to be compared:
                 ``nan=1,2,8; …``, since which step, in how many of how many elements
    values       the last ones of which no digit is promised
    """

    implementation: str
    adapter: str
    version: str
    device: str
    variant: str
    relation: str
    features: str
    dtype: str
    mode: str
    regime: str
    case: str
    verdict: str
    score: float
    ulp: float
    exact: int = 0
    rounding: int = 0
    representation: int = 0
    range: int = 0
    ill_posed: int = 0
    deviates: int = 0
    step: int = 0
    quantity: str = ""
    element: str = ""
    observed: str = ""
    expected: str = ""
    divergence_score: float = 0.0
    divergence_ulp: float = 0.0
    nearest: str = ""
    why: str = ""
    expectation: str = ""
    condition: float = float("nan")
    unconfirmed: int = 0
    bits: str = ""
    held: str = ""
    cause: str = ""
    outcome: str = ""
    values: str = ""
    written: float = 0.0
    kinds: str = ""


class Element(msgspec.Struct, frozen=True):
    """One row: an element of a claimed cell that deviates.

    observed, expected  the value, and the reference's, as numbers and as the bits of the case's
                        dtype, most significant first, in hexadecimal
    score, ulp          the distance in units of the bound and in ulp
    failing             how many elements of the cell deviate; only the first of them are kept
    """

    implementation: str
    device: str
    variant: str
    case: str
    regime: str
    step: int
    quantity: str
    parameter: str
    element: int
    observed: float
    expected: float
    observed_bits: str
    expected_bits: str
    score: float
    ulp: float
    failing: int


class Selected(msgspec.Struct, frozen=True):
    """The cells that a run was asked for; an empty list asks for all."""

    adapters: list[str]
    implementations: list[str]
    variants: list[str]
    dtypes: list[str]
    devices: list[str]
    modes: list[str]
    cases: list[str]


class Merged(msgspec.Struct, frozen=True):
    """A shard that a merged run was made from."""

    folder: str
    started: Moment
    platform: str
    processor: str
    accelerators: list[str]
    revision: str
    dirty: bool


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """``provenance.json``: what has to be known to run the same again, and to go on with it.

    harness    versions that the reference is computed with
    interpreter  that the workers' environments were made with; empty: this one
    variables  of the environment, that reach the workers and may change arithmetic
    shard      which part of how many
    suite      SHA-256 of the code that decides a verdict, expectations included
    reasons    each known deviation and why it is there
    links      each of them and where more is said
    merged     the shards that it was made from
    """

    format: int
    started: Moment
    python: str
    implementation: str
    platform: str
    processor: str
    cores: int | None
    memory: int
    accelerators: list[str]
    harness: dict[str, str]
    variables: dict[str, str]
    confinement: str
    profile: str
    seed: int
    selection: Selected
    adapters: list[str]
    interpreter: str
    requested: list[str]
    required: list[str]
    shard: tuple[int, int]
    suite: str
    revision: str
    dirty: bool
    command: list[str]
    reasons: dict[str, str]
    links: dict[str, str] = {}
    merged: list[Merged] = []

    def told(self, entry: str) -> str:
        """Why a known deviation is there, and where more is said."""
        link = self.links.get(entry)
        return self.reasons.get(entry, "") + (f" ({link})" if link else "")


def unmade(*adapters: str) -> str:
    """That adapters have no environment, and what makes them one."""
    return f"no environment yet; `conformance env create {' '.join(adapters)}` makes it"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter in ``adapters.json``: what it is, how far it came, or why it is missing.

    description  of its worker; None where it could not start
    failure      why the worker could not be used, or empty
    unmade       it has no environment yet, which is why
    complete     whether every group that was to run here is finished
    packages     of its environment
    cells, elements  rows in its tables
    reused       groups that were taken from earlier runs
    retried      cases that crashed the worker once and were answered the second time
    """

    description: Description | None = None
    failure: str = ""
    unmade: bool = False
    complete: bool = False
    packages: dict[str, str] = {}
    cells: int = 0
    elements: int = 0
    reused: int = 0
    retried: list[str] = []

    @property
    def versions(self) -> dict[str, str]:
        """Of the framework and what belongs to it, the framework first."""
        return self.description.versions if self.description else {}

    @property
    def version(self) -> str:
        """Of the framework."""
        return next(iter(self.versions.values()), "")

    @property
    def devices(self) -> dict[str, str]:
        """Where it can run, by name."""
        return self.description.devices if self.description else {}

    @property
    def missing(self) -> str:
        """Why nothing of it could run here, or empty."""
        return self.failure or (self.description.unavailable if self.description else "")


class StoredRule(msgspec.Struct, frozen=True):
    """The rule that explains every answer of a group, factor by factor.

    factors  each choice of the rule that is followed, by name
    partly   it explains those elements that the claimed rule leaves over
    """

    factors: dict[str, bool | str]
    partly: bool = False


class Outline(msgspec.Struct, frozen=True):
    """A group that is planned: one implementation on one device with one set of options.

    It is explained as a whole, so it is finished, journaled, resumed and reused as a whole.

    cases     how many it holds
    key       hash of everything that determines its cells
    defaults  of the implementation's constructor, by canonical name; a stated None is kept
    """

    implementation: str
    device: str
    features: str
    cases: int
    key: str
    defaults: Defaults = {}

    @property
    def name(self) -> str:
        """For messages and events."""
        return f"{self.implementation} on {self.device}, {self.features or 'plain'}"


class StoredGroup(Outline, frozen=True, kw_only=True):
    """A group in ``groups.json``, in the order of the rows of its adapter's tables.

    here      whether it belongs to this shard
    finished  whether it came to its end
    cells, elements  how many rows belong to it
    rule      that it follows; None where none explains it, absent where the run did not keep it
    """

    here: bool
    finished: bool
    cells: int
    elements: int
    rule: StoredRule | UnsetType | None = UNSET

    @property
    def outline(self) -> Outline:
        """The group as it was planned."""
        return Outline(
            self.implementation, self.device, self.features, self.cases, self.key, self.defaults
        )

    @property
    def followed(self) -> StoredRule | None:
        """The rule, where there is one."""
        return None if self.rule is UNSET else self.rule


class Kind(StrEnum):
    """How a run departs from what is expected."""

    introduced = "introduced"
    changed = "changed"
    gone = "gone"
    stale = "stale"
    overdue = "overdue"
    missing = "missing"
    interrupted = "interrupted"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a run departs from what is expected.

    message   what happened and what to do next, in one line
    level     an ``error`` fails the run, a ``warning`` does not
    entry     identifier of the expectation that it is about, if any
    cells     how many cells show it
    found     smallest and largest score of those cells, in units of the bound; infinity as text
    expected  the band of the entry
    case      the first case that shows it
    reason    of a missing adapter, in words
    file      where the entry stands, and in which line (0: no line)
    """

    kind: Kind
    adapter: str
    message: str
    level: Literal["error", "warning"] = "error"
    entry: str = ""
    implementation: str = ""
    device: str = ""
    variant: str = ""
    dtype: str = ""
    verdict: str = ""
    cells: int = 0
    found: tuple[float | str, ...] = ()
    expected: tuple[float | str, ...] = ()
    case: str = ""
    reason: str = ""
    file: str = ""
    line: int = 0


class Seconds(msgspec.Struct, frozen=True):
    """Where the time went: in all, in this process, and in waiting for each adapter's workers."""

    wall: float
    own: float
    waited: dict[str, float] = {}


class Footer(msgspec.Struct, frozen=True, kw_only=True):
    """``footer.json``, the last file: what a complete run came to.

    cells     claimed comparisons
    rows      that each table of cells has to hold
    findings  everything in which the run departs from what is expected; None where the run did not
              keep them
    """

    ended: Moment
    cells: int
    rows: dict[str, int]
    unexpected: int
    stale: list[str]
    missing: dict[str, str]
    findings: list[Finding] | None
    reused: int
    retried: dict[str, list[str]]
    exit_code: int
    seconds: Seconds | None


class Event(msgspec.Struct, frozen=True):
    """A line of ``events.jsonl``; further fields say what it is about."""

    time: Moment
    event: str


class Described(msgspec.Struct, frozen=True, tag=True):
    """In the journal: an adapter was started; what it is, and every group that is planned of it."""

    adapter: str
    description: Description
    outlines: list[Outline]
    seconds: float = 0.0


class Finished(msgspec.Struct, frozen=True, tag=True):
    """In the journal: a group's rows, without what expectations say of them.

    rule      that it follows; None where none explains it
    retried   cases that crashed the worker once and were answered the second time
    seconds   that it took; ``waited`` of them for the worker
    """

    adapter: str
    key: str
    cells: list[Cell]
    elements: list[Element]
    retried: list[str] = []
    seconds: float = 0.0
    waited: float = 0.0
    rule: StoredRule | None = None


class Closed(msgspec.Struct, frozen=True, tag=True):
    """In the journal: nothing is left to do of an adapter."""

    adapter: str


Record = Described | Finished | Closed
