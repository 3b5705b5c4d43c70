"""What stands on the front page: the departures of the run that the site shows, from its data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optimizer_conformance.reports.markdown import cell, table
from optimizer_conformance.reports.text import typeset

PLACE = "<!-- departures of the sample -->"
DATA = re.compile(r'SITE\.put\("run", (.*)\);\n')


def departures(docs: Path) -> str:
    """A row an implementation that leaves its document, as the sample's run found it."""
    run = sample(docs)
    if run is None:
        return ""
    words = {name: said for name, (_, said, *_) in run["words"].items()}
    rules = {rule["key"]: rule for rule in run["rules"]}
    rows = [
        (cell(row["name"]), f"`{last(rules[row['rule']])}`", told(row, words))
        for row in run["rows"]
        if row["claimed"] and row["lapses"]
    ]
    header = ("implementation", "its document", "what it does")
    lines = table(header, ()).splitlines() + ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def sample(docs: Path) -> Any:
    """What the sample's first screen shows; None where there is no sample."""
    path = docs / "sample" / "data" / "run.js"
    found = DATA.fullmatch(path.read_text(encoding="utf-8")) if path.is_file() else None
    return json.loads(found[1]) if found else None


def last(rule: Any) -> str:
    """How a rule moves the parameter."""
    return typeset(rule["text"][-1]) if rule["text"] else str(rule["title"])


def told(row: Any, words: dict[str, str]) -> str:
    """Where and how an implementation leaves its document, with links to the findings."""
    return f"{words[row['conduct']]} " + "; ".join(linked(row))


def linked(row: Any) -> Iterator[str]:
    """Each lapse once."""
    for lapse in row["lapses"]:
        said = ": ".join(filter(None, [cell(lapse["where"]), cell(lapse["sentence"])]))
        inside = lapse["link"].removeprefix("docs/")
        yield f"[{said}]({inside})" if inside != lapse["link"] else said
