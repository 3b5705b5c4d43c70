"""The run folder: everything that one execution produced, written as it happens.

``provenance.json`` comes first, one ``cells/NAME.parquet`` an adapter as soon as it is done, and
``footer.json`` last: without it the run is incomplete.  Files appear whole (written beside and
renamed), so an interrupted run keeps what was finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas

FORMAT = 1


class RunError(Exception):
    """A run folder cannot be written or read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One row: what one parameter (regime) of one case came to against one variant.

    relation     ``claimed`` by the implementation's own documentation, or ``other``
    verdict      one of the words of design.md
    score, ulp   largest distance from the exact result, in units of the bound and in ulp
    counts       elements by verdict: exact … deviates
    step … ulp   of the first divergence, where there is one
    why          what explains the verdict, in words
    condition    smallest condition number among ill-posed elements, nan without any
    unconfirmed  ill-posed elements that their condition number does not account for
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


COLUMNS = [field.name for field in fields(Cell)]


class Run:
    """A run folder being written."""

    def __init__(self, folder: Path, provenance: dict[str, Any]) -> None:
        self.folder = folder
        self.adapters: dict[str, dict[str, Any]] = {}
        try:
            (folder / "cells").mkdir(parents=True, exist_ok=True)
            if (folder / "provenance.json").exists():
                raise RunError(f"{folder} already holds a run; give another --out")
            write_json(folder / "provenance.json", {"format": FORMAT, **provenance})
        except OSError as error:
            raise RunError(
                f"{folder} cannot be written ({error.strerror}); give another folder with --out"
            ) from error

    def add(self, adapter: str, cells: Iterable[Cell], about: dict[str, Any]) -> None:
        """Keep one adapter's cells and what is known of it."""
        frame = pandas.DataFrame([asdict(cell) for cell in cells], columns=COLUMNS)
        target = self.folder / "cells" / f"{adapter}.parquet"
        partial = target.with_suffix(".partial")
        frame.to_parquet(partial, index=False)
        os.replace(partial, target)
        self.adapters[adapter] = about
        write_json(self.folder / "adapters.json", self.adapters)

    def finish(self, footer: dict[str, Any]) -> None:
        """Say that the run is complete."""
        write_json(self.folder / "footer.json", footer)


def write_json(path: Path, content: object) -> None:
    """Write a whole file or none."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    os.replace(partial, path)
