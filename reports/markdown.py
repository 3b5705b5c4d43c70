"""The run as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from optimizer_conformance.reports import links, outcomes
from optimizer_conformance.reports.bearings import Bearing, bearings
from optimizer_conformance.reports.blocks import Block, Folded, Rules, blocks
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.model import RunData, compared, lacking, summary
from optimizer_conformance.reports.terminal import is_known
from optimizer_conformance.reports.text import typeset, visible
from optimizer_conformance.reports.verdicts import Conduct

MARKS = "\\`*_[]|~$"
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
LINK = re.compile(r"(?i)(:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.)")
JOINER = "\u2060"  # after an @: neither an address nor a mention, and nothing to be seen


class Markup(str):
    """Text that is Markdown already."""


def cell(text: object) -> str:
    """Text that cannot break out of a table cell or become markup, links by themselves included."""
    if isinstance(text, Markup):
        return text
    plain = visible(str(text))
    for mark in MARKS:
        plain = plain.replace(mark, "\\" + mark)
    for mark, entity in ENTITIES.items():
        plain = plain.replace(mark, entity)
    return LINK.sub(r"\\\1", plain).replace("@", "@" + JOINER)


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; contents are escaped."""
    names = list(header)
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def leading(words: str, address: str) -> Markup:
    """Words that lead into the site, where there is one."""
    target = quote(address, safe=":/#%?&=~")
    return Markup(f"[{cell(words)}](<{target}>)" if address else cell(words))


def render(run: RunData, rules: Rules | None = None) -> str:
    """The report in at most 60 lines and 20 kB; what has no room is counted, with what shows it.

    ``rules`` are those that documents state, by variant.
    """
    found = bearings(run)
    page = Page(["# Optimizer conformance", "", f"Run: {cell(provenance(run))}", ""])
    page.add(*counted(run, found))
    page.add(*findings(run))
    rows = [row(block, run) for block in blocks(found, rules or {})]
    header = ("rule", "follow", "do not follow, or not everywhere")
    page.table("Rules, and who follows them", header, rows, until=LINES - 26)
    came: list[tuple[str, ...]] = [(line,) for line in outcomes.lines(run)]
    page.table(
        "What came out beside the verdicts",
        ("implementation, dtype, what",),
        came,
        until=LINES - 14,
    )
    departures = ("where", "why", "known as", "first case")
    page.table("Departures", departures, departed(run), until=LINES - 4)
    return page.text


