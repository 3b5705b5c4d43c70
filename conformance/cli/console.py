"""What the commands share: consoles, suggestions, JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator
from typing import Any

import typer
from rich.console import Console
from rich.text import Text


class UsageError(Exception):
    """What was asked for does not exist or makes no sense; the message says what would."""


class Spoken(Console):
    """Sentences break between words alone on a terminal, and not at all without one."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As Rich's, but for sentences."""
        if objects and all(isinstance(item, str) for item in objects):
            text = self.render_str(" ".join(objects), markup=how.pop("markup", None))
            objects = tuple(self.broken(text))
            how.update(soft_wrap=True, sep="\n")
        super().print(*objects, **how)

    def broken(self, text: Text) -> Iterator[Text]:
        """The lines of a text; those that go on with one stand two columns further in."""
        for line in text.split(allow_blank=True):
            if not self.is_terminal or line.cell_len <= self.width:
                yield line
                continue
            indent = " " * (len(line.plain) - len(line.plain.lstrip()) + 2)
            end = 0
            for part in textwrap.wrap(
                line.plain,
                self.width,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
                expand_tabs=False,
                replace_whitespace=False,
            ):
                body = part.removeprefix(indent) if end else part
                start = line.plain.index(body, end)
                yield Text(indent if end else "") + line[start : start + len(body)]
                end = start + len(body)


# Names such as mine.py:X: hold what Rich takes for an emoji.
console = Spoken(highlight=False, emoji=False)
errors = Spoken(stderr=True, highlight=False, emoji=False)


def plainly(line: str) -> None:
    """A line beside the answer, whose brackets are no markup."""
    errors.print(line, markup=False)


def print_json(content: Any) -> None:
    """Machine-readable output: nothing but JSON on standard output."""
    typer.echo(json_text(content))


def json_text(content: Any) -> str:
    """Strict JSON: infinities as text, not-a-number as null."""
    return json.dumps(plain(content), indent=2, ensure_ascii=False, default=str)


def plain(content: Any) -> Any:
    """The same without values that JSON lacks."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple | set | frozenset):
        return [plain(value) for value in content]
    if isinstance(content, float) and math.isnan(content):
        return None
    if isinstance(content, float) and content in (float("inf"), float("-inf")):
        return "inf" if content > 0 else "-inf"
    return content
