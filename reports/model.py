"""A run folder as data frames: the one model that every report is made from."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas
import pyarrow
from pyarrow import parquet, types

from optimizer_conformance.reports.completeness import missing_rows, unfinished
from optimizer_conformance.reports.text import visible, visible_column, visible_content
from optimizer_conformance.reports.verdicts import FAILS, MEASURED, ORDER, Verdict, of_many

FORMATS = (1, 2)
FEATURE_ORDER = (
    "centered", "momentum", "nesterov", "amsgrad", "weight_decay", "maximize", "loss_scale",
    "centralize",
)  # fmt: skip
# The columns of reports.store.Cell that a report reads.
TEXTS = (
    "implementation", "adapter", "version", "device", "variant", "relation", "features", "dtype",
    "mode", "regime", "case", "verdict", "quantity", "element", "observed", "expected", "nearest",
    "why", "expectation",
)  # fmt: skip
NUMBERS = ("score", "ulp", "divergence_score", "divergence_ulp")


def is_text(kind: Any) -> bool:
    """Whether an Arrow type holds texts."""
    return bool(types.is_string(kind) or types.is_large_string(kind))


def is_number(kind: Any) -> bool:
    """Whether an Arrow type holds numbers; gaps among them are not-a-number."""
    return bool(types.is_floating(kind))


def is_whole(kind: Any) -> bool:
    """Whether an Arrow type holds whole numbers."""
    return bool(types.is_integer(kind))


COLUMN_KINDS = {
    **dict.fromkeys(TEXTS, is_text),
    **dict.fromkeys(NUMBERS, is_number),
    "step": is_whole,
}
PLAIN = "plain"  # what a configuration without options is called


class UnreadableRun(Exception):  # noqa: N818 - named for the situation
    """A run folder cannot be reported; the message says why and what to do."""


class Provenance(msgspec.Struct):
    """What reports rely on in ``provenance.json``; further fields may stand there."""

    selection: dict[str, list[Any]] = {}
    reasons: dict[str, str] = {}
    profile: str = ""


class Seconds(msgspec.Struct):
    """Where the time went."""

    wall: float
    own: float


class Footer(msgspec.Struct):
    """What reports rely on in ``footer.json``."""

    seconds: Seconds | None = None
    cells: int = 0


class Named(msgspec.Struct):
    """What reports rely on in an implementation's description."""

    name: str
    claims: list[str]


class About(msgspec.Struct):
    """What reports rely on in an adapter's entry of ``adapters.json``."""

    failure: str | None = None
    unavailable: str | None = None
    version: str = ""
    versions: dict[str, str] = {}
    devices: dict[str, str] = {}
    flags: dict[str, Any] = {}
    implementations: list[Named] = []


@dataclass(frozen=True, eq=False)
class RunData:
    """A run as it was written.

    cells     one row a comparison, the columns of ``reports.store.Cell``
    adapters  adapter to versions, devices, implementations, or why it is unavailable
    footer    totals and times; empty for an incomplete run
    """

    folder: Path
    provenance: dict[str, Any]
    adapters: dict[str, dict[str, Any]]
    cells: pandas.DataFrame
    footer: dict[str, Any]


def load(folder: Path, *, incomplete: bool = False) -> RunData:
    """Read a run folder; one without a footer only when ``incomplete`` is true."""
    if not (folder / "provenance.json").is_file():
        raise UnreadableRun(
            f"{folder} is no run folder: it has no provenance.json; `conformance run` makes one"
        )
    provenance = read_json(folder / "provenance.json")
    if provenance.get("format") not in FORMATS:
        raise UnreadableRun(
            f"{folder} has format {provenance.get('format')!r}; this version reads "
            f"{', '.join(map(str, FORMATS))}: update optimizer-conformance"
        )
    footer = read_json(folder / "footer.json")
    adapters = read_json(folder / "adapters.json")
    if not footer and not incomplete:
        left = unfinished(provenance, adapters) or "cells may be missing"
        raise UnreadableRun(
            f"{folder} is incomplete: it has no footer.json; {left}; give --incomplete to see what "
            f"is there, or go on with it: `conformance run --resume {folder}`"
        )
    for name, content, kind in (
        ("provenance.json", provenance, Provenance),
        ("footer.json", footer, Footer),
        ("adapters.json", adapters, dict[str, About]),
    ):
        try:
            msgspec.convert(content, kind)
        except msgspec.ValidationError as error:
            raise UnreadableRun(f"{folder / name} is damaged: {error}") from error
    tables = {path.stem: read_cells(path) for path in sorted((folder / "cells").glob("*.parquet"))}
    lost = missing_rows(footer, {name: len(table) for name, table in tables.items()})
    if lost and not incomplete:
        raise UnreadableRun(f"{folder} is damaged: {lost}; give --incomplete, or run again")
    parts = [table for table in tables.values() if len(table)]
    cells = pandas.concat(parts, ignore_index=True) if parts else pandas.DataFrame()
    return RunData(folder, provenance, adapters, cells, footer)


