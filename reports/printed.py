"""What a command prints, as a text: for ``print``, and for a notebook."""

from __future__ import annotations

import html
import io
from collections.abc import Callable

from rich.console import Console

WIDTH = 100  # of a terminal that nobody looks at


class PrintedAnswer:
    """An answer that prints as its command prints it."""

    def show(self, console: Console) -> None:
        """Say it there."""
        raise NotImplementedError

    def __str__(self) -> str:
        return printed(self.show)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def printed(show: Callable[[Console], None]) -> str:
    """The text of what ``show`` says on a console."""
    paper = io.StringIO()
    show(Console(file=paper, width=WIDTH, highlight=False, emoji=False, color_system=None))
    lines = paper.getvalue().strip("\n").splitlines()
    return "\n".join(line.rstrip() for line in lines)
