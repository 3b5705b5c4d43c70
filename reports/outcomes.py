"""What came of parameters beside the verdicts, out of a run's cells: in words, and compared."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from optimizer_conformance.reports.formats import UNRECORDED
from optimizer_conformance.reports.model import RunData

NAMED = 6  # implementations that one line names
SHOWN = 12  # lines; the cells have all


class OutcomeKind(StrEnum):
    """What can come of a parameter, as the column ``kinds`` has it."""

    nan = "nan"
    infinite = "infinite"
    exploded = "exploded"
    still = "still"
    finite = "finite"


WORDS = {
    OutcomeKind.nan: "nan from finite numbers",
    OutcomeKind.infinite: "infinite from finite numbers",
    OutcomeKind.exploded: "so large that nothing is left of what it was",
    OutcomeKind.still: "never moves though the formula does",
    OutcomeKind.finite: "finite where no digit is promised",
}
FIELD = re.compile(rf"({'|'.join(OutcomeKind)})=(\d{{1,9}}),(\d{{1,12}}),(\d{{1,12}})")


@dataclass(frozen=True)
class Came:
    """One thing that came out.

    step      since which step; 0 where that says nothing
    elements  of how many elements of the parameter, which has ``of``
    """

    what: OutcomeKind
    step: int
    elements: int
    of: int

    @property
    def field(self) -> str:
        """As the column ``kinds`` has it."""
        return f"{self.what}={self.step},{self.elements},{self.of}"

    @property
    def kind(self) -> tuple[str, str]:
        """What is compared: without how many elements, which a verdict's luck may change."""
        return self.what, str(self.step)

    @property
    def comma(self) -> str:
        """After words that are a clause."""
        return "," if self.what in (OutcomeKind.exploded, OutcomeKind.still) else ""

    def words(self, *, since: bool = True) -> str:
        """The kind in words; ``since``: with the step from which on it shows."""
        step = f"{self.comma} since step {self.step}" if self.step and since else ""
        return f"{WORDS[self.what]}{step}"

    def __str__(self) -> str:
        comma = "" if self.step else self.comma
        return f"{self.words()}{comma} in {self.elements:,} of {self.of:,} elements"


@dataclass(frozen=True)
class Lost:
    """A hyperparameter that is 0 or 1 in the format and was not written so.

    what  its name in words, and the number
    kept  what is left of it
    """

    what: str
    kept: str

    @property
    def field(self) -> str:
        """As the column ``kinds`` has it."""
        return f"{self.what}={self.kept}"

    @property
    def kind(self) -> tuple[str, str]:
        """What is compared."""
        return self.what, self.kept

    def words(self, *, since: bool = True) -> str:
        """In words."""
        return f"{self.what} is {self.kept}"

    def __str__(self) -> str:
        return self.words()


@lru_cache(maxsize=4096)
def read(field: str) -> tuple[Came | Lost, ...]:
    """What the column ``kinds`` holds."""
    return tuple(map(_read, filter(None, field.split("; "))))


def _read(text: str) -> Came | Lost:
    if found := FIELD.fullmatch(text):
        return Came(OutcomeKind(found[1]), *(int(number) for number in found.groups()[1:]))
    what, _, kept = text.rpartition("=")
    return Lost(what, kept)


def strange(field: object) -> tuple[Came | Lost, ...]:
    """What nobody wants, without what is finite; empty where there is nothing, or no record."""
    every = read(field) if known(field) and isinstance(field, str) else ()
    return tuple(item for item in every if not finite(item))


def finite(item: Came | Lost) -> bool:
    """Whether it is what one would want where no digit is promised."""
    return isinstance(item, Came) and item.what is OutcomeKind.finite


def kinds(field: object) -> frozenset[tuple[str, str]]:
    """The same, to be compared."""
    return frozenset(item.kind for item in strange(field))


def said(field: object) -> str:
    """The same in words, and ``finite`` where there is nothing."""
    return "; ".join(map(str, strange(field))) or str(OutcomeKind.finite)


def numbers(text: object) -> tuple[float, ...]:
    """The values that a cell kept."""
    return tuple(map(float, text.split())) if isinstance(text, str) else ()


def alike(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the values that two implementations gave have their leading digit in common.

    Two numbers that differ by more than half of the larger one have not.
    """
    if len(one) != len(other):  # other elements were kept, or none
        return True
    return all(map(near, one, other))


def near(a: float, b: float) -> bool:
    """Two numbers of which nobody promised a digit: the same nan or infinity, or not far apart."""
    if math.isfinite(a) and math.isfinite(b):
        return abs(a - b) <= max(abs(a), abs(b)) / 2
    return a == b or (math.isnan(a) and math.isnan(b))


def apart(a: Any, b: Any) -> str:
    """What sets two cells of one case apart, in words; empty where nothing does."""
    if not (known(a.kinds) and known(b.kinds)):
        return ""
    if kinds(a.kinds) != kinds(b.kinds):
        return f"{said(a.kinds)}, not {said(b.kinds)}"
    one, other = numbers(a.values), numbers(b.values)
    if alike(one, other):
        return ""
    pairs = ((x, y) for x, y in zip(one, other, strict=True) if not near(x, y))
    x, y = next(pairs)
    return f"{x:.6g} where no digit is promised, not {y:.6g}"


def known(field: object) -> bool:
    """Whether the run kept it; older ones did not."""
    return field != UNRECORDED and isinstance(field, str)


def lines(run: RunData) -> Iterator[str]:
    """What came out that nobody wants, against implementations' own documents: a line a kind."""
    if run.cells.empty or "kinds" not in run.cells:
        return
    cells = run.cells[(run.cells.relation == "claimed") & (run.cells["mode"] != "layout")]
    named = {
        field: sorted({item.words(since=False) for item in strange(field)})
        for field in cells.kinds.unique()
    }
    each = cells.assign(strange=cells.kinds.map(named)).explode("strange")
    for kind, group in each.dropna(subset="strange").groupby("strange", sort=False):
        names, dtypes = group.implementation.unique(), sorted(group.dtype.unique())
        more = f", … {len(names)} in all" if len(names) > NAMED else ""
        first = group.iloc[0]
        yield (
            f"{kind}: {', '.join(names[:NAMED])}{more} in {', '.join(dtypes)} [{len(group):,} "
            f"cells, first {first.regime} gradients of {first['case']}]"
        )
