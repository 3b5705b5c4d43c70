"""The measurement as tables: terminal and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console

from optimizer_conformance.questions.power import peers
from optimizer_conformance.questions.power.analysis import Power, summary, totals
from optimizer_conformance.questions.power.measurement import (
    BELOW,
    ENDS,
    EQUIVALENT,
    KILLED,
    OPEN,
    MutantOutcome,
)
from optimizer_conformance.reports.paragraphs import Words, things

COLUMNS = ("mutants", KILLED, EQUIVALENT, BELOW, "unexplained", "element-steps", "false alarms")
SHORT = {
    "mutants": "mutants",
    KILLED: "killed",
    EQUIVALENT: "equivalent",
    BELOW: "below",
    "unexplained": "open",
    "element-steps": "element-steps",
    "false alarms": "alarms",
}
LEGEND = (
    "equivalent: proved to be the same rule. below: the exact effect is nowhere larger than what "
    "rounding may do in that dtype. open: neither. alarms: legal rewritings said to deviate. Of "
    "each peer: mutants missed, of those that are neither equivalent nor below, and how often a "
    "legal style of a rule was rejected."
)
Row = dict[str, Any]


def cells(row: Row) -> list[str]:
    """Our figures of one row."""
    return [f"{row[name]:,}" for name in COLUMNS]


def theirs(row: Row) -> list[str]:
    """Each peer's misses and rejections."""
    return [
        f"{row['missed by'].get(peer.name, 0):,} / {row['styles rejected by'].get(peer.name, 0):,}"
        for peer in peers.peers()
    ]


def show(power: Power, console: Console, *, details: bool = False) -> None:
    """Totals by dtype, each rule where ``details`` are wanted, and what is left open."""
    rows = totals(power)
    ours(rows, ("dtype",), "Verdicts", console)
    others(rows, console)
    if details:
        ours(summary(power), ("variant", "dtype"), "By rule", console)
    words = Words(console)
    words.say(LEGEND, style="dim")
    for outcome in power.unexplained:
        text = (
            f"{outcome.variant} {outcome.dtype}: {outcome.mutant} "
            f"({outcome.reason}; {outcome.score:.3g} of the bound)"
        )
        words.say(text, start="open ", style="red", styled=len("open"), indent=2)
    for item, alarm in power.alarms:
        text = f"{item.variant} {item.dtype}, {item.style}: {alarm}"
        words.say(text, start="false alarm ", style="red", styled=len("false alarm"), indent=2)


def ours(rows: list[Row], keys: tuple[str, ...], title: str, console: Console) -> None:
    """Our figures, a line a row."""
    Words(console).say(title, style="bold")
    lines = [(", ".join(str(row[key]) for key in keys), *cells(row)) for row in rows]
    things(console, (", ".join(keys), *SHORT.values()), lines, counts=True)


def others(rows: list[Row], console: Console) -> None:
    """The peers' figures, a line a peer."""
    Words(console).say("Others on the same data: missed / rejected", style="bold")
    columns = [theirs(row) for row in rows]
    lines = [
        (f"{peer.name} ({peer.version})", *(column[index] for column in columns))
        for index, peer in enumerate(peers.peers())
    ]
    things(console, ("tolerance", *(str(row["dtype"]) for row in rows)), lines, counts=True)


def markdown(power: Power) -> str:
    """The same, with every survivor, as a page."""
    return "\n".join(
        [
            *("# Power", "", LEGEND, "", "## By dtype", ""),
            *grid(totals(power), ("dtype",)),
            *("", "## By rule", ""),
            *grid(summary(power), ("variant", "dtype")),
            *("", "## Peers", "", "| peer | version | defined in |", "|---|---|---|"),
            *(f"| {p.name} | {p.version} | {p.source} |" for p in peers.peers()),
            *section(power, "Left open", lambda o: o.status in (OPEN, ENDS)),
            *section(power, "Proved equivalent", lambda o: o.status == EQUIVALENT),
            *section(power, "Below the resolution", lambda o: o.status == BELOW),
            "",
        ]
    )


def grid(rows: list[Row], keys: tuple[str, ...]) -> Iterator[str]:
    """A Markdown table of figures."""
    names = [*keys, *SHORT.values(), *(peer.name for peer in peers.peers())]
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(keys) + "---:|" * (len(names) - len(keys))
    for row in rows:
        yield f"| {' | '.join([*(row[key] for key in keys), *cells(row), *theirs(row)])} |"


def section(
    power: Power, title: str, wanted: Callable[[MutantOutcome], bool], level: int = 2
) -> Iterator[str]:
    """Survivors one by one; those of one mutant and dtype in one line."""
    found: dict[tuple[str, str, str], list[MutantOutcome]] = {}
    for outcome in power.outcomes:
        if wanted(outcome):
            found.setdefault((outcome.mutant, outcome.dtype, outcome.reason), []).append(outcome)
    yield from ("", f"{'#' * level} {title}", "")
    if not found:
        yield "None."
        return
    yield "| mutant | dtype | why | effect / bound | ulp | rules |"
    yield "|---|---|---|---:|---:|---|"
    for (mutant, dtype, reason), items in sorted(found.items()):
        score, ulp = max(o.score for o in items), max(o.ulp for o in items)
        rules = ", ".join(o.variant for o in items)
        yield f"| {mutant} | {dtype} | {reason} | {score:.3g} | {ulp:.3g} | {rules} |"
