"""How an expectations file would have to read for a run to be as expected: as a diff, for a person.

Entries keep their comments, reasons and links: a file is cut into one block an entry, and only the
blocks that change are written anew.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from optimizer_conformance.expectations.check import TODO
from optimizer_conformance.expectations.ledger import Expectation, ExpectationError, Ledger
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.records import Cell
from optimizer_conformance.reports.verdicts import AGREES, DEVIATES, FAILS

HEADER = re.compile(r"^\s*\[\[\s*expectation\s*\]\]\s*(#.*)?$")
EXACT = ("implementation", "variant", "dtype")  # what a new entry names in any case
SINGLE = ("features", "device", "mode", "regime")  # and what only where all its cells share it


@dataclass
class Proposal:
    """A file as it is, and as it would have to be.

    changes  what is done, one line each
    """

    path: Path
    before: str
    after: str
    changes: list[str] = field(default_factory=list)

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty where there is none."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.path.name}",
            f"b/{self.path.name}",
        )
        return "".join(lines)


def propose(path: Path, cells: Iterable[Cell], ledger: Ledger, *, stale: bool) -> Proposal:
    """The change of one adapter's file after which these cells are as expected.

    ``stale`` says whether entries that fit no cell may be removed: after a whole run.  Raises
    ExpectationError for a file that cannot be cut into entries.
    """
    before = foreign.text(path) if path.exists() else ""
    head, blocks = cut(before, path.name)
    claimed = [cell for cell in cells if cell.relation == "claimed"]
    changes: list[str] = []
    active = {entry.id: entry for entry in ledger.active}
    kept: list[str] = []
    for block, entry in zip(blocks, ledger.entries, strict=True):
        if entry.id not in active:
            kept.append(block)
            continue
        covered = [cell for cell in claimed if entry.covers(cell)]
        if not covered:
            if stale:
                changes.append(f"remove {entry.id}: it fits no cell")
            else:
                kept.append(block)
            continue
        kept += revised(block, entry, covered, ledger, changes)
    loud = [
        cell
        for cell in claimed
        if cell.verdict in FAILS
        and not any(
            entry.covers(cell) and entry.verdict == cell.verdict for entry in active.values()
        )
    ]
    names = {entry.id for entry in ledger.entries}
    kept += additions(loud, claimed, names, changes)
    after = head + "\n".join(block.strip("\n") + "\n" for block in kept)
    return Proposal(path, before, after if changes else before, changes)


def cut(text: str, name: str) -> tuple[str, list[str]]:
    """What stands before the first entry, and each entry with the comment directly above it."""
    lines = text.splitlines(keepends=True)
    starts = []
    for number, line in enumerate(lines):
        if HEADER.match(line):
            start = number
            while start and lines[start - 1].lstrip().startswith("#"):
                start -= 1
            starts.append(start)
    ends = [*starts, len(lines)][1:]
    blocks = ["".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    try:
        whole = len(tomlkit.parse(text).get("expectation", ()))
        single = all(len(tomlkit.parse(block)["expectation"]) == 1 for block in blocks)
    except (TOMLKitError, TypeError, KeyError) as error:
        raise ExpectationError(f"{name}: cannot be edited: {error}") from error
    if whole != len(blocks) or not single:
        raise ExpectationError(
            f"{name}: cannot be edited: write each entry as a table [[expectation]] of its own"
        )
    head = "".join(lines[: starts[0]]) if starts else text
    return head, blocks


def revised(
    block: str, entry: Expectation, covered: list[Cell], ledger: Ledger, changes: list[str]
) -> list[str]:
    """The entry with the band and the places in which its deviation still shows; none, if none."""
    same = [cell for cell in covered if cell.verdict == entry.verdict]
    if not any(cell.verdict in FAILS for cell in covered):
        if not any(cell.verdict in AGREES for cell in covered):
            return [block]  # nothing can be said
        changes.append(f"remove {entry.id}: the deviation has gone")
        return []
    table = EntryBlock(block)
    # Cells that another entry expects have their size there.
    sizes = [
        cell.divergence_score
        for cell in same
        if entry.expects(cell.verdict, cell.divergence_score) or not ledger.settle(cell)
    ]
    if entry.verdict == DEVIATES and sizes:
        low, high = entry.score
        if min(sizes) < low or max(sizes) > high:
            table["score"] = decades(sizes)
            changes.append(f"{entry.id}: the score is {min(sizes):.3g} to {max(sizes):.3g} now")
    shows = {place(cell) for cell in covered if cell.verdict in FAILS}
    silent = {place(cell) for cell in covered if cell.verdict in AGREES} - shows
    partly = any(cell.verdict in AGREES and place(cell) in shows for cell in covered)
    if partly and not entry.partly:
        table["partly"] = True
        changes.append(f"{entry.id}: some of its cells agree")
    if not silent:
        return [table.text]
    names = sorted({place(cell)[:3] for cell in covered if place(cell) in shows})
    changes.append(f"{entry.id}: narrowed to the {len(names)} places that still deviate")
    narrowed = []
    for number, name in enumerate(names, 1):
        one = EntryBlock(table.text)
        for key, value in zip(EXACT, name, strict=True):
            one[key] = value
        if number > 1:
            one["id"] = f"{entry.id}-{number}"
        narrowed.append(one.text)
    return narrowed


class EntryBlock:
    """One block: an entry with its comments."""

    def __init__(self, block: str) -> None:
        self.document = tomlkit.parse(block)

    def __setitem__(self, name: str, value: Any) -> None:
        entry: Any = self.document["expectation"]
        entry[0][name] = value

    @property
    def text(self) -> str:
        """The block as it is now."""
        return tomlkit.dumps(self.document)


def place(cell: Cell) -> tuple[str, str, str, str]:
    """The configuration in which an entry has to show."""
    return cell.implementation, cell.variant, cell.dtype, cell.device


def decades(scores: Iterable[float]) -> list[float]:
    """A band around the scores, outward to powers of ten: what was seen is not all there is."""
    sizes = list(scores)
    return [outward(min(sizes), math.floor), outward(max(sizes), math.ceil)]


def outward(size: float, to: Any) -> float:
    """The next power of ten in one direction; zero and infinity stay."""
    if size <= 0 or math.isinf(size):
        return size
    exponent = to(math.log10(size))
    # log10 is rounded: never step inside.
    bounds = [float(f"1e{exponent + shift}") for shift in (-1, 0, 1)]
    if to is math.floor:
        return max((value for value in bounds if value <= size), default=0.0)
    return min((value for value in bounds if value >= size), default=math.inf)


def additions(
    loud: list[Cell], claimed: list[Cell], names: set[str], changes: list[str]
) -> list[str]:
    """An entry for each place and kind of deviation that nothing covers; a person says why."""

    def kind(cell: Cell) -> tuple[str, ...]:
        finite = "finite" if math.isfinite(cell.divergence_score) else "infinite"
        return cell.implementation, cell.variant, cell.dtype, cell.verdict, finite

    blocks = []
    for _, members in groupby(sorted(loud, key=kind), key=kind):
        group = list(members)
        first = group[0]
        fields: dict[str, Any] = {
            "id": unused(f"{first.implementation}-{first.dtype}-{first.mode}", names)
        }
        fields |= {name: getattr(first, name) for name in EXACT}
        fields |= {
            name: getattr(first, name)
            for name in SINGLE
            if len({getattr(cell, name) for cell in group}) == 1
            and len({getattr(cell, name) for cell in claimed}) > 1
        }
        fields["verdict"] = first.verdict
        if first.verdict == DEVIATES:
            fields["score"] = decades(cell.divergence_score for cell in group)
        entry = Expectation(
            **{**fields, "score": tuple(fields.get("score", (0.0, math.inf)))},
            reason=TODO, link=TODO, reviewed=date.today(),
        )  # fmt: skip
        if any(entry.covers(cell) and cell.verdict in AGREES for cell in claimed):
            fields["partly"] = True
        fields["reason"] = f"{TODO}: what it does instead ({first.why})"
        fields["link"] = TODO
        fields["reviewed"] = date.today().isoformat()
        document = tomlkit.document()
        tables = tomlkit.aot()
        tables.append(tomlkit.item(fields))
        document["expectation"] = tables
        blocks.append(tomlkit.dumps(document))
        changes.append(f"add {fields['id']}: {len(group)} cells; give its reason and link")
    return blocks


def unused(wish: str, names: set[str]) -> str:
    """An identifier made from a name, which no entry has yet."""
    slug = re.sub(r"[^a-z0-9]+", "-", wish.lower()).strip("-") or "deviation"
    name, number = slug, 1
    while name in names:
        number += 1
        name = f"{slug}-{number}"
    names.add(name)
    return name
