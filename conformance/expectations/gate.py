"""What a run came to, held against what is expected: each departure is a finding of its kind.

Works from what a run folder keeps (provenance, adapters, cells), so that a run, a merged run, and
an old run against today's expectations are judged by the same code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

import msgspec

from optimizer_conformance.cases.case import MAIN_DTYPE, MODES, PROFILES
from optimizer_conformance.cases.patterns import matches
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.ledger import Expectation, Ledger
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.records import About, Cell, Finding, Kind, Provenance
from optimizer_conformance.reports.verdicts import AGREES, DEVIATES, FAILS, does

EXPECTED, UNEXPECTED, INCOMPLETE = 0, 1, 3  # exit codes, as docs/ci.md states them
CELL = list(Cell.__struct_fields__)
FILTERS = ("implementations", "variants", "dtypes", "devices", "modes", "cases")


def exit_code(findings: Iterable[Finding]) -> int:
    """The worst that any finding asks for."""
    kinds = {finding.kind for finding in findings if finding.level == "error"}
    if kinds & {Kind.missing, Kind.interrupted}:
        return INCOMPLETE
    return UNEXPECTED if kinds else EXPECTED


def missing(adapter: str, reason: str) -> Finding:
    """An adapter that was asked for and could not run."""
    return Finding(
        kind=Kind.missing, adapter=adapter, message=f"{adapter}: {reason}", reason=reason
    )


def interrupted(folder: object) -> Finding:
    """A run that was stopped before it ended."""
    return Finding(
        kind=Kind.interrupted,
        adapter="",
        message=f"what was finished is in {folder}; `conformance run --resume {folder}` goes on, "
        f"`conformance report --incomplete {folder}` shows it",
    )


def departures(
    adapter: str,
    cells: Iterable[Cell],
    ledger: Ledger,
    *,
    about: About,
    provenance: Provenance,
    today: date,
) -> list[Finding]:
    """Everything in which one adapter's cells depart from its expectations.

    ``about`` and ``provenance`` are what the run folder keeps of the adapter and of the run:
    whether the adapter was completed, its devices, and what was selected.
    """
    claimed = [cell for cell in cells if cell.relation == "claimed"]
    whole = is_whole(about, provenance)
    active = ledger.active
    covered: dict[str, list[Cell]] = {entry.id: [] for entry in active}
    loud: list[tuple[Cell, Expectation | None]] = []
    for cell in claimed:
        entries = [entry for entry in active if entry.covers(cell)]
        for entry in entries:
            covered[entry.id].append(cell)
        if cell.verdict in FAILS and not any(
            entry.expects(cell.verdict, cell.divergence_score) for entry in entries
        ):
            same = (entry for entry in entries if entry.verdict == cell.verdict)
            loud.append((cell, next(same, entries[0] if entries else None)))
    findings = [*unexpected(adapter, loud)]
    for entry in active:
        if found := covered[entry.id]:
            findings += gone(adapter, entry, found, whole=whole)
        elif whole and reachable(entry, about) and asked(entry, provenance.profile):
            findings.append(
                Finding(
                    kind=Kind.stale,
                    adapter=adapter,
                    entry=entry.id,
                    message=f"{entry.id} fits no cell of a whole run: correct its patterns or "
                    "remove it",
                )
            )
        if today > entry.due:
            findings.append(
                Finding(
                    kind=Kind.overdue,
                    adapter=adapter,
                    level="warning",
                    entry=entry.id,
                    message=f"{entry.id} was last reviewed on {entry.reviewed} and was to be "
                    f"reviewed by {entry.due}: check its reason, then set `reviewed`",
                )
            )
    return [placed(finding, ledger) for finding in findings]


def is_filtered(about: About, provenance: Provenance) -> bool:
    """Whether cells were left out: by a filter, in a shard, or because the adapter broke off."""
    finished = about.complete and not about.failure
    part = provenance.shard != (1, 1)
    return not finished or part or any(getattr(provenance.selection, name) for name in FILTERS)


def is_whole(about: About, provenance: Provenance) -> bool:
    """Whether every cell of the adapter was run: nothing filtered, no quick profile."""
    return not is_filtered(about, provenance) and provenance.profile != "quick"


def cells_of(run: RunData, adapter: str) -> list[Cell]:
    """The rows of one adapter."""
    if run.cells.empty:
        return []
    rows = run.cells.loc[run.cells.adapter == adapter, CELL]
    return [Cell(**row) for row in rows.to_dict("records")]


def held_against(run: RunData, folder: Path, today: date) -> list[Finding]:
    """A run that is there against the expectations files of a folder, as they are now."""
    absent = run.footer.missing if run.footer else {}
    findings = [missing(name, reason) for name, reason in absent.items()]
    for name, about in run.adapters.items():
        ledger = expectations.ledger(name, folder)
        ledger.versions = about.versions
        findings += departures(
            name,
            cells_of(run, name),
            ledger,
            about=about,
            provenance=run.provenance,
            today=today,
        )
    return findings


def placed(finding: Finding, ledger: Ledger) -> Finding:
    """The finding with the file and line of the entry that it is about."""
    if not finding.entry:
        return finding
    file, line = ledger.place(finding.entry)
    return msgspec.structs.replace(finding, file=file, line=line)


def reachable(entry: Expectation, about: About) -> bool:
    """Whether a device was there that the entry is about."""
    return any(matches(name, entry.device) for name in about.devices)


def asked(entry: Expectation, profile: str) -> bool:
    """Whether a profile asks for a mode that the entry is about; one that is not known asks all."""
    plan = PROFILES.get(profile)
    return not plan or any(plan.draws.get(mode, 1) for mode in MODES if matches(mode, entry.mode))


def unexpected(adapter: str, loud: list[tuple[Cell, Expectation | None]]) -> Iterator[Finding]:
    """Deviations that nothing expects, or not in this size; one finding a place and reason."""

    def place(item: tuple[Cell, Expectation | None]) -> tuple[str, ...]:
        cell, entry = item
        resized = entry is not None and entry.verdict == cell.verdict
        return (
            cell.implementation, cell.device, cell.variant, cell.dtype, cell.verdict,
            entry.id if entry else "", "" if resized else cell.why,
        )  # fmt: skip

    for _, members in groupby(sorted(loud, key=place), key=place):
        group = list(members)
        first, entry = group[0]
        scores = [cell.divergence_score for cell, _ in group]
        where = f"{first.implementation} ({first.device}, {first.dtype})"
        cells = f"{len(group)} cell{'s' * (len(group) > 1)}"
        size = f" of score {between(min(scores), max(scores))}" if first.verdict == DEVIATES else ""
        if entry and entry.verdict == first.verdict:
            kind = Kind.changed
            message = (
                f"{where} deviates from {first.variant} in {cells}{size}, and {entry.id} expects "
                f"{between(*entry.score)}: find out what changed, then correct the band"
            )
        else:
            kind = Kind.introduced
            stands = does(first.verdict)
            known = f"{entry.id} expects {entry.verdict}" if entry else "no expectation covers it"
            why = f": {first.why}" if first.why else ""
            message = f"{where} {stands} {first.variant} in {cells}{size}, and {known}{why}"
        yield Finding(
            kind=kind,
            adapter=adapter,
            message=message,
            entry=entry.id if entry else "",
            implementation=first.implementation,
            device=first.device,
            variant=first.variant,
            dtype=first.dtype,
            verdict=first.verdict,
            cells=len(group),
            found=band(min(scores), max(scores)),
            expected=band(*entry.score) if entry else (),
            case=first.case,
        )


def gone(adapter: str, entry: Expectation, found: list[Cell], *, whole: bool) -> Iterator[Finding]:
    """Agreement where a deviation is expected.

    An ordinary entry expects each cell that it covers to deviate.  Of an entry that says
    ``partly``, each configuration has to show the deviation in a whole run; another run, quick or
    filtered, need not hold the cells that show it.  Nor need larger sets of options meet each end
    of each range: a default run asks them for those that are theirs alone.  In other formats than
    the main one few cases are drawn: there one set of options has to show it for all.
    """

    def configuration(cell: Cell) -> tuple[str, ...]:
        few = entry.mode == "boundaries" or cell.dtype != MAIN_DTYPE
        options = "" if few else cell.variant
        whole_entry = (cell.implementation, cell.device, options, cell.dtype)
        return whole_entry if whole or not entry.partly else ()

    for _, members in groupby(sorted(found, key=configuration), key=configuration):
        group = list(members)
        agreeing = [cell for cell in group if cell.verdict in AGREES]
        if not agreeing:
            continue
        if entry.partly and (not whole or any(cell.verdict in FAILS for cell in group)):
            continue
        first = agreeing[0]
        yield Finding(
            kind=Kind.gone,
            adapter=adapter,
            entry=entry.id,
            message=f"{first.implementation} ({first.device}, {first.dtype}) agrees with "
            f"{first.variant} in {len(agreeing)} of the {len(group)} cells in which {entry.id} "
            "expects a deviation: narrow the entry or remove it",
            implementation=first.implementation,
            device=first.device,
            variant=first.variant,
            dtype=first.dtype,
            verdict=first.verdict,
            cells=len(agreeing),
            expected=band(*entry.score),
            case=first.case,
        )


def band(low: float, high: float) -> tuple[float | str, ...]:
    """Two scores that JSON can hold."""
    return tuple(value if math.isfinite(value) else str(value) for value in (low, high))


def between(low: float, high: float) -> str:
    """Two scores in words."""
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
