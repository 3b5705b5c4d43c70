"""The run as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.model import RunData, compared, ill_posed, options, summary
from optimizer_conformance.reports.terminal import is_known, number
from optimizer_conformance.reports.text import visible

MARKS = "\\`*_[]|~$"
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
LINK = re.compile(r"(?i)(:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.)")
JOINER = "\u2060"  # after an @: neither an address nor a mention, and nothing to be seen


def cell(text: object) -> str:
    """Text that cannot break out of a table cell or become markup, links by themselves included."""
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


def render(run: RunData) -> str:
    """The whole report."""
    parts = ["# Optimizer conformance", "", f"Run: {cell(provenance(run))}", *findings(run)]
    if note := ill_posed(run):
        parts += ["", cell(note)]
    parts += ["", "## Implementations", ""]
    rows = summary(run)
    parts.append(
        table(
            (
                "implementation",
                "version",
                "documented variant",
                "verdict",
                "score",
                "ulp",
                "departs",
                "also follows",
            ),
            (
                (
                    row.implementation,
                    row.version,
                    row.documented,
                    verdict(row),
                    number(row.score),
                    number(row.ulp),
                    row.departs or "–",
                    row.also or "–",
                )
                for row in rows.itertuples(index=False)
            ),
        )
    )
    matrix = compared(run)
    bad = matrix[(matrix.relation == "claimed") & (matrix.deviating > 0)]
    if len(bad):
        parts += ["", "## Departures, first divergence", ""]
        parts.append(
            table(
                (
                    "implementation",
                    "options",
                    "variant",
                    "why",
                    "step",
                    "quantity",
                    "element",
                    "observed",
                    "exact",
                    "known as",
                    "case",
                ),
                (
                    (
                        row.implementation,
                        options(row.features),
                        row.variant,
                        row.why,
                        row.step,
                        row.quantity,
                        row.element,
                        row.observed,
                        row.expected,
                        row.expectation or "unexpected",
                        row.case,
                    )
                    for row in bad.itertuples(index=False)
                ),
            )
        )
        parts += ["", "`conformance repro IMPLEMENTATION CASE` makes a script of a departure."]
    return "\n".join(parts) + "\n"


def findings(run: RunData) -> list[str]:
    """What departs from what is expected; no lines where nothing does."""
    found = recorded(run)
    if not found:
        return []
    rows = ((item.level, LABELS[item.kind], item.message) for item in found)
    return ["", "## Unexpected", "", table(("level", "what", "message"), rows)]


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
