"""The run as a terminal table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pandas
from rich.console import Console
from rich.table import Table

from optimizer_conformance.reports.findings import LABELS
from optimizer_conformance.reports.model import (
    RunData,
    against,
    compared,
    ill_posed,
    options,
    summary,
)
from optimizer_conformance.reports.records import Finding
from optimizer_conformance.reports.text import escape
from optimizer_conformance.reports.verdicts import DEVIATES, Tone, named

SHOWN = 20  # findings of one kind; a broken rule gives hundreds


def show(run: RunData, console: Console) -> None:
    """Print the summary, what departs, and the totals."""
    if run.provenance.selection.variants:
        show_against(run, console)
    else:
        console.print(summary_table(run))
    departures(run, console)
    totals(run, console)


def is_known(row: Any) -> bool:
    """Whether expectations cover everything in which a row of the summary deviates."""
    return bool(row.verdict == DEVIATES and row.unexpected == 0)


def coloured(verdict: str, expected: bool = False) -> str:
    """A verdict in its colour; an expected deviation is not alarming."""
    tone = Tone.warn if expected else named(verdict).meaning.tone
    return f"[{tone.terminal}]{escape(verdict)}[/]" + (" (known)" if expected else "")


def number(value: float) -> str:
    """A score or ulp in four characters or so."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.2f}" if value < 100 else f"{value:.0e}"


def summary_table(run: RunData) -> Table:
    """One line an implementation, under the adapter that drives it."""
    table = Table(title="Implementations against their own documentation", title_justify="left")
    table.add_column("implementation", overflow="fold", ratio=5)
    table.add_column("documented variant", overflow="fold", ratio=4)
    table.add_column("verdict", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("options", justify="right", no_wrap=True)
    adapter = ""
    for row in summary(run).itertuples(index=False):
        here, _, name = row.implementation.partition(":")
        if here != adapter:
            table.add_section()
            table.add_row(f"[bold]{escape(here)}[/] {escape(row.version)}")
        adapter = here
        device = "" if row.device in ("cpu", "–") else f" ({row.device})"
        table.add_row(
            escape((name or here) + device),
            escape(row.documented),
            coloured(row.verdict, is_known(row)),
            number(row.score),
            str(len(row.options)) if row.options else "–",
        )
    return table


def show_against(run: RunData, console: Console) -> None:
    """Chosen variants: who follows each, who does not, and why."""
    for variant, rows in against(run).groupby("base", sort=True):
        console.print(f"\n[bold]{escape(str(variant))}[/]")
        for (verdict, why), group in rows.groupby(["verdict", "why"], sort=False):
            console.print(f"  {coloured(str(verdict))}  {escape(str(why))}".rstrip())
            for taken, same in group.groupby(group["options"].map(", ".join), sort=False):
                names = ", ".join(dict.fromkeys(same.implementation))
                console.print(f"    {escape(names)} [dim]({escape(str(taken))})[/]")
            if case := next((case for case in group["case"] if case), ""):
                console.print(f"    [dim]first seen in --case '{escape(case)}'[/]", soft_wrap=True)


def departures(run: RunData, console: Console) -> None:
    """What deviates from its own documentation: unexpected first, then what is known."""
    matrix = compared(run)
    claimed = matrix[(matrix.relation == "claimed") & (matrix.deviating > 0)]
    for title, rows, style in (
        ("Unexpected", claimed[claimed.unexpected > 0], "red"),
        ("Known", claimed[claimed.unexpected == 0], "yellow"),
    ):
        if rows.empty:
            continue
        console.print(f"\n[bold {style}]{title} departures[/] ({len(rows)})")
        for why, group in rows.groupby("why", sort=False):
            one_departure(str(why), group, run, console)
    for adapter, about in run.adapters.items():
        if about.missing:
            console.print(f"\n[bold]{escape(adapter)}[/] unavailable: {escape(about.missing)}")


def one_departure(why: str, group: pandas.DataFrame, run: RunData, console: Console) -> None:
    """One reason, the configurations that share it, and the first case that shows it."""
    names = ", ".join(dict.fromkeys(group.implementation))
    console.print(f"  [bold]{escape(names)}[/]")
    console.print(f"    {escape(why)}")
    row: Any = next(group.itertuples(index=False))
    reasons = run.provenance.reasons
    for entry in dict.fromkeys(", ".join(group.expectation).split(", ")):
        if entry in reasons:
            console.print(f"    [dim]{escape(entry)}: {escape(reasons[entry])}[/]")
    if row.step:
        console.print(
            f"    [dim]{escape(options(row.features))}, step {row.step}, {escape(row.quantity)} of "
            f"{escape(row.element)}: {escape(row.observed)}, exact {escape(row.expected)}[/]"
        )
    if row.case:
        command = f"conformance run --implementation '{row.implementation}' --case '{row.case}'"
        console.print(f"    [dim]{escape(command)}[/]", soft_wrap=True)
        console.print(f"    [dim]{escape(reproducer(row))}[/]", soft_wrap=True)


def reproducer(row: Any) -> str:
    """The command that shrinks a deviation to a script."""
    return f"conformance repro '{row.implementation}' '{row.case}'"


def findings(found: Iterable[Finding], console: Console) -> None:
    """One line a departure from what is expected, by kind; of many, the first."""
    for kind, members in groupby(sorted(found, key=lambda item: item.kind), lambda item: item.kind):
        group = list(members)
        colour = "red" if group[0].level == "error" else "yellow"
        for finding in group[:SHOWN]:
            console.print(f"[{colour}]{LABELS[kind]}:[/] {escape(finding.message)}", soft_wrap=True)
        if len(group) > SHOWN:
            console.print(f"  … and {len(group) - SHOWN} more; `conformance report --format json`")


def totals(run: RunData, console: Console) -> None:
    """How many cells came to what, and where the time went."""
    if not run.cells.empty:
        own = run.cells[run.cells.relation == "claimed"]
        counts = (own if len(own) else run.cells).verdict.value_counts()
        words = ", ".join(f"{count:,} {escape(name)}" for name, count in counts.items())
        what = "own documentation" if len(own) else "the chosen variants"
        console.print(f"\n[bold]{int(counts.sum()):,} cells[/] against {what}: {words}")
        if note := ill_posed(run):
            console.print(note)
    if not run.footer:
        console.print("[bold red]The run is incomplete[/]: it has no footer")
        return
    if time := run.footer.seconds:
        console.print(
            f"{time.wall:.0f} s in all; this process worked {time.own:.0f} s "
            f"({100 * time.own / max(time.wall, 1e-9):.0f} %), the workers the rest"
        )
    console.print(f"Run folder: {escape(run.folder)}")
