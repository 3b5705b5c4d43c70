"""What came of parameters beside the verdicts, out of a run's cells: in words, and compared."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from optimizer_conformance.reports.formats import UNRECORDED
from optimizer_conformance.reports.model import RunData

FINITE = "finite where no digit is promised"
NAMED = 6  # implementations that one line names
SHOWN = 12  # lines; the cells have all
SINCE = re.compile(r",? since step \d+$")


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
    """What came out that nobody wants, against implementations' own documents: a line a kind."""
    if run.cells.empty or "outcome" not in run.cells:
        return
    cells = run.cells[(run.cells.relation == "claimed") & (run.cells["mode"] != "layout")]
    by_words = {words: sorted(map(timeless, kinds(words))) for words in cells.outcome.unique()}
    each = cells.assign(strange=cells.outcome.map(by_words)).explode("strange")
    for kind, group in each.dropna(subset="strange").groupby("strange", sort=False):
        names, dtypes = group.implementation.unique(), sorted(group.dtype.unique())
        more = f", … {len(names)} in all" if len(names) > NAMED else ""
        first = group.iloc[0]
        yield (
            f"{kind}: {', '.join(names[:NAMED])}{more} in {', '.join(dtypes)} [{len(group):,} "
            f"cells, first {first.regime} gradients of {first['case']}]"
        )


def timeless(kind: str) -> str:
    """A kind of outcome without the step from which on it shows."""
    return SINCE.sub("", kind)
