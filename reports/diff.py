"""Two runs, cell by cell: what was added, removed, changed, and what moved inside the bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy
import pandas
from rich.console import Console

from optimizer_conformance.reports import markdown, outcomes
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.model import RunData, options
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.records import Cause
from optimizer_conformance.reports.terminal import number
from optimizer_conformance.reports.verdicts import FAILS, MEASURED, ORDER

KEY = ["implementation", "device", "variant", "features", "dtype", "mode", "regime", "case"]
STATUS = ("added", "removed", "changed", "shifted", "unchanged")
BY = ("adapter", "implementation", "version", "device", "dtype", "mode")
# What two cells have to have in common to be the same; `why` is the same in words.
OUTCOME = ["relation", "verdict", "cause", "held", "rule", "step", "quantity", "element"]
GATES = ("changed", "worse", "any")
SHOWN = 40  # changes that a terminal or a page shows; JSON has all
ALL = 12  # groups that are listed, also those in which nothing changed


@dataclass(frozen=True)
class RunDifference:
    """What became of each cell.

    cells   one row a cell of either run: the key, ``status``, ``worse``, and of both runs the
            outcome, score and version with the suffixes ``_a`` and ``_b``
    suites  whether both runs were made by the same code; otherwise an identifier of a case need
            not mean the same arrays
    """

    a: RunData
    b: RunData
    cells: pandas.DataFrame
    suites: bool

    def counts(self) -> dict[str, int]:
        """How many cells have which status."""
        found = self.cells.status.value_counts()
        return {name: int(found.get(name, 0)) for name in STATUS}

    def fails(self, gate: str) -> bool:
        """Whether a gate stops it: ``changed``, only what got ``worse``, or ``any`` movement."""
        if gate == "worse":
            return bool(self.cells.worse.any())
        quiet = ["unchanged"] if gate == "any" else ["unchanged", "shifted"]
        return not self.cells.status.isin(quiet).all()


def compare(a: RunData, b: RunData, *, others: bool = False, across: str = "") -> RunDifference:
    """The difference of two runs.

    ``others`` takes in comparisons with documents that an implementation does not claim; ``across``
    ``device`` pairs cells whatever device they ran on.  Raises UnreadableRun where one run has
    several devices to pair.
    """
    key = [name for name in KEY if name != across]
    sides = []
    known = factors(a) & factors(b)
    for run, side in ((a, "_a"), (b, "_b")):
        cells = ruled(run, known)
        if cells.empty:
            cells = pandas.DataFrame({name: pandas.Series(dtype=str) for name in COLUMNS})
        if across and (cells.groupby("implementation")[across].nunique() > 1).any():
            raise UnreadableRun(f"{run.folder} holds more than one {across}: it cannot be dropped")
        cells = cells.reindex(columns=COLUMNS)
        cells["bits"] = cells.bits.fillna("")
        cells["occurrence"] = cells.groupby(key, sort=False).cumcount()
        rest = [name for name in COLUMNS if name not in key]
        sides.append(cells.rename(columns={name: name + side for name in rest}))
    both = sides[0].merge(
        sides[1], on=[*key, "occurrence"], how="outer", indicator=True, sort=False
    )
    if not others:
        both = both[(both.relation_a == "claimed") | (both.relation_b == "claimed")]
    both = both.reset_index(drop=True)
    there = both["_merge"] == "both"
    same = numpy.ones(len(both), dtype=bool)
    for name in OUTCOME:
        same &= (both[name + "_a"] == both[name + "_b"]).to_numpy()
    came = [outcomes.apart(*sides) for sides in told(both)]
    same &= numpy.asarray([not words for words in came], dtype=bool)
    both["came"] = pandas.Series(came, index=both.index, dtype=str)  # text, also of no cell
    still = numpy.ones(len(both), dtype=bool)
    for name in ("score", "divergence_score"):
        first, second = both[name + "_a"], both[name + "_b"]
        still &= ((first == second) | (first.isna() & second.isna())).to_numpy()
    # Runs that were written before cells had their bits say nothing of them.
    still &= (
        (both.bits_a == both.bits_b) | both.bits_a.isin(["", None]) | both.bits_b.isin(["", None])
    ).to_numpy()
    both["status"] = numpy.select(
        [both["_merge"] == "right_only", both["_merge"] == "left_only", there & ~same, ~still],
        ["added", "removed", "changed", "shifted"],
        "unchanged",
    )
    rank = {verdict: place for place, verdict in enumerate(ORDER)}
    before = both.verdict_a.map(rank).astype(float)
    after = both.verdict_b.map(rank).astype(float)
    # A new cell is worse than none where it fails.
    both["worse"] = (there & (after > before)) | (~there & both.verdict_b.isin(FAILS))
    for name in ("device", "version"):
        for side in ("_a", "_b"):
            both[name + side] = both[name + side if name + side in both else name].fillna("–")
    both["adapter"] = both.adapter_b.fillna(both.adapter_a)
    suites = a.provenance.suite == b.provenance.suite
    return RunDifference(a, b, both.drop(columns="_merge"), suites)


COLUMNS = [*KEY, *OUTCOME, "why", "adapter", "version", "score", "divergence_score", "bits"]
COLUMNS += ["kinds", "values"]


class CellOutcome(NamedTuple):
    """What a cell of one run says of what came out."""

    kinds: object
    values: object


def told(both: pandas.DataFrame) -> Iterator[tuple[CellOutcome, CellOutcome]]:
    """Of each pair of cells, after and before."""
    sides = [map(CellOutcome, both["kinds" + side], both["values" + side]) for side in ("_b", "_a")]
    return zip(*sides, strict=True)


BY_RULE = {str(Cause.rule), str(Cause.partly)}


def factors(run: RunData) -> set[str]:
    """The factors of rules that a run knows: they grow from version to version."""
    groups = (group for groups in run.groups.values() for group in groups)
    return {name for group in groups if group.followed for name in group.followed.factors}


def ruled(run: RunData, known: set[str]) -> pandas.DataFrame:
    """The cells of a run, each with the rule that its deviation is put down to.

    The run keeps it a group, and the default values of a constructor with it; of the factors those
    that are ``known`` to both runs.
    """
    told: dict[tuple[str, ...], dict[str, str]] = {}
    for group in (group for groups in run.groups.values() for group in groups):
        chosen = group.followed.factors if group.followed else {}
        rule = sorted((name, value) for name, value in chosen.items() if name in known)
        about = {**dict.fromkeys(BY_RULE, repr(rule)), str(Cause.default): repr(group.defaults)}
        told[group.implementation, group.device, group.features] = about
    cells = run.cells
    groups = zip(cells.implementation, cells.device, cells.features, strict=True)
    rules = [
        told.get(group, {}).get(cause, "") for group, cause in zip(groups, cells.cause, strict=True)
    ]
    return cells.assign(rule=rules)


def label(cells: pandas.DataFrame, by: str) -> pandas.Series[Any]:
    """What a cell is grouped under; where both runs differ in it, both."""
    if by not in ("version", "device"):
        return cells[by]
    if cells.empty:  # its columns hold no text
        return cells.adapter
    a, b = cells[by + "_a"], cells[by + "_b"]
    words = a.where((a == b) | (b == "–"), a + " → " + b)
    named = words.where(a != "–", b)
    return cells.adapter + " " + named if by == "version" else named


def groups(difference: RunDifference, by: str) -> pandas.DataFrame:
    """A row a group: how many cells of each status, how many worse, and the largest scores."""
    cells = difference.cells
    rows = []
    for name, group in cells.groupby(label(cells, by), sort=True):
        counts = group.status.value_counts()
        inside = group[group.verdict_a.isin(MEASURED) & group.verdict_b.isin(MEASURED)]
        rows.append(
            {
                by: name,
                **{status: int(counts.get(status, 0)) for status in STATUS},
                "worse": int(group.worse.sum()),
                "score_a": float(inside.score_a.max()),
                "score_b": float(inside.score_b.max()),
            }
        )
    columns = [by, *STATUS, "worse", "score_a", "score_b"]
    return pandas.DataFrame(rows, columns=columns)


def changes(difference: RunDifference) -> pandas.DataFrame:
    """What was added, removed or changed, a row a place and kind; worse first."""
    cells = difference.cells
    loud = cells[cells.status.isin(["added", "removed", "changed"])].copy()
    for side in ("_a", "_b"):
        for name in ("verdict", "why"):
            loud[name + side] = loud[name + side].fillna("–")
    loud["why_b"] = loud.why_b.where(loud.came == "", loud.why_b + " " + loud.came).str.strip()
    keys = ["status", "implementation", "variant", "features", "dtype", "worse", "verdict_a",
            "verdict_b", "why_a", "why_b"]  # fmt: skip
    rows = [
        dict(zip(keys, key, strict=True)) | {"cells": len(group), "case": group["case"].iloc[0]}
        for key, group in loud.groupby(keys, sort=False)
    ]
    frame = pandas.DataFrame(rows, columns=[*keys, "cells", "case"])
    return frame.sort_values("worse", ascending=False, kind="stable").reset_index(drop=True)


def step(row: Any) -> tuple[str, str]:
    """A change in words: the verdicts, and the reason that is new."""
    if row.status != "changed":
        return row.status, row.why_a if row.status == "removed" else row.why_b
    why = row.why_b if row.why_a == row.why_b else f"{row.why_a or '–'} → {row.why_b or '–'}"
    return f"{row.verdict_a} → {row.verdict_b}", why


def notes(difference: RunDifference) -> list[str]:
    """What has to be known to read the difference."""
    found = []
    if not difference.suites:
        found.append("The runs were made by different code: a case may stand for other arrays.")
    found += [
        f"The runs differ in their {name}."
        for name in ("profile", "seed", "selection")
        if getattr(difference.a.provenance, name) != getattr(difference.b.provenance, name)
    ]
    return found


def show(difference: RunDifference, by: str, console: Console) -> None:
    """Print the difference: what changed first, then how many cells of what came or went."""
    words = Words(console)
    for note in notes(difference):
        words.say(note, style="yellow")
    loud = changes(difference)
    loud = loud[loud.status == "changed"]
    for row in loud.head(SHOWN).itertuples(index=False):
        what, why = step(row)
        words.say(
            f"{row.implementation} {what}{' (worse)' if row.worse else ''}: "
            + f"{why} ".lstrip()
            + f"[{row.dtype}, {options(row.features)}, against {row.variant}, {row.cells} cells]",
            style="red" if row.worse else "cyan",
            styled=len(f"{row.implementation} {what}"),
            indent=2,
        )
        words.say(f"{row.case}", start="  ", style="dim", whole=True)
    if len(loud) > SHOWN:
        words.say(f"… and {len(loud) - SHOWN} more; --json has all")
    every = groups(difference, by).to_dict("records")
    stirred = [row for row in every if any(row[name] for name in STATUS if name != "unchanged")]
    for row in stirred if len(every) > ALL else every:
        counts = ", ".join(f"{row[name]} {name}" for name in (*STATUS, "worse") if row[name])
        scores = dict.fromkeys(number(row[name]) for name in ("score_a", "score_b"))
        told = f"; worst score {' → '.join(scores)}" if len(scores) > 1 else ""
        words.say(f"{row[by]}: {counts}{told}", style="bold", styled=len(str(row[by])), indent=2)
    if len(every) > ALL and len(every) > len(stirred):
        words.say(f"{len(every) - len(stirred)} others: every cell is unchanged")


def render(difference: RunDifference, by: str) -> str:
    """The difference as Markdown."""
    parts = ["# Difference of two runs", ""]
    for name, run in (("before", difference.a), ("after", difference.b)):
        parts.append(f"- {name}: {markdown.cell(markdown.provenance(run))}")
    parts += [f"- {note}" for note in notes(difference)]
    rows = groups(difference, by)
    header = (by, *STATUS, "worse", "score before", "after")
    lines = [
        (*row[:-2], number(row.score_a), number(row.score_b))
        for row in rows.itertuples(index=False)
    ]
    parts += ["", markdown.table(header, lines)]
    loud = changes(difference)
    if len(loud):
        rows_of_changes = [
            (
                row.implementation,
                row.dtype,
                row.variant,
                options(row.features),
                *step(row),
                row.cells,
                row.case,
            )
            for row in loud.head(SHOWN).itertuples(index=False)
        ]
        names = ("implementation", "dtype", "variant", "options", "change", "why", "cells", "case")
        parts += ["", markdown.table(names, rows_of_changes)]
    if len(loud) > SHOWN:
        parts += ["", f"… and {len(loud) - SHOWN} more."]
    return "\n".join(parts) + "\n"


def content(difference: RunDifference, by: str) -> dict[str, Any]:
    """The difference for JSON: counts, groups, all changes, and the shifts inside the bound."""
    shifted = difference.cells[difference.cells.status == "shifted"]
    names = ("score_a", "score_b", "bits_a", "bits_b")
    columns = [*(name for name in KEY if name in shifted), *names]
    return {
        "a": str(difference.a.folder),
        "b": str(difference.b.folder),
        "same_suite": difference.suites,
        "notes": notes(difference),
        "counts": difference.counts(),
        "worse": int(difference.cells.worse.sum()),
        "groups": groups(difference, by).to_dict("records"),
        "changes": changes(difference).to_dict("records"),
        "shifts": shifted[columns].to_dict("records"),
    }
