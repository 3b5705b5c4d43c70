"""What a run is asked for, and the provenance that says so in its folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from optimizer_conformance.cases.case import parse
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations.ledger import Ledger
from optimizer_conformance.judging.keys import git_state, suite_hash
from optimizer_conformance.reports.names import plain
from optimizer_conformance.reports.records import FORMAT, Provenance, Selected
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs.schedule import Shard
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.machine import machine
from optimizer_conformance.workers.sandbox import confinement


@dataclass(frozen=True)
class RunRequest:
    """What a run was asked for.

    requested  adapters that must be able to start
    required   adapters that must also find a device
    """

    selection: Selection
    requested: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    shard: Shard = field(default_factory=Shard)


def provenance(request: RunRequest, names: list[str], ledgers: dict[str, Ledger]) -> Provenance:
    """What has to be known to run the same again, and to go on with it."""
    revision, dirty = git_state()
    selection = request.selection
    return Provenance(
        format=FORMAT,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        confinement=confinement(),
        profile=selection.profile,
        seed=selection.seed,
        selection=Selected(
            adapters=list(selection.adapters),
            implementations=list(selection.implementations),
            variants=list(selection.variants),
            dtypes=list(selection.dtypes),
            devices=list(selection.devices),
            modes=list(selection.modes),
            cases=[case.identifier for case in selection.cases],
        ),
        adapters=names,
        interpreter=str(interpreters.chosen() or ""),
        requested=list(request.requested),
        required=list(request.required),
        shard=(request.shard.index, request.shard.count),
        suite=suite_hash(),
        revision=revision,
        dirty=dirty,
        command=sys.argv[1:],
        reasons=reasons(ledgers),
        links=links(ledgers),
    )


def request_of(folder: Path, said: Provenance) -> RunRequest:
    """What the run of a folder was asked for.

    Raises RunError where another version of the suite began it.
    """
    if said.format == 1:
        raise RunError(f"{folder} was written before runs could be resumed; start a new run")
    if said.suite != suite_hash():
        raise RunError(
            f"{folder} was begun by another version of the suite; start a new run, with "
            f"`--reuse {folder}` to keep what is the same"
        )
    try:
        chosen = msgspec.structs.asdict(said.selection)
        cases = tuple(parse(text) for text in chosen.pop("cases"))
        chosen["adapters"] = [plain(name) for name in chosen["adapters"]]
        return RunRequest(
            Selection(
                **{name: tuple(values) for name, values in chosen.items()},
                cases=cases,
                profile=said.profile,
                seed=said.seed,
            ),
            tuple(said.requested),
            tuple(said.required),
            Shard(*said.shard),
        )
    except ValueError as error:
        raise RunError(f"{folder / 'provenance.json'} is damaged ({error})") from error


def reasons(ledgers: Mapping[str, Ledger]) -> dict[str, str]:
    """Why each known deviation is there."""
    return {entry.id: entry.reason for ledger in ledgers.values() for entry in ledger.entries}


def links(ledgers: Mapping[str, Ledger]) -> dict[str, str]:
    """Where more is said of each known deviation."""
    return {entry.id: entry.link for ledger in ledgers.values() for entry in ledger.entries}
