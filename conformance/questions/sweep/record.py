"""What a sweep came to, as it is kept: whole, or as far as it has got."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from optimizer_conformance.reports import foreign

Format = Literal["optimizer-conformance sweep 1"]
FORMAT: Format = "optimizer-conformance sweep 1"
FILE = "sweep.json"
KINDS = ("does not move", "finite", "infinite", "nan")


class MalformedSweep(Exception):  # noqa: N818 - named for the situation
    """What was read is no sweep."""


class Witness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One element: its inputs in hexadecimal and decimal, what came, and what was expected."""

    element: int
    inputs: dict[str, str]
    observed: str
    expected: str
    value: float


class QuantitySweep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One quantity after the step.

    counts   results by verdict
    score    the largest distance from the exact value in units of the bound, of results inside it
    ulp      the same in units in the last place
    held     the largest score of what is inside the bound of hyperparameters as they are held
    deviation  the first result that deviates
    """

    counts: dict[str, int]
    score: Witness | None
    ulp: Witness | None
    held: float
    deviation: Witness | None = None


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which element on the parameter comes to another kind: see KINDS."""

    element: int
    inputs: dict[str, str]
    kind: str


class Beside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another implementation over the same elements: where its bits differ, by quantity."""

    implementation: str
    versions: dict[str, str]
    differing: dict[str, int]
    first: dict[str, Witness | None]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was asked: two sweeps with the same settings come to the same."""

    implementation: str
    versions: dict[str, str]
    device: str
    against: str
    dtype: str
    slice: str
    hyperparameters: dict[str, str]
    features: list[str]
    parameter: float
    gradients: list[float]
    state: dict[str, float]
    taken: int
    varying: list[str]
    first: int
    size: int
    whole: int
    beside: list[str] = []


class Sweep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Elements from ``settings.first`` on, ``done`` of ``settings.size`` so far.

    way       how hyperparameters are held, in words
    unjudged  results that no table accepts, beyond those that were judged one by one
    seconds   of the wall clock, all runs together
    hardware  what the implementation stepped on, as it calls it
    judged    where the results were judged: on the host, or on the device itself
    ends      what the last parameter came to, a word of KINDS; empty in older files
    """

    format: Format
    settings: Settings
    done: int
    way: str
    quantities: dict[str, QuantitySweep]
    turns: list[Turn]
    more_turns: int
    beside: list[Beside]
    unjudged: int
    seconds: float
    hardware: str = ""
    judged: str = "host"
    ends: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing of what was asked is left out."""
        return self.done == self.settings.size and not self.unjudged

    @property
    def proved(self) -> bool:
        """Whether that is the whole slice: what is largest here is largest of all."""
        return self.complete and self.settings.size == self.settings.whole

    @property
    def deviating(self) -> int:
        """Results that deviate, of all quantities."""
        return sum(item.counts["deviates"] for item in self.quantities.values())


def text(found: Sweep) -> str:
    """As it stands in a file."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def read(path: Path) -> Sweep:
    """Raises MalformedSweep for what is none, OSError for what cannot be read."""
    try:
        return msgspec.json.decode(foreign.content(path), type=Sweep)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedSweep(f"{path} is no sweep: {error}") from error
