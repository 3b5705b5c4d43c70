"""Run folders read back group by group: to go on with a run, reuse its groups, merge shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.parquet

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.reports.records import Finished, Outline, Rule
from optimizer_conformance.reports.store import FORMAT, Cell, Element, RunError, table_path
from optimizer_conformance.runs import journal

DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, NotImplementedError,
    msgspec.MsgspecError, pyarrow.ArrowException,
)  # fmt: skip


class Unit(msgspec.Struct, frozen=True):
    """One planned group, as ``units.json`` keeps it."""

    implementation: str
    device: str
    features: str
    cases: int
    key: str
    here: bool
    finished: bool
    cells: int
    elements: int
    defaults: dict[str, float | bool | str | None] = {}
    rule: Rule | None = None

    @property
    def outline(self) -> Outline:
        """The group as it was planned."""
        return Outline(
            self.implementation, self.device, self.features, self.cases, self.key, self.defaults
        )


@dataclass
class Stored:
    """One adapter of a run folder: ``finished`` by place in the plan."""

    about: dict[str, Any]
    description: Description | None = None
    units: list[Unit] = field(default_factory=list)
    finished: dict[int, Finished] = field(default_factory=dict)


def provenance_of(folder: Path) -> dict[str, Any]:
    """What a run folder says of its run.  Raises RunError where there is none that can be read."""
    path = folder / "provenance.json"
    if not path.is_file():
        raise RunError(
            f"{folder} is no run folder: it has no provenance.json; `conformance run` makes one"
        )
    found = content(path)
    if found.get("format") not in (1, FORMAT):
        raise RunError(
            f"{folder} has format {found.get('format')!r}; this version reads 1 to {FORMAT}: "
            "update optimizer-conformance"
        )
    return found


def content(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no file."""
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else {}
        if not isinstance(found, dict):
            raise TypeError("it holds no JSON object")
    except DAMAGE as error:
        raise RunError(f"{path} is damaged: {error}") from error
    return found


def adapters_of(folder: Path) -> dict[str, Stored]:
    """What the tables of a run folder hold, by adapter.

    Raises RunError for a folder of format 1, which does not say where groups begin, and for tables
    that are damaged or do not hold what ``units.json`` says.
    """
    about, units = content(folder / "adapters.json"), content(folder / "units.json")
    try:
        return {name: stored(folder, name, about[name], units.get(name, [])) for name in about}
    except DAMAGE as error:
        raise RunError(f"{folder} is damaged ({type(error).__name__}: {error})") from error


def stored(folder: Path, name: str, about: dict[str, Any], listed: list[Any]) -> Stored:
    """One adapter of a run folder."""
    units = msgspec.convert(listed, list[Unit])
    description = about.get("description")
    found = Stored(about, msgspec.convert(description, Description) if description else None, units)
    cells = [Cell(**{**row, "expectation": ""}) for row in table(table_path(folder, "cells", name))]
    elements = [Element(**row) for row in table(table_path(folder, "elements", name))]
    expected = (sum(unit.cells for unit in units), sum(unit.elements for unit in units))
    if expected != (len(cells), len(elements)):
        raise ValueError(
            f"{name}: {len(cells)} cells and {len(elements)} elements, and units.json says "
            f"{expected[0]} and {expected[1]}"
        )
    for index, unit in enumerate(units):
        own, cells = cells[: unit.cells], cells[unit.cells :]
        failing, elements = elements[: unit.elements], elements[unit.elements :]
        if unit.finished:
            found.finished[index] = Finished(name, unit.key, own, failing, rule=unit.rule)
    return found


def table(path: Path) -> list[dict[str, Any]]:
    """The rows of one Parquet file; none where there is no file."""
    if not path.is_file():
        return []
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def finished_groups(folder: Path) -> Iterator[Finished]:
    """Every finished group of a run, complete or not.  Raises RunError."""
    if provenance_of(folder).get("format") == 1:
        raise RunError(f"{folder} was written before groups had keys; it cannot be reused")
    for adapter in adapters_of(folder).values():
        yield from adapter.finished.values()
    records, _ = journal.read(folder)
    yield from (record for record in records if isinstance(record, Finished))
