"""What a run folder lacks: adapters that are not finished, rows that are not there."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer_conformance.reports.records import About, Footer, Provenance


def unfinished(provenance: Provenance, adapters: Mapping[str, About]) -> str:
    """Which adapters of an interrupted run are not done, in words; empty where none is known."""
    left = [name for name in provenance.adapters if not done(adapters.get(name))]
    return f"not finished: {', '.join(left)}" if left else ""


def done(about: About | None) -> bool:
    """Whether nothing more is to come of an adapter; one that could not start is done."""
    return about is not None and bool(about.complete or about.failure)


def missing_rows(footer: Footer | None, rows: Mapping[str, int]) -> str:
    """Which tables do not hold what the run ended with, in words; empty where all do.

    Runs of format 1 do not say how many rows they ended with.
    """
    wrong = [
        f"cells/{name}.parquet holds {rows.get(name, 0)} of {count} rows"
        for name, count in (footer.rows if footer else {}).items()
        if rows.get(name, 0) != count
    ]
    return "; ".join(wrong)
