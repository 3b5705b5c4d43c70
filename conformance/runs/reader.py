"""Run folders read back group by group: to go on with a run, reuse its groups, merge shards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from optimizer_conformance.reports import tables
from optimizer_conformance.reports.folder import RunFolder, UnreadableRun
from optimizer_conformance.reports.names import NoPlainName
from optimizer_conformance.reports.records import (
    About,
    Cell,
    Element,
    Finished,
    Footer,
    Provenance,
    StoredGroup,
)
from optimizer_conformance.reports.store import RunError, table_path
from optimizer_conformance.runs import journal


@dataclass
class Stored:
    """One adapter of a run folder: ``finished`` by place in the plan."""

    about: About
    groups: list[StoredGroup] = field(default_factory=list)
    finished: dict[int, Finished] = field(default_factory=dict)


@contextmanager
def as_run_error() -> Iterator[None]:
    """What cannot be read stops a run as what cannot be written does."""
    try:
        yield
    except (UnreadableRun, NoPlainName) as error:
        raise RunError(str(error)) from error


def provenance_of(folder: Path) -> Provenance:
    """What a run folder says of its run.  Raises RunError where there is none that can be read."""
    with as_run_error():
        return RunFolder(folder).provenance


def footer_of(folder: Path) -> Footer | None:
    """What a run came to; None where it has not ended.  Raises RunError."""
    with as_run_error():
        return RunFolder(folder).footer


def adapters_of(folder: Path) -> dict[str, Stored]:
    """What the tables of a run folder hold, by adapter.

    Raises RunError for a folder of format 1, which does not say where groups begin, and for tables
    that are damaged or do not hold what ``groups.json`` says.
    """
    with as_run_error():
        found = RunFolder(folder)
        return {name: stored(found, name, about) for name, about in found.adapters.items()}


def stored(found: RunFolder, name: str, about: About) -> Stored:
    """One adapter of a run folder."""
    groups = found.groups.get(name, [])
    cells = [Cell(**row | {"expectation": ""}) for row in rows(found, "cells", name, Cell)]
    elements = [Element(**row) for row in rows(found, "elements", name, Element)]
    expected = (sum(group.cells for group in groups), sum(group.elements for group in groups))
    if expected != (len(cells), len(elements)):
        raise UnreadableRun(
            f"{found.path} is damaged: {name} has {len(cells)} cells and {len(elements)} elements, "
            f"its groups have {expected[0]} and {expected[1]}"
        )
    result, cell, element = Stored(about, groups), iter(cells), iter(elements)
    for index, group in enumerate(groups):
        own, failing = list(islice(cell, group.cells)), list(islice(element, group.elements))
        if group.finished:
            result.finished[index] = Finished(name, group.key, own, failing, rule=group.followed)
    return result


def rows(found: RunFolder, kind: str, name: str, record: tables.Row) -> list[tables.Values]:
    """The rows of one Parquet file; none where there is no file."""
    path = table_path(found.path, kind, name)
    if not path.is_file():
        return []
    return tables.values(tables.read(path, record, older=found.older))


def finished_groups(folder: Path) -> Iterator[Finished]:
    """Every finished group of a run, complete or not.  Raises RunError."""
    if provenance_of(folder).format == 1:
        raise RunError(f"{folder} was written before groups had keys; it cannot be reused")
    for adapter in adapters_of(folder).values():
        yield from adapter.finished.values()
    records, _ = journal.read(folder)
    yield from (record for record in records if isinstance(record, Finished))
