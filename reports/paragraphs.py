"""Paragraphs for a terminal of any width, and whole lines for a pipe.

Nothing that somebody has to type again is cut: lines break between words alone.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from optimizer_conformance.reports.text import visible

MARK = re.compile("([●◐○]) ")  # what stays on the line of the name that it marks
SHORT = 34  # columns of a field that shares a line with others


class Words:
    """Where paragraphs go."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(
        self,
        text: str,
        *,
        start: str = "",
        style: str = "",
        styled: int | None = None,
        indent: int = 0,
        whole: bool = False,
    ) -> None:
        """One paragraph.

        start   what stands before its first line
        styled  how many characters of the first line have the style; all of all lines where None
        indent  of the lines after the first
        whole   it is one line, however long
        """
        lines = self.lines(visible(text), start, indent, whole=whole)
        for place, line in enumerate(lines):
            shown = Text(line)
            if styled is None:
                shown.stylize(style)
            elif not place:
                shown.stylize(style, 0, styled)
            self.console.print(shown, soft_wrap=True)

    def parts(self, start: str, texts: list[str], *, style: str, indent: int) -> None:
        """Texts behind a start, broken inside one only where it has no room on a line."""
        line, between = start, " " * bool(start.strip())
        for text in texts:
            if line.strip() and len(f"{line}{between}{text};") > self.width:
                self.say(line.strip(), style=style, start=line[: -len(line.lstrip())], indent=2)
                line, between = " " * indent, ""
            line, between = f"{line}{between}{text};", " "
        line = line.removesuffix(";")
        self.say(line.strip(), style=style, start=line[: -len(line.lstrip())], indent=indent + 2)

    def line(self, text: str) -> None:
        """A line that begins with its own indent; what does not fit stands a little further in."""
        body = text.lstrip()
        start = text[: len(text) - len(body)]
        self.say(body, start=start, indent=len(start) + 2)

    @property
    def width(self) -> float:
        """Columns that there are; any number where nobody sees them."""
        return self.console.width if self.console.is_terminal else math.inf

    def command(self, text: str) -> None:
        """A line to copy: never broken."""
        self.say(text, start="    ", style="dim", whole=True)

    def blank(self) -> None:
        """An empty line."""
        self.console.print()

    def lines(self, text: str, start: str, indent: int, *, whole: bool) -> list[str]:
        """The paragraph as lines; one where nobody sees columns."""
        if whole or not self.console.is_terminal:
            return [start + text]
        found = textwrap.wrap(
            MARK.sub("\\1\N{NO-BREAK SPACE}", text),
            width=self.console.width,
            initial_indent=start,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        return [line.replace("\N{NO-BREAK SPACE}", " ") for line in found] or [start]


Field = str | Text


def things(
    console: Console,
    header: Sequence[str],
    rows: Iterable[Sequence[Field]],
    *,
    counts: bool = False,
) -> None:
    """A table where it fits; otherwise a record a thing, and without a terminal a line of fields.

    Things of which the same is said share a record.  The first column names the thing.  Fields of
    a line are separated by tabs.  With ``counts`` all but the first are numbers.
    """
    texts = [
        [cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row] for row in rows
    ]
    words = Words(console)
    if not console.is_terminal:
        for line in ([Text(name) for name in header], *texts):
            # Past Rich, which would turn tabs into spaces.
            console.file.write("\t".join(cell.plain for cell in line) + "\n")
    elif (widths := natural(header, texts)) and sum(widths) + 3 * len(widths) <= console.width:
        others = [Column(name, justify="right" if counts else "left") for name in header[1:]]
        table = Table(header[0], *others, box=box.SIMPLE_HEAD, pad_edge=False)
        for line in texts:
            table.add_row(*line)
        console.print(table)
    else:
        for names, line in alike(texts):
            record(words, header, names, line, counts=counts)


def alike(texts: list[list[Text]]) -> list[tuple[list[str], list[Text]]]:
    """The names of the things of which the same is said, and what it is."""
    found: dict[tuple[str, ...], tuple[list[str], list[Text]]] = {}
    for line in texts:
        name, *rest = line
        key = tuple(cell.plain for cell in rest)
        found.setdefault(key, ([], line))[0].append(name.plain)
    return list(found.values())


def natural(header: Sequence[str], texts: Iterable[Sequence[Text]]) -> list[int]:
    """The width that each column would like to have."""
    return [max(map(cell_len, column)) for column in zip(header, *plain(texts), strict=True)]


def plain(texts: Iterable[Sequence[Text]]) -> list[list[str]]:
    """The same without colours."""
    return [[cell.plain for cell in line] for line in texts]


def record(
    words: Words, header: Sequence[str], names: list[str], line: Sequence[Text], *, counts: bool
) -> None:
    """A thing, or several that are alike: the names, and below them what there is to say."""
    pairs = [(name, cell) for name, cell in zip(header[1:], line[1:], strict=True) if cell.plain]
    told = ", ".join(names)
    if counts:
        numbers = ", ".join(f"{name} {cell.plain}" for name, cell in pairs)
        return words.say(f"{told}: {numbers}", style="bold", styled=len(told), indent=2)
    words.say(told, style="bold", indent=2)
    for fields in packed(pairs, words.width):
        if len(fields) == 1:
            ((said, style),) = fields
            words.say(said, start="  ", style=style, indent=4)
        else:
            parts = (Text(said, style) for said, style in fields)
            words.console.print(Text("  ") + Text("; ").join(parts), soft_wrap=True)
    return None


def packed(pairs: Iterable[tuple[str, Text]], width: float) -> list[list[tuple[str, str]]]:
    """Fields with their styles, line by line: short ones share a line as long as it has room."""
    lines: list[list[tuple[str, str]]] = []
    room = 0.0
    for name, cell in pairs:
        said = visible(f"{name}: {cell.plain}" if name else cell.plain)
        needs = cell_len(f"; {said}")
        if needs <= min(room, SHORT):
            lines[-1].append((said, str(cell.style)))
            room -= needs
        else:
            lines.append([(said, str(cell.style))])
            room = width - needs if needs <= SHORT else 0
    return lines
