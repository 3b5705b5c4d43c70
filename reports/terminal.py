"""The run for a terminal and for a pipe: a headline, then a block a rule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pandas
from rich.console import Console

from optimizer_conformance.reports import links, outcomes, told
from optimizer_conformance.reports.bearings import Bearing, bearings
from optimizer_conformance.reports.blocks import Chapter, Rules, chapters
from optimizer_conformance.reports.extents import EXTENTS, LINES, Extent, length, paper
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.model import RunData, compared, ill_posed, lacking, options
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.records import Finding, Kind
from optimizer_conformance.reports.text import escape
from optimizer_conformance.reports.verdicts import DEVIATES, FAILS, Conduct, Tone, named

SHOWN = 20  # findings of one kind; a broken rule gives hundreds
FEW = 5  # where there is no room for so many
FEWER = 2  # reasons of one departure; its page has all


def show(
    run: RunData,
    console: Console,
    *,
    rules: Rules | None = None,
    tried: Iterable[str] = (),
    long: bool = False,
) -> None:
    """Print what a run says, shortest first; with ``long`` scores, options and every case.

    Without it in at most some hundred lines, however much was run: the first extent that has room.
    ``rules`` are those that documents state, by variant: a report of a run alone knows their names.
    ``tried`` says in a line what was tried, and in one what was not.
    """
    stated = list(chapters(bearings(run), rules or {}))
    lines = tuple(tried)
    if long:
        return tell(run, Words(console), stated, EXTENTS[0], lines, long=True)
    for extent in EXTENTS:
        trial = paper(console)
        tell(run, Words(trial), stated, extent, lines)
        if length(trial) <= LINES or extent is EXTENTS[-1]:
            return tell(run, Words(console), stated, extent, lines)
    return None


def tell(
    run: RunData,
    words: Words,
    stated: list[Chapter],
    extent: Extent,
    tried: Iterable[str],
    *,
    long: bool = False,
) -> None:
    """Everything, to some extent."""
    headline(run, bearings(run), words)
    new_departures(run, words, extent)
    told.chapters(stated, words, extent, long=long)
    came_out(run, words, extent, long=long)
    if long:
        details(run, words)
    words.blank()
    for line in tried:
        words.say(line, indent=2)
    totals(run, words, long=long)


def came_out(run: RunData, words: Words, extent: Extent, *, long: bool) -> None:
    """What nobody wants of an optimizer, though no document is contradicted by it."""
    strange = list(outcomes.lines(run))
    shown = None if long else outcomes.SHOWN if extent.outcomes else 0
    for line in strange[:shown]:
        words.say(f"came out {line}", style="yellow", styled=len("came out"), indent=2)
    if left := len(strange[shown:] if shown is not None else []):
        words.say(
            f"{'… and ' if shown else ''}{left} kinds of outcome that nobody wants, where no digit "
            "is promised: --long",
            style="yellow",
        )


def headline(run: RunData, found: Iterable[Bearing], words: Words) -> None:
    """How many follow, depart as known, are new, and what could not run here."""
    every = list(found)
    counts = {conduct: [item for item in every if item.conduct is conduct] for conduct in Conduct}
    ran = ", ".join(
        f"{name} {about.version}".strip()
        for name, about in sorted(run.adapters.items())
        if not about.missing
    )
    count = len({(item.implementation, item.device) for item in every})
    many = f"{count} implementation{'s' * (count != 1)}"
    words.say(f"{many} of {ran or 'no framework'}", style="bold")
    for conduct, items in counts.items():
        if items:
            new = sum(item.new for item in items)
            known = f": {new} of them new" if new else ": all of it known"
            told = known if any(item.lapses and item.claimed for item in items) else ""
            style = (conduct.tone if new or not told else Tone.note).terminal
            said = f"{len(items):>4} {conduct.said(len(items))}{told}"
            words.say(said, start=f" {conduct.mark}", style=style, indent=9)
    for kind, count in others(run).items():
        words.say(f"{count:>4} × {LABELS[kind]}", style=Tone.bad.terminal, indent=7)
    for who, why in lacking(run):
        words.say(f"   – {who} cannot run: {why}", style=Tone.quiet.terminal, indent=7)


def others(run: RunData) -> dict[Kind, int]:
    """What departs from what is expected and is no deviation: how many of each kind."""
    kinds = [item.kind for item in recorded(run) if item.level == "error"]
    told = (Kind.introduced, Kind.missing)
    return {kind: kinds.count(kind) for kind in LABELS if kind in kinds and kind not in told}


def is_known(row: Any) -> bool:
    """Whether expectations cover everything in which a row of the summary deviates."""
    return bool(row.verdict == DEVIATES and row.unexpected == 0)


def coloured(verdict: str) -> str:
    """A verdict in its colour, as Rich's markup."""
    return f"[{named(verdict).meaning.tone.terminal}]{escape(verdict)}[/]"


