"""In which ways a run departs from what is expected: the record that a run folder keeps of each.

The gate finds them; ``footer.json`` holds them; every report shows them.
"""

from __future__ import annotations

from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.records import Finding, Kind
from optimizer_conformance.reports.verdicts import FAILS

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


def recorded(run: RunData) -> list[Finding]:
    """What the run folder says; for a run without a footer, what its cells say."""
    if run.footer and run.footer.findings is not None:
        return list(run.footer.findings)
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
