"""In which ways a run departs from what is expected: the record that a run folder keeps of each.

The gate finds them; ``footer.json`` holds them; every report shows them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from optimizer_conformance.reports.model import RunData, UnreadableRun
from optimizer_conformance.reports.verdicts import FAILS


class Kind(StrEnum):
    """How a run departs from what is expected."""

    introduced = "introduced"
    changed = "changed"
    gone = "gone"
    stale = "stale"
    overdue = "overdue"
    missing = "missing"
    interrupted = "interrupted"


# What stands before a finding's message, and what the kind means.
LABELS = {
    Kind.introduced: "deviation introduced",
    Kind.changed: "deviation changed size",
    Kind.gone: "deviation gone",
    Kind.stale: "stale expectation",
    Kind.overdue: "review due",
    Kind.missing: "incomplete",
    Kind.interrupted: "interrupted",
}
MEANINGS = {
    Kind.introduced: "An implementation departs from its own documentation, and no expectation "
    "covers it.",
    Kind.changed: "A known deviation has another size than its expectation says.",
    Kind.gone: "An implementation agrees with its documentation where an expectation says that it "
    "deviates.",
    Kind.stale: "An expectation fits no cell of a whole run.",
    Kind.overdue: "The review date of an expectation has passed.",
    Kind.missing: "An adapter that was asked for could not run.",
    Kind.interrupted: "The run was stopped before it ended.",
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One departure.

    message   what happened and what to do next, in one line
    level     an ``error`` fails the run, a ``warning`` does not
    entry     identifier of the expectation that it is about, if any
    cells     how many cells show it
    found     smallest and largest score of those cells, in units of the bound; infinity as text
    expected  the band of the entry
    case      the first case that shows it
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
    file: str = ""
    line: int = 0


def recorded(run: RunData) -> list[Finding]:
    """What the run folder says; for a run without a footer, what its cells say."""
    if "findings" in run.footer:
        try:
            return msgspec.convert(run.footer["findings"], list[Finding])
        except msgspec.ValidationError as error:
            raise UnreadableRun(
                f"{run.folder / 'footer.json'} is damaged: {error}; run again"
            ) from error
    if run.cells.empty:
        return []
    cells = run.cells
    loud = cells[
        (cells.relation == "claimed") & cells.verdict.isin(FAILS) & (cells.expectation == "")
    ]
    keys = ["adapter", "implementation", "device", "variant", "dtype", "verdict", "why"]
    return [
        Finding(
            kind=Kind.introduced,
            message=f"{key[1]} ({key[2]}, {key[4]}) {key[5]} against {key[3]} in {len(group)} "
            f"cell{'s' * (len(group) > 1)}: {key[6]}",
            cells=len(group),
            case=group["case"].iloc[0],
            **dict(zip(keys[:-1], key, strict=False)),
        )
        for key, group in loud.groupby(keys, sort=False)
    ]
