"""The table of faults: what was broken, and which claims noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from optimizer_conformance.questions.verify.faults.campaign import Noticed
from optimizer_conformance.reports.markdown import table

WORDS = {
    "verdict": "by a verdict",
    "value": "by a kept value",
    "equivalent": "equivalent",
    "unnoticed": "unnoticed",
}


def content(found: Iterable[Noticed]) -> list[dict[str, Any]]:
    """A row a fault."""
    return [
        {
            "subject": item.subject,
            "fault": item.breaks,
            "status": item.status,
            "claims": item.by_verdict or item.by_value,
        }
        for item in found
    ]


def totals(rows: list[dict[str, Any]], about: str) -> tuple[Any, ...]:
    """How many faults there are, and how many were noticed in which way."""
    counts = Counter(row["status"] for row in rows)
    return (about, len(rows), *(counts[status] for status in WORDS))


HEADS = ("what is changed", "faults", *(f"noticed {word}" for word in list(WORDS.values())[:2]),
         *list(WORDS.values())[2:])  # fmt: skip


def markdown(parts: dict[str, list[dict[str, Any]]]) -> str:
    """The page: totals, then a row a fault."""
    lines = ["# Do the claims notice?", ""]
    lines.append(table(HEADS, [totals(rows, about) for about, rows in parts.items()]))
    for about, rows in parts.items():
        lines += ["", f"## {about}", ""]
        cells = (
            (row["subject"], row["fault"], WORDS[row["status"]], ", ".join(row["claims"]))
            for row in rows
        )
        lines.append(table(("of", "fault", "noticed", "by the claims"), cells))
    return "\n".join(lines) + "\n"