def read_json(path: Path) -> dict[str, Any]:
    """The content of a file, as visible text; empty where there is none."""
    if not path.exists():
        return {}
    try:
        content = visible_content(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableRun(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise UnreadableRun(f"{path} is damaged: it holds no JSON object")
    return content


def read_cells(path: Path) -> pandas.DataFrame:
    """One adapter's cells, as visible text; damage is named, never passed on."""
    try:
        table = parquet.read_table(path, page_checksum_verification=True)
        # What pandas keeps in the file about itself is not needed, and need not be believed.
        cells = table.to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError) as error:
        raise UnreadableRun(f"{path} cannot be read: {visible(str(error))}") from error
    for name, kind in COLUMN_KINDS.items():
        if name not in table.column_names:
            raise UnreadableRun(f"{path} is damaged: it has no column {name!r}")
        column = table.column(name)
        if len(table) and not (kind(column.type) and (kind is is_number or not column.null_count)):
            raise UnreadableRun(f"{path} is damaged: its column {name!r} has gaps, or another type")
    for name in TEXTS if len(cells) else ():
        cells[name] = visible_column(cells[name])
    if unknown := sorted(set(cells.verdict) - set(ORDER)):
        raise UnreadableRun(f"{path} is damaged: {unknown[0]!r} is no verdict")
    return cells


def options(features: str) -> str:
    """A set of options in words."""
    if not features:
        return PLAIN
    known = {name: place for place, name in enumerate(FEATURE_ORDER)}
    names = sorted(features.split("+"), key=lambda name: known.get(name, len(known)))
    return " + ".join(name.replace("_", " ") for name in names)


def base_of(variant: str, features: str) -> str:
    """The documented variant without its options."""
    names = [name for name in FEATURE_ORDER if name in features.split("+")]
    suffix = "".join("-" + name.replace("_", "-") for name in names)
    return variant.removesuffix(suffix)


COMPARED = [
    "implementation", "adapter", "version", "device", "variant", "base", "features", "relation",
    "verdict", "score", "ulp", "cells", "range", "ill_posed", "deviating", "unexpected", "step",
    "quantity", "element", "observed", "expected", "case", "nearest", "why", "expectation",
]  # fmt: skip


@lru_cache(maxsize=4)
def compared(run: RunData) -> pandas.DataFrame:
    """One row for each implementation, set of options and variant: the whole matrix.

    Kept for the same run: a report asks more than once, and none changes it.
    """
    if run.cells.empty:
        return pandas.DataFrame(columns=COMPARED)
    keys = ["implementation", "adapter", "version", "device", "variant", "features", "relation"]
    cells = {name: run.cells[name].to_numpy() for name in run.cells.columns}
    # A thousand small data frames would take seconds; their rows' numbers do not.
    numbers = run.cells.groupby(keys, sort=False).ngroup().to_numpy()
    order = np.argsort(numbers, kind="stable")
    rows = []
    for group in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        verdicts = cells["verdict"][group]
        bad = group[np.isin(verdicts, FAILS)]
        # The first divergence of the sharpest: where an unexpected one exists, that.
        loud = bad[cells["expectation"][bad] == ""]
        shown = loud if len(loud) else bad
        measured = bad if len(bad) else group[np.isin(verdicts, MEASURED)]
        row = {name: cells[name][group[0]] for name in keys}
        row |= {
            "base": base_of(row["variant"], row["features"]),
            "verdict": str(of_many(verdicts)),
            "score": float(cells["score"][measured].max()) if len(measured) else math.nan,
            "ulp": float(cells["ulp"][measured].max()) if len(measured) else math.nan,
            "cells": len(group),
            "range": int((verdicts == str(Verdict.range)).sum()),
            "ill_posed": int((verdicts == str(Verdict.ill_posed)).sum()),
            "deviating": len(bad),
            "unexpected": len(loud),
            "step": int(cells["step"][shown[0]]) if len(shown) else 0,
            "why": "; ".join(dict.fromkeys(cells["why"][shown])),
            "expectation": ", ".join(sorted(set(cells["expectation"][bad]) - {""})),
        }
        for name in ("quantity", "element", "observed", "expected", "case", "nearest"):
            row[name] = cells[name][shown[0]] if len(shown) else ""
        rows.append(row)
    return pandas.DataFrame(rows, columns=COMPARED)


def ill_posed(run: RunData) -> str:
    """How many elements are ill-posed, how ill-conditioned they are, and whether that explains it.

    Empty where there is none, or where the run was written before condition numbers were.
    """
    if "condition" not in run.cells or run.cells.empty:
        return ""
    cells = run.cells[(run.cells.relation == "claimed") & run.cells.condition.notna()]
    if cells.empty:
        return ""
    open_ = int(cells.unconfirmed.sum())
    return (
        f"{int(cells.ill_posed.sum()):,} ill-posed elements in {len(cells):,} cells, condition "
        f"numbers from {cells.condition.min():.1e}; "
        + (f"{open_:,} are not explained by theirs" if open_ else "confirmed by balls, all of them")
    )


def summary(run: RunData) -> pandas.DataFrame:
    """One row an implementation and device: does it follow what its own documentation claims?

    Columns: implementation, device, version, documented, verdict, score, ulp, options, departs,
    unexpected, also (other documented variants that it follows in every option compared).
    Adapters that could not run stand at the end with verdict ``unavailable``.
    """
    matrix = compared(run)
    rows = []
    for (name, device), group in matrix.groupby(["implementation", "device"], sort=False):
        claimed = group[group.relation == "claimed"]
        own = claimed if len(claimed) else group
        bad = own[own.deviating > 0]
        good = own[own.deviating == 0]
        rows.append(
            {
                "implementation": name,
                "device": device,
                "version": own.version.iloc[0],
                "documented": ", ".join(dict.fromkeys(claimed.base)) or "–",
                "verdict": str(of_many(own.verdict) if len(claimed) else Verdict.undocumented),
                "score": good.score.max() if len(good) else float("nan"),
                "ulp": good.ulp.max() if len(good) else float("nan"),
                "options": [options(item) for item in own.features.drop_duplicates()],
                "departs": departures(bad),
                "unexpected": int(own.unexpected.sum()) if len(claimed) else 0,
                "also": ", ".join(followed(group)),
            }
        )
    frame = pandas.DataFrame(rows, columns=SUMMARY)
    return pandas.concat([frame, unavailable(run)], ignore_index=True) if rows else unavailable(run)


SUMMARY = [
    "implementation", "device", "version", "documented", "verdict", "score", "ulp", "options",
    "departs", "unexpected", "also",
]  # fmt: skip


def departures(bad: pandas.DataFrame) -> str:
    """Each reason once, with the options in which it shows."""
    parts = [
        f"{why} ({', '.join(options(features) for features in rows.features)})"
        for why, rows in bad.groupby("why", sort=False)
    ]
    return "; ".join(parts)


def followed(group: pandas.DataFrame) -> list[str]:
    """Documented variants, other than the claimed, that no compared case contradicts."""
    others = group[group.relation == "other"]
    kept = [base for base, rows in others.groupby("base", sort=True) if (rows.deviating == 0).all()]
    return [str(base) for base in kept]


def unavailable(run: RunData) -> pandas.DataFrame:
    """A row for each implementation (or adapter) that could not be run, with the reason."""
    rows = []
    for adapter, about in run.adapters.items():
        reason = about.get("failure") or about.get("unavailable")
        if not reason:
            continue
        names = about.get("implementations") or [{"name": adapter, "claims": []}]
        rows += [
            {
                "implementation": item["name"],
                "device": "–",
                "version": about.get("version", ""),
                "documented": ", ".join(item["claims"]) or "–",
                "verdict": str(Verdict.unavailable),
                "score": float("nan"),
                "ulp": float("nan"),
                "options": [],
                "departs": reason,
                "unexpected": 0,
                "also": "",
            }
            for item in names
        ]
    return pandas.DataFrame(rows, columns=SUMMARY)


def against(run: RunData) -> pandas.DataFrame:
    """For runs with chosen variants: each implementation against each, options with one answer
    taken together."""
    matrix = compared(run)
    keys = ["implementation", "device", "base", "relation", "verdict", "why"]
    rows = []
    for key, group in matrix.groupby(keys, sort=False):
        rows.append(
            dict(zip(keys, key, strict=True))
            | {
                "options": [options(item) for item in group.features],
                "score": group.score.max(),
                "case": next((case for case in group["case"] if case), ""),
            }
        )
    return pandas.DataFrame(rows, columns=[*keys, "options", "score", "case"])


def parquet_bytes(run: RunData) -> bytes:
    """The whole matrix as a Parquet file."""
    content: bytes = compared(run).to_parquet(index=False)
    return content


def csv(run: RunData) -> str:
    """The whole matrix as comma-separated values."""
    table = compared(run)
    for name in table.columns:
        if table[name].map(lambda value: isinstance(value, str)).all():
            table[name] = table[name].map(inert)
    text: str = table.to_csv(index=False)
    return text


FORMULAS = ("=", "+", "-", "@")  # how a formula begins in the spreadsheets at hand
NUMBER = re.compile(r"-(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|-inf|-nan", re.IGNORECASE)


def inert(text: str) -> str:
    """Text that a spreadsheet takes for text and not for a formula."""
    return "'" + text if text.startswith(FORMULAS) and not NUMBER.fullmatch(text) else text
