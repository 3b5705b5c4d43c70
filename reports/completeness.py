"""What a run folder lacks: adapters that are not finished, rows that are not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unfinished(provenance: Mapping[str, Any], adapters: Mapping[str, Any]) -> str:
    """Which adapters of an interrupted run are not done, in words; empty where none is known."""
    asked = provenance.get("adapters")
    names = [str(name) for name in asked] if isinstance(asked, list) else []
    left = [name for name in names if not done(adapters.get(name))]
    return f"not finished: {', '.join(left)}" if left else ""


def done(about: Any) -> bool:
    """Whether nothing more is to come of an adapter; one that could not start is done."""
    return isinstance(about, dict) and bool(about.get("complete") or about.get("failure"))


def missing_rows(footer: Mapping[str, Any], rows: Mapping[str, int]) -> str:
    """Which tables do not hold what the run ended with, in words; empty where all do.

    Runs of format 1 do not say how many rows they ended with.
    """
    ended = footer.get("rows")
    expected = ended if isinstance(ended, dict) else {}
    wrong = [
        f"cells/{name}.parquet holds {rows.get(name, 0)} of {count} rows"
        for name, count in expected.items()
        if rows.get(name, 0) != count
    ]
    return "; ".join(wrong)
