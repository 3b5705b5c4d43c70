"""Pages whose tables are longer than anybody scrolls, as a page a section or a framework."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

LONG = ("support.md", "defaults.md", "equivalence.md")
LONGEST = 160  # rows of a table that is one page; beyond it each framework has its own
FULLEST = 240  # rows of a framework's page; beyond it each of its modules has its own
COUNTED = {"✓", ""}
SECTION = re.compile(r"^## (.+)$", re.M)
RELATIVE = re.compile(r"(\]\()(?!\w+:|#|/)")
CELLS = re.compile(r"(?<!\\)\|")


def pages(docs: Path) -> Iterator[tuple[str, str]]:
    """Path and text of each section's page, then of each framework's."""
    for name in LONG:
        text = (docs / name).read_text(encoding="utf-8")
        for title, body in sections(text):
            if not is_split(body):
                yield place(name, title), page(name, text, title, body)
        for owner in frameworks(text):
            yield place(name, owner), page(name, text, owner, part(text, owner))


def index(name: str, text: str) -> str:
    """What is left of a long page: its words, a list of its sections, and what frameworks have."""
    found = list(sections(text))
    first = text[: SECTION.search(text).start()].rstrip()  # type: ignore[union-attr]  # it has sections
    lines = [f"- [{title}]({place(name, title)})" for title, body in found if not is_split(body)]
    counted = [
        f"## {title}\n\n{words(body)}\n\n{counts(name, body, frameworks(text))}"
        for title, body in found
        if is_split(body) and len(marks(rows(body))) > 1
    ]
    if counted:
        first += (
            "\n\nEach framework has a page with all of its tables; below stands how many of its "
            "implementations have what. Of all frameworks together:"
        )
    return "\n\n".join([first, "\n".join(lines), *counted]) + "\n"


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Title and body of each."""
    parts = SECTION.split(text)[1:]
    yield from zip(parts[::2], parts[1::2], strict=True)


def page(name: str, text: str, title: str, body: str) -> str:
    """A page of one folder further down, with a link to what it is a part of."""
    whole = text.split("\n", 1)[0].removeprefix("# ")
    inside = RELATIVE.sub(r"\1../", body.strip())
    return f"# {title}\n\nPart of the [{whole.lower()}](../{name}).\n\n{inside}\n"


def place(name: str, title: str) -> str:
    """Where a section's or a framework's page stands."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{name.removesuffix('.md')}/{slug}.md"


def is_split(body: str) -> bool:
    """Whether a section's implementations, or what adapters lack, are too many for a page."""
    found = table(body)
    return len(found) - 2 > LONGEST and cells(found[0])[0] in ("implementation", "adapter")


def frameworks(text: str) -> list[str]:
    """Those that have a page of their own, ``torch`` or ``tensorflow:keras``: all of them where
    some section is split."""
    names = [
        cells(line)[0] for _, body in sections(text) if is_split(body) for line in table(body)[2:]
    ]
    full = Counter(map(framework, names))
    return list(
        dict.fromkeys(
            module(name) if full[framework(name)] > FULLEST else framework(name) for name in names
        )
    )


def part(text: str, owner: str) -> str:
    """The sections that say something of a framework, with its rows and what they fill alone."""
    kept = []
    for title, body in sections(text):
        header, *others = rows(body) or [[]]
        if own := [row for row in others if belongs(row[0], owner)]:
            used = [at for at in range(len(header)) if any(row[at] for row in own)]
            lines = [[row[at] for at in used] for row in (header, *own)]
            kept.append("\n\n".join([f"## {title}", words(body), drawn(lines)]))
    return "\n\n".join(kept)


def framework(name: str) -> str:
    """Whose it is: ``torch`` of ``torch:RMSprop``."""
    return name.partition(":")[0]


def module(name: str) -> str:
    """What holds it: ``tensorflow:keras`` of ``tensorflow:keras.Adam``."""
    whose, _, rest = name.partition(":")
    first, within, _ = rest.partition(".")
    return f"{whose}:{first}" if within else whose


def belongs(name: str, owner: str) -> bool:
    """Whether a row's first cell, an implementation or an adapter, is one of an owner's."""
    return owner in (framework(name), module(name)) or name == framework(owner)


def words(body: str) -> str:
    """What is said above a section's table."""
    return body.split("\n|", 1)[0].strip()


def table(body: str) -> list[str]:
    """The lines of a section's table: its header, the line below it, rows."""
    return [line for line in body.splitlines() if line.startswith("|")]


def cells(line: str) -> list[str]:
    """What stands in each column."""
    return [text.strip() for text in CELLS.split(line)[1:-1]]


def rows(body: str) -> list[list[str]]:
    """The header and every row."""
    found = table(body)
    return [cells(line) for line in (*found[:1], *found[2:])]


def drawn(lines: list[list[str]]) -> str:
    """A table of a header and rows, as Markdown."""
    header, *others = lines
    return "\n".join(
        "| " + " | ".join(line) + " |" for line in (header, ["---"] * len(header), *others)
    )


def marks(found: list[list[str]]) -> list[int]:
    """Columns that say only whether an implementation has something."""
    header, *others = found
    return [at for at in range(len(header)) if {row[at] for row in others} <= COUNTED]


def counts(name: str, body: str, owners: list[str]) -> str:
    """A row a framework: how many implementations it has, and how many of them have what."""
    found = rows(body)
    columns = marks(found)
    header, *others = found
    lines = [["framework", "implementations", *(header[at] for at in columns)]]
    for owner in owners:
        own = [row for row in others if belongs(row[0], owner)]
        numbers = (sum(bool(row[at]) for row in own) for at in columns)
        lines.append(
            [f"[{owner}]({place(name, owner)})", str(len(own)), *(str(n or "") for n in numbers)]
        )
    return drawn(lines)