def number(value: float) -> str:
    """A score or ulp in four characters or so."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.2f}" if value < 100 else f"{value:.0e}"


def new_departures(run: RunData, words: Words, extent: Extent) -> None:
    """What nothing expects: each reason, with the commands that show its first case again."""
    most = SHOWN if extent.sentences else FEW
    rows = claimed_departures(run)
    for count, (_, group) in enumerate(rows[rows.unexpected > 0].groupby("why", sort=False)):
        if not count:
            words.blank()
            words.say("New", style="bold red")
        if count < most:
            one_departure(group, words, run, short=not extent.equations)
        elif count == most:
            words.say("  … and more; `conformance report --format json` has all of them")


def claimed_departures(run: RunData) -> pandas.DataFrame:
    """The configurations that deviate from their own documents."""
    matrix = compared(run)
    return matrix[(matrix.relation == "claimed") & (matrix.deviating > 0)]


def one_departure(
    group: pandas.DataFrame, words: Words, run: RunData, *, short: bool = False
) -> None:
    """One reason, the configurations that share it, and the first case that shows it."""
    names = ", ".join(dict.fromkeys(group.implementation))
    reasons = list(map(str, group.reasons.iloc[0]))
    most = 1 if short else FEWER
    more = f"; and {len(reasons) - most} more like it" if len(reasons) > most else ""
    words.say(f"{names}: {'; '.join(reasons[:most])}{more}", start="  ", indent=4)
    row: Any = next(group.itertuples(index=False))
    if row.step:
        words.say(
            f"{options(row.features)}, step {row.step}, {row.quantity} of {row.element}: "
            f"{row.observed}, exact {row.expected}",
            start="    ",
            style="dim",
            indent=4,
        )
    if row.case:
        again = f"conformance run --implementation '{row.implementation}' --case '{row.case}'"
        if not short:
            words.command(again)
        words.command(reproducer(row))
        if address := links.cell(run, row.implementation, row.device, row.case):
            words.command(address)


def reproducer(row: Any) -> str:
    """The command that shrinks a deviation to a script."""
    return f"conformance repro '{row.implementation}' '{row.case}'"


def details(run: RunData, words: Words) -> None:
    """``--long``: each set of options with its verdict, score and ulp, and known departures."""
    matrix = compared(run)
    own = matrix[matrix.relation == "claimed"]
    for (name, device), group in own.groupby(["implementation", "device"], sort=False):
        words.blank()
        place = "" if device in ("cpu", "–") else f" ({device})"
        words.say(f"{name}{place}", style="bold")
        for row in group.itertuples(index=False):
            words.say(scores(row), start="  ", indent=6)
    known = claimed_departures(run)
    known = known[known.unexpected == 0]
    for count, (_, group) in enumerate(known.groupby("why", sort=False)):
        if not count:
            words.blank()
            words.say("Known, with the first case of each", style="bold yellow")
        one_departure(group, words, run)


def scores(row: Any) -> str:
    """One set of options of an implementation: what its cells came to, and how near the bound."""
    worst = number(row.score)
    measured = "" if worst == "–" else f", {worst} of the bound, {number(row.ulp)} ulp"
    return f"{options(row.features)}: {row.verdict}{measured}, {row.cells} cells ({row.variant})"


def findings(found: Iterable[Finding], console: Console) -> None:
    """One line a departure from what is expected, by kind; of many, the first."""
    for kind, members in groupby(sorted(found, key=lambda item: item.kind), lambda item: item.kind):
        group = list(members)
        colour = "red" if group[0].level == "error" else "yellow"
        for finding in group[:SHOWN]:
            console.print(f"[{colour}]{LABELS[kind]}:[/] {escape(finding.message)}", soft_wrap=True)
        if len(group) > SHOWN:
            console.print(f"  … and {len(group) - SHOWN} more; `conformance report --format json`")


def totals(run: RunData, words: Words, *, long: bool = False) -> None:
    """How much was compared, and what shows more."""
    if not run.cells.empty:
        words.say(counted(run, long=long))
    if long and (note := ill_posed(run)):
        words.say(note)
    if not run.footer:
        words.say("The run is incomplete: it has no footer", style="bold red")
        return
    if (time := run.footer.seconds) and long:
        share = 100 * time.own / max(time.wall, 1e-9)
        words.say(
            f"{time.wall:.0f} s in all; this process worked {time.own:.0f} s ({share:.0f} %), the "
            "workers the rest"
        )
    folders = " ".join(str(part.folder) for part in run.parts or (run,))
    words.say(f"Run folder: {folders}", whole=True)
    if not long:
        words.say(f"Scores, options, cases: conformance report {folders} --long", whole=True)


def counted(run: RunData, *, long: bool) -> str:
    """How many comparisons there were; with ``long`` what each came to."""
    own = run.cells[run.cells.relation == "claimed"]
    cells = own if len(own) else run.cells
    what = "their own documents" if len(own) else "the chosen documents"
    told = f"{len(cells):,} cells against {what}"
    if not long:
        bad = int(cells.verdict.isin(FAILS).sum())
        return f"{told}, {bad:,} of them outside"
    counts = cells.verdict.value_counts()
    return f"{told}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items())
