"""``conformance power --situations``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from optimizer_conformance.cli.console import console, errors, print_json
from optimizer_conformance.questions.power import paging
from optimizer_conformance.questions.power.situated import (
    TARGETS,
    SituatedOutcome,
    blamed,
    conduct,
    rows,
)
from optimizer_conformance.workers import environments


def measure(*, quick: bool, as_json: bool, page: Path | None) -> int:
    """Measure every cell; the exit code is 1 where one is missed or the right one is blamed."""
    environment = environments.locate("torch")
    targets = [name for name in TARGETS if name == "function" or environment.complete]
    outcomes: list[SituatedOutcome] = []
    alarms: list[str] = []
    with errors.status("…") as status:
        for target in targets:
            status.update(f"{target}: the right one")
            alarms += blamed(target, environment.python)
            for outcome in conduct(target, environment.python, quick=quick):
                status.update(f"{target}: {outcome.fault} {outcome.way}")
                outcomes.append(outcome)
    if page is not None:
        paging.write(page, markdown(outcomes, alarms))
    if as_json:
        print_json({"cells": [asdict(item) for item in outcomes], "alarms": alarms})
    else:
        show(outcomes, alarms)
    return 1 if alarms or any(not item.told for item in outcomes) else 0


def show(outcomes: Iterable[SituatedOutcome], alarms: Iterable[str]) -> None:
    """A row a situation."""
    found = list(outcomes)
    table = Table("situation", "target", "cells", "told", "seconds", title="Power over situations")
    for row in rows(found):
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    for item in found:
        if not item.told:
            console.print(f"missed: {item.target}, {item.fault} {item.way}", soft_wrap=True)
    for text in alarms:
        console.print(f"the right one is blamed: {text}", soft_wrap=True)


def markdown(outcomes: Iterable[SituatedOutcome], alarms: Iterable[str]) -> str:
    """The same as a page has it."""
    found = list(outcomes)
    head = ["| situation | target | cells | told | seconds |", "|---|---|---:|---:|---:|"]
    lines = [f"| {' | '.join(str(value) for value in row.values())} |" for row in rows(found)]
    missed = [f"- missed: {i.target}, {i.fault} {i.way}" for i in found if not i.told]
    blame = [f"- the right one is blamed: {text}" for text in alarms]
    told = sum(bool(item.told) for item in found)
    total = [f"{told:,} of {len(found):,} cells are told; false alarms: {len(blame)}.", ""]
    return "\n".join([*total, *head, *lines, *([""] if missed or blame else []), *missed, *blame])