class Page:
    """Lines, while there is room for them."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    @property
    def text(self) -> str:
        """Everything, and how to see what was left out."""
        return "\n".join([*self.lines, "", SEE]) + "\n"

    def add(self, *lines: str) -> None:
        """Lines that are there in any case, the longest lists shortened."""
        self.lines += lines

    def table(
        self, title: str, header: tuple[str, ...], rows: list[tuple[str, ...]], *, until: int
    ) -> None:
        """As many rows of a table as end before a line: what follows needs the others."""
        if not rows:
            return
        kept = 0
        lines = ["", f"## {title}", "", *table(header, ()).splitlines()]
        for line in table(header, rows).splitlines()[2:]:
            room = len(self.lines) + len(lines) < until
            if not room or size([*self.lines, *lines, line]) > BYTES:
                break
            lines.append(line)
            kept += 1
        more = len(rows) - kept
        self.lines += lines + (["", f"… and {more} more."] if more else [])


LINES, BYTES = 60, 18_000
SEE = (
    "`conformance report RUN --format html --out DIR` shows all of it, and `conformance repro "
    "IMPLEMENTATION CASE` makes a script of a departure."
)


def size(lines: Iterable[str]) -> int:
    """Bytes of some lines."""
    return sum(len(line.encode()) + 1 for line in lines)


def counted(run: RunData, found: Iterable[Bearing]) -> list[str]:
    """How many follow, and what could not run, in one line each."""
    words = [item.conduct for item in found]
    told = [
        f"{words.count(word)} {word.said(words.count(word))}" for word in Conduct if word in words
    ]
    new = sum(item.new for item in found)
    told += [f"**{new} new**"] if new else []
    absent = [f"- {cell(who)} cannot run: {cell(why)}" for who, why in lacking(run)]
    return [" · ".join(told) or "Nothing was compared.", *([""] if absent else []), *absent[:FEW]]


FEW = 6  # findings and missing adapters on one page


def row(block: Block, run: RunData) -> tuple[str, ...]:
    """A rule, who follows it, and who does not."""
    lines = "; ".join(typeset(line) for line in block.rule.lines)
    told = f"{block.rule.title}: {lines}".removesuffix(": ")
    return (
        leading(told, links.place(run, "rule", block.rule.key)),
        named(block.of(Conduct.follows)),
        "; ".join(
            f"{line.name} {line.first.conduct.said()} {first_words(line.first)}".strip()
            for line in block.lines
            if line.first.conduct is not Conduct.follows
        ),
    )


def named(lines: list[Folded]) -> str:
    """Names, of many the first."""
    more = f" and {len(lines) - MANY} more" if len(lines) > MANY else ""
    return ", ".join(line.name for line in lines[:MANY]) + more


MANY = 12


def first_words(item: Bearing) -> str:
    """Where an implementation leaves its document, or why nothing is decided."""
    return item.why or ", ".join(lapse.where for lapse in item.lapses if lapse.where)


def departed(run: RunData) -> list[tuple[str, ...]]:
    """Each reason once, with who shows it, and the first case; what is new first."""
    matrix = compared(run)
    bad = matrix[(matrix.relation == "claimed") & (matrix.deviating > 0)]
    rows = []
    for (new, why), group in bad.groupby([bad.unexpected > 0, "why"], sort=False):
        first = group.iloc[0]
        rows.append(
            (
                not new,
                ", ".join(dict.fromkeys(group.implementation)),
                why,
                "new" if new else first.expectation,
                leading(
                    first["case"],
                    links.cell(run, first.implementation, first.device, first["case"]),
                ),
            )
        )
    return [row[1:] for row in sorted(rows, key=lambda row: row[0])]


def findings(run: RunData) -> list[str]:
    """What departs from what is expected; no lines where nothing does."""
    found = recorded(run)
    if not found:
        return []
    rows = [(item.level, LABELS[item.kind], item.message) for item in found[:FEW]]
    more = ["", f"… and {len(found) - FEW} more."] if len(found) > FEW else []
    lines = table(("level", "what", "message"), rows).splitlines()
    return ["", "## Unexpected", "", *lines, *more]


def brief(run: RunData) -> str:
    """The report in one screen, for a step summary: what is unexpected, and a line an adapter."""
    parts = ["# Optimizer conformance", "", f"Run: {cell(provenance(run))}"]
    if not run.footer:
        parts += ["", "**Incomplete**: the run was interrupted before it ended."]
    parts += findings(run) or ["", "As expected."]
    rows = summary(run)
    rows["adapter"] = rows.implementation.map(lambda name: name.partition(":")[0])
    lines = []
    for adapter, group in rows.groupby("adapter", sort=False):
        counts = group.verdict.value_counts()
        lines.append(
            (
                adapter,
                group.version.iloc[0],
                len(group),
                ", ".join(f"{count} {word}" for word, count in counts.items()),
                int(group.unexpected.sum()),
            )
        )
    header = ("adapter", "version", "implementations", "verdicts", "unexpected cells")
    parts += ["", table(header, lines)]
    return "\n".join(parts) + "\n"


def verdict(row: Any) -> str:
    """The verdict, and whether a deviation is known."""
    return f"{row.verdict} (known)" if is_known(row) else str(row.verdict)


def provenance(run: RunData) -> str:
    """Where and when, in one line."""
    about = run.provenance
    return (
        f"{about.started}, {about.platform}, Python {about.python}, "
        f"profile {about.profile}, seed {about.seed}"
    )
