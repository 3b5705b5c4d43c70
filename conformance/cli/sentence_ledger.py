"""``conformance verify --sentences``: which sentences of a document became claims."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import msgspec
from rich import box
from rich.padding import Padding
from rich.table import Column, Table

from optimizer_conformance.cli.console import UsageError, console, errors, plainly, print_json
from optimizer_conformance.questions.power.paging import BEGIN, END, marked, write
from optimizer_conformance.questions.verify import sentences
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Document
from optimizer_conformance.questions.verify.page import figures
from optimizer_conformance.questions.verify.sentences import Coverage
from optimizer_conformance.reports.text import escape

COUNTED = ("all", "claims", "none", "open")


def show(documents: list[Document], texts: Path | None, *, as_json: bool) -> int:
    """Print the ledger; 1 where a text has a sentence that is no claim and has no reason."""
    if texts is not None and not texts.is_dir():
        raise UsageError(f"{texts} is no folder; --texts takes one with NAME.txt for a document")
    rows: list[Coverage] = []
    with Context(say=lambda line: None if as_json else plainly(line)) as context:
        for document in documents:
            text = sentences.text(document, context, texts)
            rows += sentences.coverage(document, text)
    if as_json:
        print_json([msgspec.to_builtins(row) for row in rows])
    else:
        printed(rows)
    return int(any(row.new for row in rows))


def put(page: Path, *, by_sentence: bool) -> int:
    """Write every document's counts between the marks of a page."""
    if not by_sentence:
        raise UsageError("--page goes with --sentences")
    if not marked(page):
        raise UsageError(f"{page} is no page with {BEGIN} and {END} in it")
    write(page, figures())
    plainly(f"wrote {page}")
    return 0


def printed(rows: list[Coverage]) -> None:
    """A line a document, a line a section that has sentences, and every new sentence."""
    by_document = defaultdict(list)
    for row in rows:
        by_document[row.document].append(row)
    numbers = (Column(name, justify="right") for name in COUNTED)
    table = Table(Column("sentences of", min_width=22), *numbers, "text", box=box.SIMPLE)
    for name, sections in by_document.items():
        table.add_row(f"[bold]{name}[/]", *counts(sections), compared(sections))
        above: list[str] = []
        for row in sections:
            if row.claimed + row.stated + row.open + row.gone or row.new:
                *parents, last = row.section.split(" > ")
                for depth, parent in enumerate(parents):
                    if above[: depth + 1] != parents[: depth + 1]:
                        table.add_row(heading(parent, depth))
                above = [*parents, last]
                table.add_row(heading(last, len(parents)), *counts([row]), compared([row]))
    console.print(table)
    if not all(row.checked for row in rows):
        console.print("–: no text is there to compare with; --texts names a folder of texts")
    for row in rows:
        for sentence in row.new:
            errors.print(f"[red]uncovered:[/] {row.document}: {escape(sentence)}")


def heading(text: str, depth: int) -> Padding:
    """One part of a section's heading, as deep as it stands."""
    return Padding(escape(text), (0, 0, 0, 2 * depth + 2))


def counts(rows: list[Coverage]) -> tuple[str, ...]:
    """Sentences, and what became of them."""
    claimed, stated, open_ = (
        sum(getattr(row, name) for row in rows) for name in ("claimed", "stated", "open")
    )
    return tuple(map(str, (claimed + stated + open_, claimed, stated, open_)))


def compared(rows: list[Coverage]) -> str:
    """What the text says, where it is there."""
    if not any(row.checked for row in rows):
        return "–"
    new, gone = sum(len(row.new) for row in rows), sum(row.gone for row in rows)
    return "[green]100 %[/]" if not (new or gone) else f"[red]{new} new, {gone} gone[/]"
