"""Measurements as tables: a table a group."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer_conformance.questions.bench.measure import Measure
from optimizer_conformance.questions.bench.record import Measurements
from optimizer_conformance.reports import sheets
from optimizer_conformance.reports.sheets import Sheet

HEADER = ("what", "size", "median", "times", "beside", "±", "aim")
WORDS = """What the tool's own work costs, as `conformance bench` (`nox -s bench`) measures it.

*median* is of several measurements; *times* says how many times as long that is as what stands
*beside* it, timed in turn in the same run; *±* is half the distance of the quartiles. An *aim* is
the most that *times* is meant to be, or where there is none, the median. Times are this machine's:
{machine}. Only *times* can be held against another machine's, and CI does so:
`conformance bench --against docs/performance.json` says which of them have grown."""


def tables(measures: Sequence[Measure]) -> list[Sheet]:
    """A table a group, in the order in which they were measured."""
    groups = dict.fromkeys(measure.group for measure in measures)
    return [
        Sheet(group, "", HEADER, [row(item) for item in measures if item.group == group])
        for group in groups
    ]


def row(item: Measure) -> tuple[str, ...]:
    """One measurement."""
    return (
        item.name,
        item.size,
        f"{figure(item.value)} {item.unit}",
        "" if item.ratio is None else figure(item.ratio),
        item.beside,
        f"{item.spread:.0%}" if item.spread else "",
        "" if item.aim is None else f"{figure(item.aim)}{'' if item.met else ': missed'}",
    )


def figure(value: float) -> str:
    """Three digits, and no exponent where there are more."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def markdown(kept: Measurements) -> str:
    """The page of the documentation."""
    on = kept.machine
    machine = f"{on.processor}, {on.cores} cores, {on.memory} GB, {on.system}, Python {on.python}"
    words = WORDS.format(machine=f"{machine}, NumPy {on.numpy}")
    return sheets.markdown("Performance", words, tables(kept.measures))
