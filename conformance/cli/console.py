"""What the commands share: consoles, suggestions, JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import typer
from rich.console import Console


class UsageError(Exception):
    """What was asked for does not exist or makes no sense; the message says what would."""


# Names such as mine.py:X: hold what Rich takes for an emoji.
console = Console(highlight=False, emoji=False)
errors = Console(stderr=True, highlight=False, emoji=False)


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
