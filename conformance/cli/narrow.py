"""``--help`` on narrow terminals: nothing that one has to type is cut."""

from __future__ import annotations

import shutil
from typing import Any

from rich.table import Table
from typer import rich_utils

NARROW = 72  # columns below which kinds of values leave their room to words
OPTION = 6  # columns of a table of options, of which the last but one are kinds of values


class Whole(Table):
    """Typer's table of options, in which words break where they would be cut."""

    def add_row(self, *row: Any, **more: Any) -> None:
        """Without the kind of value where there is no room for it."""
        if len(row) >= OPTION and shutil.get_terminal_size().columns < NARROW:
            row = (*row[:-2], row[-1])
        super().add_row(*row, **more)
        for column in self.columns:
            column.overflow = "fold"


def whole() -> None:
    """Typer has no setting for it."""
    vars(rich_utils)["Table"] = Whole
