"""The run folder: everything that one execution produced, written as it happens.

``provenance.json`` comes first, the tables of an adapter as soon as it is done, and ``footer.json``
last: without it the run is incomplete.  Files appear whole (written beside and renamed); what is
finished before its adapter is done stands in the journal (``conformance/runs/journal.py``).
docs/run-folder.md describes every file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from optimizer_conformance.reports.names import NoPlainName, plain

FORMAT = 2


class RunError(Exception):
    """A run folder cannot be written or read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One row: what one parameter (regime) of one case came to against one variant.

    relation     ``claimed`` by the implementation's own documentation, or ``other``
    verdict      one of the words of docs/verdicts.md
    score, ulp   largest distance from the exact result, in units of the bound and in ulp
    counts       elements by verdict: exact … deviates
    step … ulp   of the first divergence, where there is one
    why          what explains the verdict, in words
    condition    smallest condition number among ill-posed elements, nan without any
    unconfirmed  ill-posed elements that their condition number does not account for
    bits         a hash of the parameter's bits after every step; empty where none came back
    """

    implementation: str
    adapter: str
    version: str
    device: str
    variant: str
    relation: str
    features: str
    dtype: str
    mode: str
    regime: str
    case: str
    verdict: str
    score: float
    ulp: float
    exact: int = 0
    rounding: int = 0
    representation: int = 0
    range: int = 0
    ill_posed: int = 0
    deviates: int = 0
    step: int = 0
    quantity: str = ""
    element: str = ""
    observed: str = ""
    expected: str = ""
    divergence_score: float = 0.0
    divergence_ulp: float = 0.0
    nearest: str = ""
    why: str = ""
    expectation: str = ""
    condition: float = float("nan")
    unconfirmed: int = 0
    bits: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """One row: an element of a claimed cell that deviates.

    observed, expected  the value, and the reference's, as numbers and as the bits of the case's
                        dtype, most significant first, in hexadecimal
    score, ulp          the distance in units of the bound and in ulp
    failing             how many elements of the cell deviate; only the first of them are kept
    """

    implementation: str
    device: str
    variant: str
    case: str
    regime: str
    step: int
    quantity: str
    parameter: str
    element: int
    observed: float
    expected: float
    observed_bits: str
    expected_bits: str
    score: float
    ulp: float
    failing: int


def schema(record: type[Cell | Element]) -> pyarrow.Schema:
    """The columns of a table, in order."""
    kinds = {"str": pyarrow.string(), "float": pyarrow.float64(), "int": pyarrow.int64()}
    return pyarrow.schema([(field.name, kinds[str(field.type)]) for field in fields(record)])


COLUMNS = schema(Cell)
ELEMENT_COLUMNS = schema(Element)
TABLES = ("cells", "elements")


class Run:
    """A run folder being written."""

    def __init__(self, folder: Path, provenance: dict[str, Any] | None = None) -> None:
        """A new run with this ``provenance``; without, the run that the folder already holds."""
        self.folder = folder
        self.adapters: dict[str, dict[str, Any]] = {}
        self.units: dict[str, list[dict[str, Any]]] = {}
        try:
            for name in TABLES:
                (folder / name).mkdir(parents=True, exist_ok=True)
            if provenance is None:
                return
            if (folder / "provenance.json").exists():
                raise RunError(
                    f"{folder} already holds a run; give another --out, or go on with it: "
                    f"`conformance run --resume {folder}`"
                )
            write_json(folder / "provenance.json", {"format": FORMAT, **provenance})
        except OSError as error:
            raise RunError(
                f"{folder} cannot be written ({error.strerror}); give another folder with --out"
            ) from error

    def add(
        self,
        adapter: str,
        cells: Iterable[Cell],
        about: dict[str, Any],
        elements: Iterable[Element] = (),
        units: Iterable[dict[str, Any]] = (),
    ) -> None:
        """Keep one adapter's rows, what is known of it, and which groups its rows belong to.

        Raises RunError when they cannot be written.
        """
        try:
            write_table(table_path(self.folder, "cells", adapter), cells, COLUMNS)
            write_table(table_path(self.folder, "elements", adapter), elements, ELEMENT_COLUMNS)
            self.adapters[adapter] = about
            self.units[adapter] = list(units)
            write_json(self.folder / "units.json", self.units)
            write_json(self.folder / "adapters.json", self.adapters)
        except NoPlainName as error:
            raise RunError(f"adapter {error}") from error
        except OSError as error:
            raise self.unwritable(error) from error

    def finish(self, footer: dict[str, Any]) -> None:
        """Say that the run is complete."""
        try:
            write_json(self.folder / "footer.json", footer)
        except OSError as error:
            raise self.unwritable(error) from error

    def unwritable(self, error: OSError) -> RunError:
        """What to do when the disk is full."""
        return RunError(
            f"{self.folder} cannot be written ({error.strerror}); what was finished is kept: make "
            f"room, then `conformance run --resume {self.folder}`"
        )


def table_path(folder: Path, table: str, adapter: str) -> Path:
    """Where an adapter's rows lie in a run folder.  Raises NoPlainName."""
    return folder / table / f"{plain(adapter)}.parquet"


def write_table(path: Path, rows: Iterable[Cell | Element], columns: pyarrow.Schema) -> None:
    """Write a whole Parquet file or none."""
    partial = path.with_suffix(".partial")
    table = pyarrow.Table.from_pylist([asdict(row) for row in rows], schema=columns)
    pyarrow.parquet.write_table(table, partial)
    replace(partial, path)


def write_json(path: Path, content: object) -> None:
    """Write a whole file or none."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    replace(partial, path)


def replace(partial: Path, path: Path) -> None:
    """Put a finished file in its place, on disk before it can be seen there."""
    with open(partial, "rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(partial, path)
