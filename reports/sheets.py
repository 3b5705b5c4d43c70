"""Tables in every format: a heading, words of explanation, a header and rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from optimizer_conformance.reports.markdown import cell, table
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.paragraphs import Words, things
from optimizer_conformance.reports.text import inert


@dataclass(frozen=True)
class Sheet:
    """One table; every entry is text, and an entry of several lines is a list of them."""

    title: str
    note: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def show(sheets: Sequence[Sheet], console: Console) -> None:
    """Print them to a terminal, without columns that are empty; names are never cut."""
    words = Words(console)
    for sheet in sheets:
        used = [
            index for index in range(len(sheet.header)) if any(row[index] for row in sheet.rows)
        ]
        if used:
            words.say(sheet.title, style="bold")
            rows = [[row[index] for index in used] for row in sheet.rows]
            things(console, [sheet.header[index] for index in used], rows)
        if sheet.note:
            words.say(sheet.note, style="dim")
        words.blank()


def markdown(title: str, words: str, sheets: Sequence[Sheet]) -> str:
    """A page; ``words`` are Markdown already."""
    parts = [f"# {title}", "", words]
    for sheet in sheets:
        parts += ["", f"## {cell(sheet.title)}", ""]
        parts += [cell(sheet.note), ""] if sheet.note else []
        parts.append(table(map(cell, sheet.header), sheet.rows))
    return "\n".join(parts) + "\n"


def html(title: str, words: str, sheets: Sequence[Sheet]) -> str:
    """A page that needs no network and no script."""
    return template("sheets.html").render(title=title, words=words, sheets=sheets)


def comma_separated(sheets: Sequence[Sheet]) -> str:
    """Every sheet, the first column its title where there are several."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for index, sheet in enumerate(sheets):
        if not index or sheet.header != sheets[index - 1].header:
            writer.writerow(map(inert, ["table", *sheet.header]))
        writer.writerows(map(inert, [sheet.title, *row]) for row in sheet.rows)
    return stream.getvalue()
