"""A whole run: several adapters side by side, into one run folder."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil

from optimizer_conformance.cases.case import parse
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations import gate
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.ledger import FOLDER, Ledger
from optimizer_conformance.judging.group import Campaign
from optimizer_conformance.judging.keys import git_state, suite_hash
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.reports.findings import Finding, Kind
from optimizer_conformance.reports.names import plain
from optimizer_conformance.reports.records import Finished
from optimizer_conformance.reports.store import Run, RunError
from optimizer_conformance.reports.verdicts import FAILS
from optimizer_conformance.runs import merge as merging
from optimizer_conformance.runs import reader
from optimizer_conformance.runs.cluster import Cluster
from optimizer_conformance.runs.events import Events
from optimizer_conformance.runs.journal import Journal
from optimizer_conformance.runs.schedule import Agent, Listener, Result, Schedule, Shard, Work
from optimizer_conformance.workers import environments, interpreters
from optimizer_conformance.workers.environments import Environment
from optimizer_conformance.workers.machine import machine
from optimizer_conformance.workers.process import MEMORY_LIMIT, sweep
from optimizer_conformance.workers.sandbox import confinement

WORKER_MEMORY = 1 << 30  # bytes that a worker takes: TensorFlow 0.7, the others less


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
        absent = [item for item in self.findings if item.kind is Kind.missing]
        return {item.adapter: item.message.removeprefix(f"{item.adapter}: ") for item in absent}

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before it ended."""
        return any(finding.kind is Kind.interrupted for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """As docs/ci.md states them."""
        return gate.exit_code(self.findings)


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


def conduct(
    selection: Selection,
    folder: Path,
    *,
    requested: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
    jobs: int = 0,
    listener: Listener | None = None,
    commands: dict[str, list[str]] | None = None,
    places: Mapping[str, Environment] | None = None,
    expected: Path = FOLDER,
    shard: Shard | None = None,
    memory: int = MEMORY_LIMIT,
    reused: Iterable[Finished] = (),
    resume: bool = False,
    cluster: Cluster | None = None,
) -> Outcome:
    """Run everything that was selected into ``folder``.

    ``requested`` adapters must be able to start, ``required`` ones also to find a device; ``jobs``
    is the number of workers at a time (0: what cores and memory allow), ``memory`` the most bytes
    that one may hold; ``commands`` replaces the command that starts an adapter's worker (the tests'
    fakes), and ``places`` its environment; ``expected`` is the folder of the expectations files;
    ``shard`` is the part that is run; groups among ``reused`` whose key is the same are not run
    again; ``resume`` goes on with the run that the folder holds; where there is a ``cluster``
    (connected), agents run on its nodes.
    Raises RunError for a folder that cannot be written, ExpectationError for a bad file.
    """
    started, cpu = time.monotonic(), time.process_time()
    sweep()
    order = RunRequest(selection, requested, required, shard or Shard())
    names = [
        name for name in selection.adapters or environments.ADAPTERS if selection.reaches(name)
    ]
    # What brings most packages along tends to take longest; that shall not run alone at the end.
    places = {**own_places(names), **(places or {})}
    names.sort(key=lambda name: -brought(places.get(name)))
    ledgers = {name: expectations.ledger(name, expected) for name in names}
    stop = threading.Event()
    works, absent = prepare(order, names, commands or {}, places, memory, stop, cluster)
    conditions = provenance(order, names, ledgers)
    run = Run(folder, None if resume else conditions)
    for name, reason in absent.items():
        run.add(name, [], {"failure": reason, "complete": False})

    def ended(result: Result) -> None:
        settle(result, ledgers[result.adapter])
        run.add(
            result.adapter,
            result.cells,
            about(result, places.get(result.adapter)),
            result.elements,
            units(result, order.shard),
        )

    with Journal(folder) as journal:
        events = Events(folder)
        events.say("resumed" if resume else "started", process=os.getpid(), command=sys.argv[1:])
        schedule = Schedule(
            works,
            seats(jobs, cluster),
            journal,
            events,
            listener or Listener(),
            stop,
            ended,
            order.shard,
        )
        schedule.known = {(item.adapter, item.key): item for item in reused}
        schedule.recall(journal.records)
        suite = suite_hash()
        try:
            results, interrupted = schedule.run()
            outcome = conclude(
                folder, order, results, absent, ledgers, conditions, interrupted=interrupted
            )
            if suite != suite_hash():
                changed = gate.missing("suite", "its own files changed while it ran; run again")
                outcome.findings.append(changed)
            if not interrupted:
                seconds = {
                    "wall": time.monotonic() - started,
                    "own": time.process_time() - cpu,
                    "waited": {result.adapter: result.seconds_waited for result in results},
                }
                run.finish(footer(outcome, results, seconds))
                journal.remove()
            events.say("interrupted" if interrupted else "ended", exit_code=outcome.exit_code)
        finally:
            events.close()
    return outcome


def seats(jobs: int, cluster: Cluster | None = None) -> int:
    """How many workers at a time: ``jobs``, or what cores and free memory allow."""
    if jobs:
        return jobs
    if cluster:
        return cluster.seats()
    room = int(psutil.virtual_memory().available // WORKER_MEMORY)
    return max(1, min(os.cpu_count() or 1, room))


def prepare(
    order: RunRequest,
    names: list[str],
    commands: dict[str, list[str]],
    places: Mapping[str, Environment],
    memory: int,
    stop: threading.Event,
    cluster: Cluster | None,
) -> tuple[list[Work], dict[str, str]]:
    """How each adapter that has an environment is started, and why the others cannot be."""
    works, absent, oracle = [], {}, Oracle()
    selection = order.selection
    for name in names:
        command = commands.get(name)
        if cluster and (command or name in order.requested):
            works.append(cluster.work(name, selection, command, memory, stop))
            continue
        if command is None:
            environment = places[name]
            if not environment.complete:
                absent[name] = environment.absence
                continue
            command = environment.command
        if cluster:
            works.append(cluster.work(name, selection, None, memory, stop))
            continue

        def make(
            progress: Callable[[int, str], None], name: str = name, command: list[str] = command
        ) -> Agent:
            packages = places[name].packages if name in places else {}
            return Campaign(name, command, selection, progress, oracle, stop, memory, packages)

        works.append(Work(name, make))
    return works, absent


def own_places(names: Iterable[str]) -> dict[str, Environment]:
    """The environments of adapters; none for a command of the caller's."""
    return {name: environments.locate(name) for name in names if name in environments.ADAPTERS}


def brought(place: Environment | None) -> int:
    """How many packages an adapter's environment holds; none for a command of the caller's."""
    return len(place.packages) if place else 0


def settle(result: Result, ledger: Ledger) -> None:
    """Say of each claimed cell that deviates which expectation covers it, if any."""
    if result.description:
        ledger.versions = result.description.versions
    result.cells = [
        replace(cell, expectation=ledger.settle(cell))
        if cell.relation == "claimed" and cell.verdict in FAILS
        else cell
        for cell in result.cells
    ]


def conclude(
    folder: Path,
    order: RunRequest,
    results: list[Result],
    absent: dict[str, str],
    ledgers: dict[str, Ledger],
    conditions: dict[str, Any],
    *,
    interrupted: bool = False,
) -> Outcome:
    """What a run came to; ``absent`` adapters could not be started, with the reason."""
    failed = {result.adapter: result.failure for result in results if result.failure}
    asked = order.requested + order.required
    missing = {name: reason for name, reason in absent.items() if name in asked}
    missing |= failed
    missing |= {name: why for name, why in without_device(results) if name in order.required}
    if not results and absent:
        missing |= absent
    findings = [gate.missing(name, reason) for name, reason in missing.items()]
    if interrupted:
        findings.append(gate.interrupted(folder))
    for result in sorted(results, key=lambda item: item.adapter):
        # A shard holds a part of the cells only: what it lacks says nothing of an entry.
        part = {} if order.shard.count == 1 else {"complete": False}
        findings += gate.departures(
            result.adapter,
            result.cells,
            ledgers[result.adapter],
            about={**about(result), **part},
            provenance=conditions,
            today=date.today(),
        )
    return Outcome(folder, findings)


def footer(outcome: Outcome, results: list[Result], seconds: dict[str, Any]) -> dict[str, Any]:
    """What stands at the end of a complete run; ``rows`` shows whether its tables are whole."""
    claimed = [cell for result in results for cell in result.cells if cell.relation == "claimed"]
    return {
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "cells": len(claimed),
        "rows": {result.adapter: len(result.cells) for result in results},
        "unexpected": outcome.unexpected,
        "stale": outcome.stale,
        "missing": outcome.missing,
        "findings": msgspec.to_builtins(outcome.findings),
        "reused": sum(result.reused for result in results),
        "retried": {result.adapter: result.retried for result in results if result.retried},
        "exit_code": outcome.exit_code,
        "seconds": seconds,
    }


def units(result: Result, shard: Shard) -> list[dict[str, Any]]:
    """Every planned group in order: whether it is this shard's, and how many rows it has."""
    return [
        {
            "implementation": outline.implementation,
            "device": outline.device,
            "features": outline.features,
            "cases": outline.cases,
            "key": outline.key,
            "here": shard.holds(index),
            "finished": index in result.kept and result.kept[index].whole,
            "cells": result.kept[index].cells if index in result.kept else 0,
            "elements": result.kept[index].elements if index in result.kept else 0,
            "defaults": outline.defaults,
            "rule": msgspec.to_builtins(result.kept[index].rule) if index in result.kept else None,
        }
        for index, outline in enumerate(result.outlines)
    ]


def without_device(results: list[Result]) -> Iterator[tuple[str, str]]:
    """Adapters that started and found nothing to run on."""
    for result in results:
        if result.description and not result.description.devices:
            yield result.adapter, result.description.unavailable or "it found no device"


def about(result: Result, place: Environment | None = None) -> dict[str, Any]:
    """What is kept of an adapter beside its cells; ``place`` is the environment that it ran in."""
    kept: dict[str, Any] = {
        "failure": result.failure,
        "complete": result.complete,
        "cells": len(result.cells),
        "elements": len(result.elements),
        "reused": result.reused,
        "retried": result.retried,
    }
    if place:
        kept["packages"] = place.packages
    if description := result.description:
        kept |= {
            "description": msgspec.to_builtins(description),
            "version": next(iter(description.versions.values()), ""),
            "versions": description.versions,
            "devices": description.devices,
            "flags": description.flags,
            "unavailable": description.unavailable,
            "implementations": [
                {
                    "name": item.name,
                    "claims": item.claims,
                    "gaps": item.gaps,
                    "documentation": item.documentation,
                    "dtypes": item.dtypes,
                }
                for item in description.implementations
            ],
        }
    return kept


def provenance(order: RunRequest, names: list[str], ledgers: dict[str, Ledger]) -> dict[str, Any]:
    """What has to be known to run the same again, and to go on with it."""
    revision, dirty = git_state()
    selection = order.selection
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "confinement": confinement(),
        "profile": selection.profile,
        "seed": selection.seed,
        "selection": {
            "adapters": selection.adapters,
            "implementations": selection.implementations,
            "variants": selection.variants,
            "dtypes": selection.dtypes,
            "devices": selection.devices,
            "modes": selection.modes,
            "cases": [case.identifier for case in selection.cases],
        },
        "adapters": names,
        "interpreter": str(interpreters.chosen() or ""),
        "requested": order.requested,
        "required": order.required,
        "shard": [order.shard.index, order.shard.count],
        "suite": suite_hash(),
        "revision": revision,
        "dirty": dirty,
        "command": sys.argv[1:],
        "reasons": reasons(ledgers),
    }


def merge(folders: list[Path], out: Path, expected: Path = FOLDER) -> Outcome:
    """Put shards together into the run folder ``out``, held against the files in ``expected``.

    Raises RunError where they do not belong together or are not all there.
    """
    provenances = merging.parts(folders)
    first = provenances[0]
    ordered = [Path(item["folder"]) for item in provenances]
    results, absent = merging.results(ordered)
    whole = order_of(ordered[0], first)
    order = replace(whole, shard=Shard())
    ledgers = {result.adapter: expectations.ledger(result.adapter, expected) for result in results}
    kept = ("folder", "started", "platform", "processor", "accelerators", "revision", "dirty")
    merged = [{name: item.get(name) for name in kept} for item in provenances]
    names = set(first) - {"format", "folder", "reasons", "shard"}
    conditions = {
        **{name: first[name] for name in first if name in names},
        "shard": [1, 1],
        "merged": merged,
        "reasons": reasons(ledgers),
    }
    run = Run(out, conditions)
    for name, reason in absent.items():
        run.add(name, [], {"failure": reason, "complete": False})
    places = own_places(result.adapter for result in results)
    for result in results:
        settle(result, ledgers[result.adapter])
        run.add(
            result.adapter,
            result.cells,
            about(result, places.get(result.adapter)),
            result.elements,
            units(result, order.shard),
        )
    outcome = conclude(out, order, results, absent, ledgers, conditions)
    run.finish(footer(outcome, results, spent(ordered)))
    return outcome


def spent(folders: list[Path]) -> dict[str, Any]:
    """The seconds of all shards together; ``wall`` is that of the longest."""
    found = [reader.content(folder / "footer.json").get("seconds") or {} for folder in folders]
    waited: dict[str, float] = {}
    for seconds in found:
        for name, value in (seconds.get("waited") or {}).items():
            waited[name] = waited.get(name, 0.0) + value
    return {
        "wall": max(seconds.get("wall", 0.0) for seconds in found),
        "own": sum(seconds.get("own", 0.0) for seconds in found),
        "waited": waited,
    }


def reasons(ledgers: dict[str, Ledger]) -> dict[str, str]:
    """Why each known deviation is there."""
    return {
        entry.id: f"{entry.reason} ({entry.link})"
        for ledger in ledgers.values()
        for entry in ledger.entries
    }


def order_of(folder: Path, provenance: dict[str, Any]) -> RunRequest:
    """What the run of a folder was asked for.

    Raises RunError where another version of the suite began it.
    """
    if provenance.get("format") == 1:
        raise RunError(f"{folder} was written before runs could be resumed; start a new run")
    if provenance.get("suite") != suite_hash():
        raise RunError(
            f"{folder} was begun by another version of the suite; start a new run, with "
            f"`--reuse {folder}` to keep what is the same"
        )
    try:
        chosen = dict(provenance["selection"])
        chosen["adapters"] = [plain(name) for name in chosen["adapters"]]
        cases = tuple(parse(text) for text in chosen.pop("cases"))
        selection = Selection(
            **{name: tuple(values) for name, values in chosen.items()},
            cases=cases,
            profile=provenance["profile"],
            seed=provenance["seed"],
        )
        index, count = provenance["shard"]
        return RunRequest(
            selection,
            tuple(provenance["requested"]),
            tuple(provenance["required"]),
            Shard(int(index), int(count)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{folder / 'provenance.json'} is damaged ({error!r})") from error
