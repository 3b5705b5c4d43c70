"""Findings as they are written down: a page each, with a script beside it."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = "docs/findings"  # of a checkout, and of what is installed


def pages() -> list[Path]:
    """The page of every finding that is here."""
    folders = (above / FOLDER for above in Path(__file__).resolve().parents)
    return [page for folder in folders for page in sorted(folder.glob("*.md"))]


def title(text: str) -> str:
    """The first heading."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def field(text: str, name: str) -> str:
    """``- Name: value`` at the top of a finding, in one line of a table."""
    found = re.search(rf"^- {name}: (.+(?:\n  .+)*)$", text, re.MULTILINE)
    return " ".join(found[1].split()).replace("|", "\\|") if found else ""
