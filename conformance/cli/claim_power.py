"""``conformance power claims``: do the claims notice when what they speak of changes?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

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


def show(parts: dict[str, list[dict[str, Any]]], told: list[dict[str, Any]]) -> None:
    """Totals of faults and of sentences; every fault unnoticed, every sentence never broken."""
    table = Table(*report.HEADS)
    for about, rows in parts.items():
        table.add_row(*map(str, report.totals(rows, about)))
    console.print(table)
    sentences = Table(*report.SENTENCES)
    for cells in report.of_documents(told):
        sentences.add_row(*map(str, cells))
    console.print(sentences)
    for about, rows in parts.items():
        for row in rows:
            if row["status"] == "unnoticed":
                text = f"{about}: {row['subject']}: {row['fault']}"
                errors.print(f"[red]unnoticed:[/] {escape(text)}", soft_wrap=True)
    for row in told:
        if row["status"] == report.WHOLE:
            where = f"{row['document']}, {row['section']}, sentence {row['sentence']}"
            errors.print(
                f"[red]never broken:[/] {escape(where)}: {escape(', '.join(row['claims']))}",
                soft_wrap=True,
            )
