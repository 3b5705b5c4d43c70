"""Pages whose tables are longer than anybody scrolls, as a page a section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LONG = ("support.md", "defaults.md", "equivalence.md")
SECTION = re.compile(r"^## (.+)$", re.M)
RELATIVE = re.compile(r"(\]\()(?!\w+:|#|/)")


def pages(docs: Path) -> Iterator[tuple[str, str]]:
    """Path and text of each section's page."""
    for name in LONG:
        text = (docs / name).read_text(encoding="utf-8")
        for title, body in sections(text):
            inside = RELATIVE.sub(r"\1../", body.strip())
            yield place(name, title), f"# {title}\n\n{inside}\n"


def index(name: str, text: str) -> str:
    """What is left of a long page: its words, and a list of its sections."""
    found = list(sections(text))
    first = text[: SECTION.search(text).start()].rstrip()  # type: ignore[union-attr]  # it has sections
    lines = [f"- [{title}]({place(name, title)})" for title, _ in found]
    return "\n".join([first, "", *lines]) + "\n"


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Title and body of each."""
    parts = SECTION.split(text)[1:]
    yield from zip(parts[::2], parts[1::2], strict=True)


def place(name: str, title: str) -> str:
    """Where a section's page stands."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{name.removesuffix('.md')}/{slug}.md"
