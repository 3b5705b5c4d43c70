"""The deviating cells of a run, by cause, those to begin with first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optimizer_conformance.cases.case import MAIN_DTYPE, Case, parse
from optimizer_conformance.cases.inputs import LAYOUTS, RANGE_REGIMES
from optimizer_conformance.judging.rows import rule_of
from optimizer_conformance.questions.repro.deviation import Deviation, NothingThereError
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reports.records import Cause, Cell
from optimizer_conformance.reports.verdicts import FAILS
from optimizer_conformance.runs.reader import adapters_of, provenance_of

# Modes that are nearest to what a user does come first.
MODES = ("defaults", "origin", "trajectory", "separation", "edges", "rate-change", "injected")


def deviations(run: Path) -> list[Deviation]:
    """Every deviating cell of a run against what its implementation claims.  Raises RunError."""
    provenance_of(run)
    found = []
    for stored in adapters_of(run).values():
        for index, group in stored.finished.items():
            planned = stored.groups[index]
            told = planned.followed
            rule = rule_of(told, planned.features.split("+")) if told else None
            found += [
                deviation(cell, rule)
                for cell in group.cells
                if cell.relation == "claimed" and cell.verdict in FAILS
            ]
    return found


def deviation(cell: Cell, rule: Rule | None) -> Deviation:
    """A cell as a deviation."""
    return Deviation(
        cell.implementation,
        parse(cell.case),
        cell.variant,
        cell.regime,
        cell.device,
        cell.verdict,
        cell.why,
        cell.cause,
        cell.quantity,
        rule,
    )


def found_in(run: Path, implementation: str, case: Case, variant: str, regime: str) -> Deviation:
    """The deviating cell of a run that fits.  Raises NothingThereError."""
    for item in sorted(deviations(run), key=place):
        same = (item.implementation, item.case) == (implementation, case)
        if same and variant in ("", item.variant) and regime in ("", item.regime):
            return item
    raise NothingThereError(f"{run} has no deviating cell of {implementation} in that case")


def grouped(cells: list[Deviation]) -> Iterator[list[Deviation]]:
    """Cells of one implementation, variant and reason together, those to begin with first."""
    found: dict[tuple[Any, ...], list[Deviation]] = {}
    for cell in cells:
        whose = (adapter_of(cell), cell.implementation, cell.device, cell.variant)
        found.setdefault((*whose, *reason_of(cell)), []).append(cell)
    # The fewest options first: what stands for the plain form may stand for others.
    order = sorted(found, key=lambda key: (key[0], key[1], len(found[key][0].case.features)))
    for key in order:
        yield sorted(found[key], key=place)


def reason_of(cell: Deviation) -> tuple[Any, ...]:
    """What cells of one reason have in common: its kind, and what decides it further."""
    if cell.cause == Cause.promise:
        return cell.verdict, cell.cause, cell.quantity
    if cell.cause == Cause.place and cell.case.mode in LAYOUTS:
        return cell.verdict, cell.cause, cell.regime.partition("-")[0]
    if cell.cause == Cause.place:
        return cell.verdict, cell.cause, cell.case.dtype, cell.regime
    return cell.verdict, cell.cause, cell.rule


def place(cell: Deviation) -> tuple[int, ...]:
    """Which cell to begin with: ordinary gradients in the main dtype, from the initial state."""
    dtypes = (MAIN_DTYPE, "float64", "bfloat16", "float16")
    kind = dtypes.index(cell.case.dtype) if cell.case.dtype in dtypes else len(dtypes)
    modes = MODES.index(cell.case.mode) if cell.case.mode in MODES else len(MODES)
    return (
        kind,
        int(cell.regime in RANGE_REGIMES),
        modes,
        cell.case.steps * cell.case.size,
    )


def adapter_of(cell: Deviation) -> str:
    """The adapter that drives an implementation."""
    return cell.implementation.partition(":")[0]
