"""What a run came to: its findings, and the records that its folder keeps of each adapter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from optimizer_conformance.expectations import gate
from optimizer_conformance.expectations.ledger import Ledger
from optimizer_conformance.reports.records import (
    About,
    Finding,
    Footer,
    Kind,
    Provenance,
    Seconds,
    StoredGroup,
)
from optimizer_conformance.reports.store import Run
from optimizer_conformance.reports.verdicts import FAILS
from optimizer_conformance.runs.request import RunRequest
from optimizer_conformance.runs.schedule import Shard
from optimizer_conformance.runs.work import Result
from optimizer_conformance.workers.environments import Environment


@dataclass(frozen=True)
class Outcome:
    """How a run ended: everything in which it departs from what is expected."""

    folder: Path
    findings: list[Finding] = field(default_factory=list)

    @property
    def unexpected(self) -> int:
        """Cells that deviate where, or by how much, nothing expects it."""
        loud = (Kind.introduced, Kind.changed)
        return sum(finding.cells for finding in self.findings if finding.kind in loud)

    @property
    def stale(self) -> list[str]:
        """Entries whose deviation has gone, or that fit nothing: ``adapter: entry``."""
        silent = (Kind.gone, Kind.stale)
        found = (f"{item.adapter}: {item.entry}" for item in self.findings if item.kind in silent)
        return sorted(set(found))

    @property
    def missing(self) -> dict[str, str]:
        """Adapters that were asked for and could not run, with the reason."""
        return {item.adapter: item.reason for item in self.findings if item.kind is Kind.missing}

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before it ended."""
        return any(finding.kind is Kind.interrupted for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """As docs/ci.md states them."""
        return gate.exit_code(self.findings)


@dataclass(frozen=True)
class Results:
    """Every adapter's result; ``absent`` ones could not be started, with the reason."""

    results: list[Result]
    absent: Mapping[str, About]
    interrupted: bool = False


def missing(request: RunRequest, found: Results) -> dict[str, str]:
    """Adapters that had to run and could not, with the reason."""
    asked = request.requested + request.required
    absent = {name: about.failure for name, about in found.absent.items()}
    lacking = {name: reason for name, reason in absent.items() if name in asked}
    lacking |= {result.adapter: result.failure for result in found.results if result.failure}
    lacking |= {
        name: why for name, why in without_device(found.results) if name in request.required
    }
    return lacking | (absent if not found.results else {})


def without_device(results: Iterable[Result]) -> Iterator[tuple[str, str]]:
    """Adapters that started and found nothing to run on."""
    for result in results:
        if result.description and not result.description.devices:
            yield result.adapter, result.description.unavailable or "it found no device"


def conclude(
    folder: Path,
    request: RunRequest,
    found: Results,
    ledgers: Mapping[str, Ledger],
    provenance: Provenance,
) -> Outcome:
    """What a run came to."""
    findings = [gate.missing(name, reason) for name, reason in missing(request, found).items()]
    if found.interrupted:
        findings.append(gate.interrupted(folder))
    for result in sorted(found.results, key=lambda item: item.adapter):
        findings += gate.departures(
            result.adapter,
            result.cells,
            ledgers[result.adapter],
            about=about(result),
            # What a shard lacks says nothing of an entry: ``provenance.shard`` tells the gate.
            provenance=provenance,
            today=date.today(),
        )
    return Outcome(folder, findings)


def keep(run: Run, result: Result, ledger: Ledger, shard: Shard, place: Environment | None) -> None:
    """Hold one adapter's cells against what is expected, and write what is kept of it."""
    settle(result, ledger)
    run.add(
        result.adapter, about(result, place), result.cells, result.elements, groups(result, shard)
    )


def keep_absent(run: Run, absent: Mapping[str, About]) -> None:
    """Write why adapters could not be started."""
    for name, about in absent.items():
        run.add(name, about)


def settle(result: Result, ledger: Ledger) -> None:
    """Say of each claimed cell that deviates which expectation covers it, if any."""
    if result.description:
        ledger.versions = result.description.versions
    result.cells = [
        msgspec.structs.replace(cell, expectation=ledger.settle(cell))
        if cell.relation == "claimed" and cell.verdict in FAILS
        else cell
        for cell in result.cells
    ]


def about(result: Result, place: Environment | None = None) -> About:
    """What is kept of an adapter beside its cells; ``place`` is the environment that it ran in."""
    return About(
        description=result.description,
        failure=result.failure,
        complete=result.complete,
        packages=place.packages if place else {},
        cells=len(result.cells),
        elements=len(result.elements),
        reused=result.reused,
        retried=result.retried,
    )


def groups(result: Result, shard: Shard) -> list[StoredGroup]:
    """Every planned group in order: whether it is this shard's, and how many rows it has."""
    return [
        StoredGroup(
            **msgspec.structs.asdict(outline),
            here=shard.holds(index),
            finished=kept is not None and kept.whole,
            cells=kept.cells if kept else 0,
            elements=kept.elements if kept else 0,
            rule=kept.rule if kept else None,
        )
        for index, outline in enumerate(result.outlines)
        for kept in (result.kept.get(index),)
    ]


def footer(outcome: Outcome, results: list[Result], seconds: Seconds) -> Footer:
    """What stands at the end of a complete run; ``rows`` shows whether its tables are whole."""
    claimed = [cell for result in results for cell in result.cells if cell.relation == "claimed"]
    return Footer(
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        cells=len(claimed),
        rows={result.adapter: len(result.cells) for result in results},
        unexpected=outcome.unexpected,
        stale=outcome.stale,
        missing=outcome.missing,
        findings=outcome.findings,
        reused=sum(result.reused for result in results),
        retried={result.adapter: result.retried for result in results if result.retried},
        exit_code=outcome.exit_code,
        seconds=seconds,
    )
