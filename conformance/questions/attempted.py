"""What was tried, read from what a question has kept: of a run, of a certificate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.cases.case import Case, parse
from optimizer_conformance.cases.tried import Attempts, coverage, together
from optimizer_conformance.reports.model import RunData

NARROWED = "neither this profile nor these filters ask for it"


def of_run(run: RunData) -> dict[str, Attempts]:
    """What was tried of each implementation of a run."""
    if run.cells.empty:  # no worker could be started
        return {}
    about = described(run)
    return {
        name: of_one(group, about[name])
        for name, group in run.cells.groupby("implementation", sort=False)
        if name in about
    }


def of_one(cells: pandas.DataFrame, about: Implementation) -> Attempts:
    """What was tried of an implementation: what it answered, and where it never did, and why."""
    came = cells["bits"] != ""
    asked = known(cells[came]["case"].unique())
    raised = cells[~came & ~cells["mode"].isin({case.mode for case in asked})]
    refused = dict(zip(raised["mode"], raised["why"], strict=True))
    return coverage(asked, about, refused=refused, why=NARROWED)


def described(run: RunData) -> dict[str, Implementation]:
    """What adapters say of their implementations."""
    return {
        item.name: item
        for about in run.adapters.values()
        if about.description
        for item in about.description.implementations
    }


def known(identifiers: Iterable[str]) -> list[Case]:
    """The cases that still have a meaning; those of an older run may have lost theirs."""
    found = []
    for identifier in identifiers:
        try:
            found.append(parse(identifier))
        except ValueError:
            continue
    return found


def lines(run: RunData, *, long: bool = False) -> tuple[str, ...]:
    """The two lines of a run; none where nothing was compared."""
    found = of_run(run)
    if not found:
        return ()
    every = together(found)
    return every.lines if long else every.brief


def content(run: RunData) -> dict[str, dict[str, Any]]:
    """The same of each implementation, for JSON."""
    return {name: attempts.to_dict() for name, attempts in of_run(run).items()}
