"""The run for a terminal and for a pipe: a headline, then a block a rule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from pathlib import PurePath
from typing import Any

import pandas
from rich.console import Console

from optimizer_conformance.reports import outcomes
from optimizer_conformance.reports.bearings import Bearing, Lapse, bearings
from optimizer_conformance.reports.blocks import Block, Chapter, Folded, Rules, chapters
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.model import RunData, compared, ill_posed, options
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.records import Finding, Kind
from optimizer_conformance.reports.text import escape, typeset
from optimizer_conformance.reports.verdicts import DEVIATES, FAILS, Conduct, Tone, named

SHOWN = 20  # findings of one kind; a broken rule gives hundreds


def show(
    run: RunData,
    console: Console,
    *,
    rules: Rules | None = None,
    tried: Iterable[str] = (),
    long: bool = False,
) -> None:
    """Print what a run says, shortest first; with ``long`` scores, options and every case.

    ``rules`` are those that documents state, by variant: a report of a run alone knows their names.
    ``tried`` says in a line what was tried, and in one what was not.
    """
    words = Words(console)
    found = bearings(run)
    headline(run, found, words)
    new_departures(run, words)
    seen: set[str] = set()
    many = True
    for chapter in chapters(found, rules or {}):
        if many or len(chapter.blocks) > 1:
            words.blank()
        many = len(chapter.blocks) > 1
        heading(chapter, words)
        for block in chapter.blocks:
            show_block(block, chapter, words, seen, long=long)
    strange = list(outcomes.lines(run))
    for line in strange[: None if long else outcomes.SHOWN]:
        words.say(f"came out {line}", style="yellow", styled=len("came out"))
    if len(strange) > outcomes.SHOWN and not long:
        words.say(f"… and {len(strange) - outcomes.SHOWN} more; --long has all")
    if long:
        details(run, words)
    words.blank()
    for line in tried:
        words.say(line, indent=2)
    totals(run, words, long=long)


def heading(chapter: Chapter, words: Words) -> None:
    """A family with the equations that its rules share; one rule needs no heading above its own."""
    if len(chapter.blocks) > 1:
        words.say(
            f"{chapter.family}: {typeset('; '.join(chapter.common))}".rstrip(": "), style="bold"
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
            words.say(f"{len(items):>4} {conduct.said(len(items))}{told}", style=style, indent=7)
    for kind, count in others(run).items():
        words.say(f"{count:>4} × {LABELS[kind]}", style=Tone.bad.terminal, indent=7)
    lacking = {name: about.missing for name, about in run.adapters.items() if about.missing}
    for name, why in lacking.items():
        words.say(f"   – {name} cannot run: {why}", style=Tone.quiet.terminal, indent=7)


def others(run: RunData) -> dict[Kind, int]:
    """What departs from what is expected and is no deviation: how many of each kind."""
    kinds = [item.kind for item in recorded(run) if item.level == "error"]
    told = (Kind.introduced, Kind.missing)
    return {kind: kinds.count(kind) for kind in LABELS if kind in kinds and kind not in told}


def show_block(block: Block, chapter: Chapter, words: Words, seen: set[str], *, long: bool) -> None:
    """One rule: its formula, who follows it, and a sentence for who does not.

    ``seen`` are the sentences that were said before: of those the link is enough.
    """
    equations = [typeset(line) for line in chapter.own(block)]
    alone = len(chapter.blocks) == 1
    title, start = (block.rule.title, "") if alone else (block.rule.words, " ")
    colon = ":" * bool(title and equations)
    words.parts(f"{start}{title}{colon}", equations, style=Tone.note.terminal, indent=4)
    if long:
        words.say(f"stated by {', '.join(block.documents)}", style="dim", start="  ", indent=4)
    if names := [line.name for line in block.of(Conduct.follows)]:
        listed(names, f"{Conduct.follows.said(len(names))}:", Conduct.follows, words)
    for conduct in (Conduct.excepted, Conduct.another, Conduct.undecided):
        for lines in block.together(conduct):
            departing(lines, words, seen)


def listed(names: list[str], told: str, conduct: Conduct, words: Words, style: str = "") -> None:
    """A mark, words, and who it is said of."""
    words.say(
        f"{told} {', '.join(names)}",
        start=f"  {conduct.mark} ",
        style=style or conduct.tone.terminal,
        styled=len(told) + 4,
        indent=4,
    )


def departing(lines: list[Folded], words: Words, seen: set[str]) -> None:
    """Who does not follow, or not everywhere, and in a sentence what is done instead."""
    item = lines[0].first
    names = ", ".join(line.name for line in lines)
    tone = item.conduct.tone if item.new or not item.lapses else Tone.warn
    words.say(
        f"{names} {told(item, sum(len(line.members) for line in lines), seen)}",
        start=f"  {item.conduct.mark} ",
        style=tone.terminal,
        styled=4,
        indent=4,
    )


def told(item: Bearing, count: int, seen: set[str]) -> str:
    """What is said of an implementation that does not follow, or not everywhere."""
    word = item.conduct.said(count)
    if item.conduct is Conduct.undecided:
        follows = "; this is the rule that it computes" if not item.claimed and item.also else ""
        return f"{word}: {item.why}{follows}"
    parts = [lapsed(lapse, item.claimed, seen) for lapse in item.lapses]
    between = " " if item.lapses[0].where or parts[0].startswith("(") else ": "
    return f"{word}{between}{'; '.join(parts)}"


def lapsed(lapse: Lapse, claimed: bool, seen: set[str]) -> str:
    """Where and how an implementation leaves a document."""
    new = " (new)" * (claimed and not lapse.known)
    if lapse.link and lapse.sentence in seen:
        return f"{lapse.where} (see {PurePath(lapse.link).stem})".strip()
    seen.add(lapse.sentence)
    parts = [lapse.where, lapse.sentence + f" ({lapse.link})" * bool(lapse.link) + new]
    return ": ".join(filter(None, parts))


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


def new_departures(run: RunData, words: Words) -> None:
    """What nothing expects: each reason, with the commands that show its first case again."""
    rows = claimed_departures(run)
    for count, (why, group) in enumerate(rows[rows.unexpected > 0].groupby("why", sort=False)):
        if not count:
            words.blank()
            words.say("New", style="bold red")
        if count < SHOWN:
            one_departure(str(why), group, words)
        elif count == SHOWN:
            words.say("  … and more; `conformance report --format json` has all of them")


def claimed_departures(run: RunData) -> pandas.DataFrame:
    """The configurations that deviate from their own documents."""
    matrix = compared(run)
    return matrix[(matrix.relation == "claimed") & (matrix.deviating > 0)]


def one_departure(why: str, group: pandas.DataFrame, words: Words) -> None:
    """One reason, the configurations that share it, and the first case that shows it."""
    names = ", ".join(dict.fromkeys(group.implementation))
    words.say(f"{names}: {why}", start="  ", indent=4)
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
        words.command(again)
        words.command(reproducer(row))


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
    for count, (why, group) in enumerate(known.groupby("why", sort=False)):
        if not count:
            words.blank()
            words.say("Known, with the first case of each", style="bold yellow")
        one_departure(str(why), group, words)


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
    more = "" if long else f"; scores, options, cases: conformance report {run.folder} --long"
    words.say(f"Run folder: {run.folder}{more}", whole=True)


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
