"""A history grows: the releases that are not there yet are installed and run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import filelock

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.questions.history.frameworks import Framework, named
from optimizer_conformance.questions.history.record import HistoryRecord, ReleaseFolder, ReleaseRun
from optimizer_conformance.reports.records import Finished
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs.reader import finished_groups
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.runs.schedule import Listener
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.environments import Environment, EnvironmentFailure
from optimizer_conformance.workers.interpreters import Interpreter, contents, standing
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.pythons import NoInterpreter


@dataclass
class Growth:
    """What became of the releases that were asked for.

    ran       those that were run now
    failed    those that could not be, with the reason
    """

    ran: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gardener:
    """Runs releases of one framework into its record.

    pythons   interpreters by version, where the user names them
    hosts     releases that an interpreter has already: nothing is installed for them
    discard   whether environments are deleted once their release was run
    say       hears what is going on
    """

    framework: Framework
    selection: Selection
    record: HistoryRecord
    listener: Listener
    pythons: dict[str, Path] = field(default_factory=dict)
    hosts: dict[str, Interpreter] = field(default_factory=dict)
    discard: bool = False
    say: Callable[[str], None] = lambda line: None

    def grow(self, versions: list[str]) -> Growth:
        """Run what is not there yet; a release that cannot be run does not stop the others.

        Raises RunError where another process is growing the same history.
        """
        growth = Growth()
        places = [self.record.place(version) for version in versions]
        if all(place.complete and place.current for place in places):
            return growth  # nothing is written: another process may go on with others
        try:
            self.record.folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.record.folder / ".lock", timeout=0):
                self.grow_alone(versions, growth)
        except filelock.Timeout:
            raise RunError(
                f"another process is running releases into {self.record.folder}; wait for it, or "
                "give another --keep"
            ) from None
        except OSError as error:
            raise RunError(
                f"{error.filename or self.record.folder}: {error.strerror}; give another folder "
                "with --keep"
            ) from error
        return growth

    def grow_alone(self, versions: list[str], growth: Growth) -> None:
        """The same, while no other process does."""
        for version in versions:
            place = self.record.place(version)
            if place.complete and place.current:
                continue
            if place.begun and not place.current:
                self.say(
                    f"{self.framework.name} {version} was judged by another version of the suite: "
                    "it is run again, and what is the same is taken over"
                )
                if place.complete or not place.former.is_dir():
                    place.set_aside()
                else:
                    shutil.rmtree(place.run)
            try:
                self.say(f"{self.framework.name} {version}")
                self.run(version, place)
                growth.ran.append(version)
            except (NoInterpreter, EnvironmentFailure, WorkerError) as error:
                growth.failed[version] = str(error)
                self.say(f"{self.framework.name} {version}: {error}")

    def run(self, version: str, place: ReleaseFolder) -> None:
        """Install and run one release; what an earlier run of it has that is the same is kept."""
        environment = self.environment(version)
        with Worker(environment.command) as worker:
            description = worker.hello()
            defaults = {
                item.name: worker.ask(protocol.Probe(item.name), protocol.Probed).defaults
                for item in description.implementations
            }
        reused: list[Finished] = []
        if place.former.is_dir():
            reused = list(finished_groups(place.former))
        outcome = conduct(
            self.selection,
            place.run,
            requested=(self.framework.adapter,),
            listener=self.listener,
            places={self.framework.adapter: environment},
            reused=reused,
            resume=place.begun,
        )
        if outcome.interrupted:
            raise KeyboardInterrupt
        if outcome.missing:
            place.set_aside()
            raise WorkerError("error", "; ".join(outcome.missing.values()))
        host = str(self.hosts[version].path) if version in self.hosts else ""
        place.write(ReleaseRun(version, *held(environment), defaults, host))
        shutil.rmtree(place.former, ignore_errors=True)
        if self.discard and version not in self.hosts:
            environments.remove(environment.folder)

    def environment(self, version: str) -> Environment:
        """Where one release runs: an interpreter that has it, or what is made for it."""
        adapter = self.framework.adapter
        if version in self.hosts:
            place = standing(adapter, self.hosts[version])
            if not place.complete:
                raise EnvironmentFailure(place.absence)
            return place
        recipe = self.framework.recipe(version, self.pythons)
        return environments.create(adapter, recipe, say=self.say)


def held(environment: Environment) -> tuple[str, list[str]]:
    """The Python of an environment, and what is installed in it."""
    if environment.recipe:
        return environment.recipe.version, list(environment.pins)
    packages = environment.packages
    python = packages.pop("python", "")
    return python, [f"{name}=={version}" for name, version in packages.items()]


def release_in(host: Interpreter, framework: Framework) -> str:
    """The release of a framework that an interpreter has.

    A build that was installed from a file or a repository is another than the release of its
    number: its hash or commit stands behind it.  Raises NoInterpreter.
    """
    packages = {named(name): version for name, version in host.packages}
    asked = [named(name) for name in (framework.distribution, framework.name, framework.adapter)]
    for name in asked:
        if name in packages:
            version, _, origin = packages[name].partition(" @ ")
            if not origin:
                return version
            return f"{version}{'.' if '+' in version else '+'}{mark(origin)}"
    raise NoInterpreter(f"{host.path} has no {asked[0]}, so no release of {framework.name}")


def mark(origin: str) -> str:
    """Some digits of the hash or commit of what was installed; of a folder, of its files."""
    said = origin.partition("=")[2] or origin
    if not re.fullmatch(r"[0-9a-f]{8,}", said):
        said = contents(origin.removeprefix("file://")) or sha256(origin.encode()).hexdigest()
    return said[:8]
