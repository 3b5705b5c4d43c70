"""A run while it goes on: what its folder and its journal hold so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import pandas

from optimizer_conformance.expectations.ledger import FOLDER, ledger
from optimizer_conformance.reports import model, tables
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.records import (
    About,
    Cell,
    Described,
    Finished,
    Record,
    StoredGroup,
)
from optimizer_conformance.reports.text import visible_column
from optimizer_conformance.reports.verdicts import FAILS
from optimizer_conformance.runs import journal


def view(folder: Path, expected: Path = FOLDER) -> RunData:
    """The run as far as it is; a complete one as it is.  Raises UnreadableRun, RunError."""
    run = model.load(folder, incomplete=True)
    if run.footer:
        return run
    records, _ = journal.read(folder)
    described = {
        item.adapter: item
        for item in records
        if isinstance(item, Described) and item.adapter not in run.adapters
    }
    cells = [run.cells] if len(run.cells) else []
    for name, item in described.items():
        finished = list(finished_of(name, records))
        run.groups[name] = groups(item, finished)
        run.adapters[name] = About(description=item.description)
        cells += [frame(settled(name, item, finished, expected))] if finished else []
    whole = pandas.concat(cells, ignore_index=True) if cells else run.cells
    return replace(run, cells=whole)


def finished_of(name: str, records: Iterable[Record]) -> Iterable[Finished]:
    """What is finished of an adapter; of a group that was carried out twice, the last."""
    found = {item.key: item for item in records if isinstance(item, Finished) and item.cells}
    return (item for item in found.values() if item.adapter == name)


def groups(item: Described, finished: list[Finished]) -> list[StoredGroup]:
    """Every planned group, with what is finished of it."""
    done = {one.key: one for one in finished}
    return [
        StoredGroup(
            **msgspec.structs.asdict(outline),
            here=True,
            finished=outline.key in done,
            cells=len(done[outline.key].cells) if outline.key in done else 0,
            elements=0,
            rule=done[outline.key].rule if outline.key in done else None,
        )
        for outline in item.outlines
    ]


def settled(name: str, item: Described, finished: list[Finished], expected: Path) -> list[Cell]:
    """The cells, with which expectation covers each that deviates."""
    known = ledger(name, expected)
    known.versions = item.description.versions
    return [
        msgspec.structs.replace(cell, expectation=known.settle(cell))
        if cell.relation == "claimed" and cell.verdict in FAILS
        else cell
        for one in finished
        for cell in one.cells
    ]


def frame(cells: list[Cell]) -> pandas.DataFrame:
    """Cells as a report has them, their texts made harmless."""
    found = tables.table_of(cells, Cell).to_pandas(ignore_metadata=True)
    for name in tables.texts(Cell):
        found[name] = visible_column(found[name])
    return found
