"""The run folder: everything that one execution produced, written as it happens.

``provenance.json`` comes first, the tables of an adapter as soon as it is done, and ``footer.json``
last: without it the run is incomplete.  Files appear whole (written beside and renamed); what is
finished before its adapter is done stands in the journal (``conformance/runs/journal.py``).
``records`` says what each file holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pyarrow
import pyarrow.parquet

from optimizer_conformance.reports.names import NoPlainName, plain
from optimizer_conformance.reports.records import (
    About,
    Cell,
    Element,
    Footer,
    Provenance,
    StoredGroup,
)
from optimizer_conformance.reports.tables import table_of

TABLES = ("cells", "elements")


class RunError(Exception):
    """A run folder cannot be written or read; the message says what to do."""


class Run:
    """A run folder being written."""

    def __init__(self, folder: Path, provenance: Provenance | None = None) -> None:
        """A new run with this ``provenance``; without, the run that the folder already holds."""
        self.folder = folder
        self.adapters: dict[str, About] = {}
        self.groups: dict[str, list[StoredGroup]] = {}
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
            write_json(folder / "provenance.json", msgspec.to_builtins(provenance))
        except OSError as error:
            raise RunError(
                f"{folder} cannot be written ({error.strerror}); give another folder with --out"
            ) from error

    def add(
        self,
        adapter: str,
        about: About,
        cells: Iterable[Cell] = (),
        elements: Iterable[Element] = (),
        groups: Iterable[StoredGroup] = (),
    ) -> None:
        """Keep what is known of one adapter, its rows, and which groups its rows belong to.

        Raises RunError when they cannot be written.
        """
        try:
            write_table(table_path(self.folder, "cells", adapter), table_of(cells, Cell))
            write_table(table_path(self.folder, "elements", adapter), table_of(elements, Element))
            self.adapters[adapter] = about
            self.groups[adapter] = list(groups)
            write_json(self.folder / "groups.json", msgspec.to_builtins(self.groups))
            write_json(self.folder / "adapters.json", msgspec.to_builtins(self.adapters))
        except NoPlainName as error:
            raise RunError(f"adapter {error}") from error
        except OSError as error:
            raise self.unwritable(error) from error

    def finish(self, footer: Footer) -> None:
        """Say that the run is complete."""
        try:
            write_json(self.folder / "footer.json", msgspec.to_builtins(footer))
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


def write_table(path: Path, table: pyarrow.Table) -> None:
    """Write a whole Parquet file or none."""
    partial = path.with_suffix(".partial")
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
