"""``conformance power claims``: do the claims notice when what they speak of changes?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from optimizer_conformance.cli.console import console, errors, print_json
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.verify.faults import (
    answers,
    campaign,
    figures,
    report,
    rules,
)
from optimizer_conformance.reports.text import escape

# What is changed, and who goes through the faults of it.
PARTS = {
    "MATLAB's functions in Python": campaign.matlab,
    "the rule that a claim speaks of": rules.replaced,
    "answers of the probed frameworks": answers.frameworks,
    "figures that a claim computes": figures.changed,
}


SENTENCES = ("document", "sentences", "noticed", "idle", "whole")


def measure(*, out: Path | None, as_json: bool) -> int:
    """Go through every fault, show the table, and return 1 where one is unnoticed."""
    parts = {about: report.content(found(about)) for about in PARTS}
    rows = [row for part in parts.values() for row in part]
    if out is not None:
        write(out, report.markdown(parts).encode())
    told = report.by_sentence(parts)
    if as_json:
        print_json({"faults": parts, "sentences": told})
    else:
        show(parts, told)
    unnoticed = any(row["status"] == "unnoticed" for row in rows)
    return int(unnoticed or any(row["status"] == report.WHOLE for row in told))


def found(about: str) -> list[campaign.Noticed]:
    """One part, with a bar on a terminal."""
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )
    with bar:
        task = bar.add_task(about, total=None)
        return list(
            PARTS[about](
                lambda done, total, what: bar.update(
                    task, completed=done, total=total, description=what
                )
            )
        )


def numbers(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A name and counts of it; names are typed again, so they stand whole."""
    first, *others = heads
    columns = [Column(head, justify="right") for head in others]
    table = Table(Column(first, no_wrap=True), *columns, box=box.SIMPLE)
    for row in rows:
        table.add_row(*map(str, row))
    return table


def show(parts: dict[str, list[dict[str, Any]]], told: list[dict[str, Any]]) -> None:
    """Totals of faults and of sentences; every fault unnoticed, every sentence never broken."""
    for about, rows in parts.items():
        _, faults, *found = report.totals(rows, about)
        kinds = zip(report.HEADS[2:], found, strict=True)
        words = ", ".join(f"{count} {kind}" for kind, count in kinds if count)
        console.print(f"{escape(about)}: {faults} faults, {words}")
    console.print(numbers(SENTENCES, report.of_documents(told)))
    console.print(
        "Sentences that are claims: noticed where a fault broke them; idle where nothing is "
        "executed for them here; whole where no fault broke them"
    )
    for about, rows in parts.items():
        for row in rows:
            if row["status"] == "unnoticed":
                text = f"{about}: {row['subject']}: {row['fault']}"
                errors.print(f"[red]unnoticed:[/] {escape(text)}")
    for row in told:
        if row["status"] == report.WHOLE:
            where = f"{row['document']}, {row['section']}, sentence {row['sentence']}"
            errors.print(
                f"[red]never broken:[/] {escape(where)}: {escape(', '.join(row['claims']))}",
            )
