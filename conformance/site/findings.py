"""The index of findings, from the findings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from optimizer_conformance.reports.written import field, title


def pages(docs: Path) -> Iterator[tuple[str, str]]:
    """Path and Markdown."""
    lines = [
        "# Findings",
        "",
        "Where an implementation departs from its own documentation, or surprises. Each is "
        "reproduced by a script that uses that framework alone, and stands beside its page. "
        "Upstream says whether a thread of the project was found that reports it.",
        "",
        "| framework | finding | seen in | date | upstream |",
        "| --- | --- | --- | --- | --- |",
    ]
    for path in sorted((docs / "findings").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        who, _, what = title(text).partition(": ")
        seen, date, upstream = (field(text, name) for name in ("Framework", "Date", "Upstream"))
        if what.partition(" ")[0].isalpha():  # not a name in code, such as nn.Adam
            what = what[:1].upper() + what[1:]
        lines.append(f"| {who} | [{what}]({path.name}) | {seen} | {date} | {upstream} |")
    yield "findings/index.md", "\n".join(lines) + "\n"
