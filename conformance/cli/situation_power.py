"""``conformance power --situations``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from optimizer_conformance.cli.console import console, errors, print_json
from optimizer_conformance.questions.power import paging
from optimizer_conformance.questions.power.measurement import Rewriting
from optimizer_conformance.questions.power.situated import (
    TARGETS,
    SituatedOutcome,
    blamed,
    conduct,
    legal,
    rows,
)
from optimizer_conformance.reports.paragraphs import things
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
        written = []
        for row in legal(quick=quick):
            status.update(f"legal ways of writing: {row.variant}, {row.dtype}, {row.style}")
            written.append(row)
    alarms += [text for row in written for text in row.alarms]
    if page is not None:
        paging.write(page, markdown(outcomes, written, alarms))
    if as_json:
        cells, ways = ([asdict(item) for item in items] for items in (outcomes, written))
        print_json({"cells": cells, "rewritings": ways, "alarms": alarms})
    else:
        show(outcomes, alarms)
        console.print(judged(written))
    return 1 if alarms or any(not item.told for item in outcomes) else 0


def show(outcomes: Iterable[SituatedOutcome], alarms: Iterable[str]) -> None:
    """A row a situation."""
    found = list(outcomes)
    header = ("situation", "target", "cells", "told", "seconds")
    things(console, header, [tuple(map(str, row.values())) for row in rows(found)])
    for item in found:
        if not item.told:
            console.print(f"missed: {item.target}, {item.fault} {item.way}")
    for text in alarms:
        console.print(f"the right one is blamed: {text}")


def judged(written: Iterable[Rewriting]) -> str:
    """How many legal rewritings were judged in situations, and how many values were blamed."""
    rows_ = list(written)
    names = ", ".join(dict.fromkeys(row.variant for row in rows_))
    many = max((row.ways for row in rows_), default=0)
    steps = sum(row.element_steps for row in rows_)
    count = sum(len(row.alarms) for row in rows_)
    return (
        f"Legal rewritings: {many} of each of {names}; {steps:,} elements judged in situations, "
        f"{count} cases blamed."
    )


def markdown(
    outcomes: Iterable[SituatedOutcome], written: Iterable[Rewriting], alarms: Iterable[str]
) -> str:
    """The same as a page has it."""
    found = list(outcomes)
    head = ["| situation | target | cells | told | seconds |", "|---|---|---:|---:|---:|"]
    lines = [f"| {' | '.join(str(value) for value in row.values())} |" for row in rows(found)]
    missed = [f"- missed: {i.target}, {i.fault} {i.way}" for i in found if not i.told]
    blame = [f"- the right one is blamed: {text}" for text in alarms]
    told = sum(bool(item.told) for item in found)
    total = [f"{told:,} of {len(found):,} cells are told; false alarms: {len(blame)}.", ""]
    total += [judged(written), ""]
    return "\n".join([*total, *head, *lines, *([""] if missed or blame else []), *missed, *blame])
