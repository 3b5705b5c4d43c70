"""A whole run: several adapters side by side, into one run folder, step by step."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations import gate
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.ledger import FOLDER, Ledger
from optimizer_conformance.judging.group import Campaign
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.reports.records import About, Finished, Provenance, Seconds
from optimizer_conformance.reports.store import Run
from optimizer_conformance.runs.cluster import Cluster
from optimizer_conformance.runs.events import Events
from optimizer_conformance.runs.journal import Journal
from optimizer_conformance.runs.outcome import (
    Outcome,
    Results,
    conclude,
    footer,
    keep,
    keep_absent,
)
from optimizer_conformance.runs.request import RunRequest, provenance
from optimizer_conformance.runs.schedule import Listener, Schedule, Shard
from optimizer_conformance.runs.work import Agent, Result, Work
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.environments import Environment
from optimizer_conformance.workers.process import MEMORY_LIMIT, sweep

WORKER_MEMORY = 1 << 30  # bytes that a worker takes: TensorFlow 0.7, the others less


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
    sweep()
    clock = Clock()
    request = RunRequest(selection, requested, required, shard or Shard())
    setup = set_up(request, commands or {}, places or {}, expected)
    stop = threading.Event()
    works, absent = works_of(setup, memory, stop, cluster)
    conditions = provenance(request, setup.names, setup.ledgers)
    run = Run(folder, None if resume else conditions)
    keep_absent(run, absent)

    def ended(result: Result) -> None:
        name = result.adapter
        keep(run, result, setup.ledgers[name], request.shard, setup.places.get(name))

    with Journal(folder) as journal, closing(Events(folder)) as events:
        events.say("resumed" if resume else "started", process=os.getpid(), command=sys.argv[1:])
        schedule = Schedule(
            works,
            seats(jobs, cluster),
            journal,
            events,
            listener or Listener(),
            stop,
            ended,
            request.shard,
            {(item.adapter, item.key): item for item in reused},
        )
        schedule.recall(journal.records)
        results, interrupted = schedule.run()
        found = Results(results, absent, interrupted)
        outcome = concluded(folder, setup, found, conditions)
        if not interrupted:
            run.finish(footer(outcome, results, clock.spent(results)))
            journal.remove()
        events.say("interrupted" if interrupted else "ended", exit_code=outcome.exit_code)
    return outcome


@dataclass(frozen=True)
class Setup:
    """The adapters of a run.

    names     in the order in which they are started
    commands  what starts a worker in place of its environment's command
    places    the environment of each, where it has one
    ledgers   what is expected of each
    """

    request: RunRequest
    names: list[str]
    commands: Mapping[str, list[str]]
    places: Mapping[str, Environment]
    ledgers: dict[str, Ledger]


def set_up(
    request: RunRequest,
    commands: Mapping[str, list[str]],
    places: Mapping[str, Environment],
    expected: Path,
) -> Setup:
    """Which adapters are run, in which environments, and what is expected of them."""
    selection = request.selection
    names = [
        name for name in selection.adapters or environments.ADAPTERS if selection.reaches(name)
    ]
    places = {**own_places(names), **places}
    # What brings most packages along tends to take longest; that shall not run alone at the end.
    names.sort(key=lambda name: -brought(places.get(name)))
    ledgers = {name: expectations.ledger(name, expected) for name in names}
    return Setup(request, names, commands, places, ledgers)


def own_places(names: Iterable[str]) -> dict[str, Environment]:
    """The environments of adapters; none for a command of the caller's."""
    return {name: environments.locate(name) for name in names if name in environments.ADAPTERS}


def brought(place: Environment | None) -> int:
    """How many packages an adapter's environment holds; none for a command of the caller's."""
    return len(place.packages) if place else 0


def seats(jobs: int, cluster: Cluster | None = None) -> int:
    """How many workers at a time: ``jobs``, or what cores and free memory allow."""
    if jobs:
        return jobs
    if cluster:
        return cluster.seats()
    room = int(psutil.virtual_memory().available // WORKER_MEMORY)
    return max(1, min(os.cpu_count() or 1, room))


def works_of(
    setup: Setup, memory: int, stop: threading.Event, cluster: Cluster | None
) -> tuple[list[Work], dict[str, About]]:
    """How each adapter that has an environment is started, and why the others cannot be."""
    works, oracle = [], Oracle()
    absent: dict[str, About] = {}
    selection = setup.request.selection
    for name in setup.names:
        command, place = setup.commands.get(name), setup.places.get(name)
        # An agent elsewhere has an environment of its own.
        if cluster and (command or name in setup.request.requested):
            works.append(cluster.work(name, selection, command, memory, stop))
        elif command is None and (place is None or not place.complete):
            why = place.absence if place else "there is no adapter of this name"
            absent[name] = About(failure=why, unmade=place is not None)
        elif cluster:
            works.append(cluster.work(name, selection, None, memory, stop))
        else:
            local = LocalWork(name, selection, command, place, oracle, memory, stop)
            works.append(Work(name, local.agent))
    return works, absent


@dataclass(frozen=True)
class LocalWork:
    """How agents of one adapter are started on this machine; they share the oracle."""

    adapter: str
    selection: Selection
    command: list[str] | None
    place: Environment | None
    oracle: Oracle
    memory: int
    stop: threading.Event

    def agent(self, progress: Callable[[int, str], None]) -> Agent:
        """One of them, not yet started."""
        command = self.command
        if command is None:
            assert self.place is not None
            command = self.place.command
        return Campaign(
            self.adapter,
            command,
            self.selection,
            progress,
            self.oracle,
            self.stop,
            self.memory,
            self.place.packages if self.place else {},
        )


def concluded(folder: Path, setup: Setup, found: Results, conditions: Provenance) -> Outcome:
    """What the run came to, and whether its own code was the same all the time."""
    outcome = conclude(folder, setup.request, found, setup.ledgers, conditions)
    if conditions.suite != suite_hash():
        changed = gate.missing("suite", "its own files changed while it ran; run again")
        outcome.findings.append(changed)
    return outcome


@dataclass(frozen=True)
class Clock:
    """When the run began, by the wall and by the work of this process."""

    wall: float = field(default_factory=time.monotonic)
    own: float = field(default_factory=time.process_time)

    def spent(self, results: list[Result]) -> Seconds:
        """Where the time went since."""
        return Seconds(
            wall=time.monotonic() - self.wall,
            own=time.process_time() - self.own,
            waited={result.adapter: result.seconds_waited for result in results},
        )
