"""What is wrong with an expectations file before anything is run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from optimizer_conformance.adapters.protocol import ITEM_SIZE
from optimizer_conformance.cases.case import MODES
from optimizer_conformance.cases.patterns import matches
from optimizer_conformance.expectations.ledger import Expectation, ExpectationError, Ledger, read
from optimizer_conformance.reference.variants import VARIANTS

TODO = "TODO"  # what `expectations update` writes where a person has to say something


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One problem, at a place; a ``warning`` fails nothing."""

    file: str
    line: int
    entry: str
    level: Literal["error", "warning"]
    message: str


def review(path: Path, today: date) -> list[Problem]:
    """Every problem of one file; a file that cannot be used is one problem."""
    try:
        entries = read(path)
    except ExpectationError as error:
        return [Problem(file=str(path), line=1, entry="", level="error", message=str(error))]
    ledger = Ledger(entries, path=path)
    found = []
    for entry in entries:
        file, line = ledger.place(entry.id)
        said: list[tuple[Literal["error", "warning"], str]] = [
            ("error", message) for message in errors(entry, path)
        ]
        if entry.reviewed > today:
            said.append(("error", f"was reviewed on {entry.reviewed}, which has not come yet"))
        if today > entry.due:
            message = f"was to be reviewed by {entry.due}: check the reason, then set `reviewed`"
            said.append(("warning", message))
        found += [
            Problem(file=file, line=line, entry=entry.id, level=level, message=message)
            for level, message in said
        ]
    return found


def errors(entry: Expectation, path: Path) -> Iterator[str]:
    """What makes an entry useless to a person, or unable to fit anything."""
    for name in ("reason", "link"):
        text = getattr(entry, name).strip()
        if not text or TODO in text:
            yield f"has no {name} yet: say {WANTED[name]}"
    if TODO not in entry.link and not linked(entry.link, path):
        yield (
            f"links to {entry.link!r}, which is neither an address (https://…) nor a file of this "
            "repository"
        )
    if not entry.implementation.startswith(f"{path.stem}:"):
        yield f"is about {entry.implementation!r}; here belongs what begins with '{path.stem}:'"
    for what, pattern, known in (
        ("documented variant", entry.variant, tuple(VARIANTS)),
        ("dtype", entry.dtype, tuple(ITEM_SIZE)),
        ("mode", entry.mode, tuple(MODES)),
    ):
        if not any(matches(name, pattern) for name in known):
            yield f"fits no {what}: {pattern!r}"


WANTED = {
    "reason": "what the implementation does instead, in one sentence",
    "link": "where that can be read: a finding of ours, or the upstream source or issue",
}


def linked(link: str, path: Path) -> bool:
    """Whether a link leads somewhere: an address, or a file below a folder that holds ``path``."""
    if link.startswith(("https://", "http://")):
        return " " not in link
    try:
        return any((above / link).is_file() for above in path.resolve().parents)
    except (OSError, ValueError):  # no name of a file
        return False
