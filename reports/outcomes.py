"""What came of parameters beside the verdicts, out of a run's cells: in words, and compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from optimizer_conformance.reports.formats import UNRECORDED
from optimizer_conformance.reports.model import RunData

FINITE = "finite where no digit is promised"
NAMED = 6  # implementations that one line names
SHOWN = 12  # lines; the cells have all


def strange(words: object) -> str:
    """What nobody wants, without what is finite; empty where there is nothing, or no record."""
    parts = words.split("; ") if known(words) and isinstance(words, str) else []
    return "; ".join(part for part in parts if not part.startswith(FINITE))


def kinds(words: object) -> frozenset[str]:
    """The same without how many elements, which a verdict's luck may change."""
    return frozenset(
        part.partition(" in ")[0].rstrip(",") for part in strange(words).split("; ") if part
    )


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
    if known(a.outcome) and known(b.outcome) and kinds(a.outcome) != kinds(b.outcome):
        return f"{strange(a.outcome) or 'finite'}, not {strange(b.outcome) or 'finite'}"
    if not (known(a.outcome) and known(b.outcome)):
        return ""
    one, other = numbers(a.values), numbers(b.values)
    if alike(one, other):
        return ""
    pairs = ((x, y) for x, y in zip(one, other, strict=True) if not near(x, y))
    x, y = next(pairs)
    return f"{x:.6g} where no digit is promised, not {y:.6g}"


def known(words: object) -> bool:
    """Whether the run kept it; older ones did not."""
    return words != UNRECORDED and isinstance(words, str)


def lines(run: RunData) -> Iterator[str]:
    """What came out that nobody wants, of each implementation against its own documents, once."""
    if run.cells.empty or "outcome" not in run.cells:
        return
    cells = run.cells[(run.cells.relation == "claimed") & (run.cells["mode"] != "layout")]
    cells = cells.assign(strange=cells.outcome.map(strange))
    cells = cells[cells.strange != ""]
    found: dict[tuple[str, ...], list[Any]] = {}
    for (name, dtype), group in cells.groupby(["implementation", "dtype"], sort=False):
        what = dict.fromkeys(part for words in group.strange for part in sorted(kinds(words)))
        found.setdefault((dtype, *what), []).append((name, len(group), group.iloc[0]))
    for (dtype, *said), who in found.items():
        first, count = who[0][2], sum(one[1] for one in who)
        names = ", ".join(one[0] for one in who[:NAMED]) + (", …" if len(who) > NAMED else "")
        yield (
            f"{'; '.join(said)}: {names} in {dtype} [{count} cells, first {first.regime} gradients "
            f"of {first['case']}]"
        )
