"""A history of releases, for a terminal, as Markdown, as a page, and as JSON.

``timeline`` is what ``questions.history.timeline`` makes: it has ``framework``, ``versions``,
``rows``, ``changes``, ``steps`` and ``notes``.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any

from rich.console import Console

from optimizer_conformance.reports import diff, markdown
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.paragraphs import things
from optimizer_conformance.reports.text import escape

SAME = "="  # the same as in the release before


def wanted(timeline: Any, everything: bool) -> list[Any]:
    """The rows that are shown: those that change, unless all are asked for."""
    return [row for row in timeline.rows if everything or row.changes]


def brief(values: tuple[str, ...]) -> list[str]:
    """The values of a row, the same as before as a sign."""
    return [
        SAME if place and value == values[place - 1] else value
        for place, value in enumerate(values)
    ]


def subject(item: Any) -> str:
    """What a row or a change is about."""
    return f"{item.implementation} ({item.options})" if item.options else str(item.implementation)


def sections(timeline: Any) -> list[tuple[str, dict[str, int], list[tuple[str, str]]]]:
    """A section a step: its heading, its cells by status, and its changes as subject and words.

    Subjects of which the same is said stand together.
    """
    found = []
    for (before, after), step in zip(pairwise(timeline.versions), timeline.steps, strict=True):
        told: dict[str, list[str]] = {}
        own = [item for item in timeline.changes if (item.before, item.after) == (before, after)]
        for name, items in groupby(sorted(own, key=subject), key=subject):
            told.setdefault("; ".join(item.words for item in items), []).append(name)
        lines = [(", ".join(names), words) for words, names in told.items()]
        found.append((f"{timeline.framework} {before} → {after}", step.counts(), lines))
    return found


def cells(counts: dict[str, int]) -> str:
    """How many cells of each kind, in words."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no cells"


def show(timeline: Any, console: Console, *, everything: bool) -> None:
    """Print it."""
    for note in timeline.notes:
        console.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)
    for heading, counts, lines in sections(timeline):
        console.print(f"[bold]{escape(heading)}[/]: {cells(counts)}", soft_wrap=True)
        for name, words in lines:
            console.print(f"  {escape(name)}: {escape(words)}", soft_wrap=True)
        if not lines:
            console.print("  nothing")
    rows = [(subject(row), row.what, *brief(row.values)) for row in wanted(timeline, everything)]
    if rows:
        console.print("Release by release", style="bold")
        things(console, ("implementation", "what", *timeline.versions), rows)


def render(timeline: Any, *, everything: bool) -> str:
    """As Markdown."""
    parts = [f"# {timeline.framework}: {', '.join(timeline.versions)}", ""]
    parts += [f"- {markdown.cell(note)}" for note in timeline.notes]
    for heading, counts, lines in sections(timeline):
        parts += ["", f"## {heading}", "", f"Cells: {cells(counts)}."]
        if lines:
            parts += ["", markdown.table(("implementation", "what changed"), lines)]
    rows = [
        (row.implementation, row.options, row.what, *brief(row.values))
        for row in wanted(timeline, everything)
    ]
    if rows:
        header = ("implementation", "options", "what", *timeline.versions)
        parts += ["", "## Release by release", "", markdown.table(header, rows)]
    return "\n".join(parts) + "\n"


def page(timeline: Any, *, everything: bool) -> str:
    """As one HTML page that needs no network and no script."""
    return template("history.html").render(
        framework=timeline.framework,
        versions=timeline.versions,
        notes=timeline.notes,
        sections=[(heading, cells(counts), lines) for heading, counts, lines in sections(timeline)],
        rows=[
            (row, list(zip(brief(row.values), row.values, strict=True)))
            for row in wanted(timeline, everything)
        ],
        same=SAME,
    )


def content(timeline: Any) -> dict[str, Any]:
    """For JSON: every row and change, and each step cell by cell."""
    return {
        "framework": timeline.framework,
        "releases": [
            {
                "version": item.version,
                "python": item.release.python,
                "pins": item.release.pins,
                "run": str(item.run.folder),
            }
            for item in timeline.editions
        ],
        "notes": list(timeline.notes),
        "changes": [
            {
                "before": item.before,
                "after": item.after,
                "implementation": item.implementation,
                "options": item.options,
                "what": item.what,
                "words": item.words,
            }
            for item in timeline.changes
        ],
        "rows": [
            {
                "implementation": row.implementation,
                "options": row.options,
                "what": row.what,
                "values": dict(zip(timeline.versions, row.values, strict=True)),
            }
            for row in timeline.rows
        ],
        "steps": [
            {"before": before, "after": after, **diff.content(step, "implementation")}
            for (before, after), step in zip(
                pairwise(timeline.versions), timeline.steps, strict=True
            )
        ],
    }
