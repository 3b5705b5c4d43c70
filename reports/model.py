"""A run folder as data frames: the one model that every report is made from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas

from optimizer_conformance.reference import hyperparameters
from optimizer_conformance.reports import reasons as reasons_
from optimizer_conformance.reports import tables
from optimizer_conformance.reports.completeness import missing_rows, unfinished
from optimizer_conformance.reports.folder import RunFolder, UnreadableRun
from optimizer_conformance.reports.records import (
    About,
    Cell,
    Footer,
    Provenance,
    StoredGroup,
    unmade,
)
from optimizer_conformance.reports.text import inert, visible_column, visible_content
from optimizer_conformance.reports.verdicts import FAILS, MEASURED, ORDER, Verdict, of_many

SWITCHES = (
    "centered", "momentum", "nesterov", "amsgrad", "weight_decay", "maximize", "loss_scale",
    "centralize", "proximal",
)  # fmt: skip
FEATURES = tuple(dict.fromkeys((*SWITCHES, *hyperparameters.options())))  # in the variants' order
TEXTS = tables.texts(Cell)
PLAIN = "plain"  # what a configuration without options is called


@dataclass(frozen=True, eq=False)
class RunData:
    """A run as it was written, its texts made harmless.

    cells     one row a comparison, the columns of ``records.Cell``
    adapters  what each adapter is, or why it is missing
    groups    the groups of each adapter; none for a run of format 1
    footer    totals and times; None for an incomplete run
    page      address of a site of this run, into which other formats lead; empty: none is known
    parts     the runs that this one was put together from; none for a run as it was made
    """

    folder: Path
    provenance: Provenance
    adapters: dict[str, About]
    groups: dict[str, list[StoredGroup]]
    cells: pandas.DataFrame
    footer: Footer | None
    page: str = ""
    parts: tuple[RunData, ...] = ()


def load(folder: Path, *, incomplete: bool = False) -> RunData:
    """Read a run folder; one without a footer only when ``incomplete`` is true."""
    found = RunFolder(folder, visible_content)
    adapters, footer = found.adapters, found.footer
    if not footer and not incomplete:
        left = unfinished(found.provenance, adapters) or "cells may be missing"
        raise UnreadableRun(
            f"{folder} is incomplete: it has no footer.json; {left}; give --incomplete to see what "
            f"is there, or go on with it: `conformance run --resume {folder}`"
        )
    read = {path.stem: read_cells(path, older=found.older) for path in found.tables("cells")}
    lost = missing_rows(footer, {name: len(table) for name, table in read.items()})
    if lost and not incomplete:
        raise UnreadableRun(f"{folder} is damaged: {lost}; give --incomplete, or run again")
    parts = [table for table in read.values() if len(table)]
    cells = pandas.concat(parts, ignore_index=True) if parts else nothing()
    return RunData(folder, found.provenance, adapters, found.groups, cells, footer)


def nothing() -> pandas.DataFrame:
    """The cells of a run that has none: the columns are there all the same."""
    return pandas.DataFrame(columns=list(Cell.__struct_fields__))


def read_cells(path: Path, *, older: bool = False) -> pandas.DataFrame:
    """One adapter's cells, as visible text; damage is named, never passed on."""
    # What pandas keeps in the file about itself is not needed, and need not be believed.
    cells = tables.read(path, Cell, older=older).to_pandas(ignore_metadata=True)
    for name in TEXTS if len(cells) else ():
        cells[name] = visible_column(cells[name])
    if unknown := sorted(set(cells.verdict) - set(ORDER)):
        raise UnreadableRun(f"{path} is damaged: {unknown[0]!r} is no verdict")
    return cells


def options(features: str) -> str:
    """A set of options in words."""
    if not features:
        return PLAIN
    known = {name: place for place, name in enumerate(FEATURES)}
    names = sorted(features.split("+"), key=lambda name: known.get(name, len(known)))
    return " + ".join(name.replace("_", " ") for name in names)


def base_of(variant: str, features: str) -> str:
    """The documented variant without its options."""
    names = [name for name in FEATURES if name in features.split("+")]
    suffix = "".join("-" + name.replace("_", "-") for name in names)
    return variant.removesuffix(suffix)


REASON = ["why", "cause", "dtype", "regime"]
COMPARED = [
    "implementation", "adapter", "version", "device", "variant", "base", "features", "relation",
    "verdict", "score", "ulp", "cells", "range", "ill_posed", "deviating", "unexpected", "step",
    "quantity", "element", "observed", "expected", "case", "nearest", "why", "reasons",
    "expectation",
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
        said = zip(*(cells[name][shown] for name in REASON), strict=True)
        reasons = tuple(reasons_.distinct(said))
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
            "why": "; ".join(map(str, reasons)),
            "reasons": reasons,
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
    if run.cells.empty:
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


def lacking(run: RunData) -> Iterator[tuple[str, str]]:
    """Who could not run, and why: adapters of which the same is said at once."""
    alike: dict[str, list[str]] = {}
    without = [name for name, about in run.adapters.items() if about.unmade]
    for name, about in run.adapters.items():
        if about.missing:
            why = unmade(*without) if about.unmade else about.missing
            alike.setdefault(why, []).append(name)
    for why, names in alike.items():
        told = len(names) > 1 and names == without
        yield f"{len(names)} more adapters" if told else ", ".join(names), why


def unavailable(run: RunData) -> pandas.DataFrame:
    """A row for each implementation (or adapter) that could not be run, with the reason."""
    rows = []
    for adapter, about in run.adapters.items():
        if not about.missing:
            continue
        listed = about.description.implementations if about.description else []
        names = [(item.name, item.claims) for item in listed] or [(adapter, [])]
        rows += [
            {
                "implementation": name,
                "device": "–",
                "version": about.version,
                "documented": ", ".join(claims) or "–",
                "verdict": str(Verdict.unavailable),
                "score": float("nan"),
                "ulp": float("nan"),
                "options": [],
                "departs": about.missing,
                "unexpected": 0,
                "also": "",
            }
            for name, claims in names
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
    content: bytes = compared(run).drop(columns="reasons").to_parquet(index=False)
    return content


def csv(run: RunData) -> str:
    """The whole matrix as comma-separated values."""
    table = compared(run).drop(columns="reasons")
    for name in table.select_dtypes(exclude=["number", "bool"]).columns:
        table[name] = table[name].astype(object).map(inert)
    text: str = table.to_csv(index=False)
    return text
