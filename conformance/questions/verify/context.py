"""What checks may use: workers, probe scripts and their environments, started when first asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from optimizer_conformance.adapters import protocol
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.verify import scripts
from optimizer_conformance.reference import nearest
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import Worker, WorkerError, command_for

if TYPE_CHECKING:
    from pathlib import Path


class Missing(Exception):  # noqa: N818 - named for the situation
    """A framework cannot be asked here; ``adapter`` says which, the message what would help."""

    def __init__(self, adapter: str, why: str) -> None:
        super().__init__(why)
        self.adapter = adapter


class Context:
    """Workers and scripts of one verification.  Use as a context manager.

    ``pythons`` replaces the interpreters of adapters (tests use their own).
    """

    def __init__(
        self,
        *,
        pythons: dict[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.pythons = dict(pythons or {})
        self.say = say
        self.oracle = Oracle()
        self._workers: dict[str, tuple[Worker, protocol.Description]] = {}
        self._planned: dict[tuple[str, str], dict[str, None]] = {}
        self._answers: dict[tuple[str, str], scripts.Answers] = {}

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker, _ in self._workers.values():
            worker.close()

    def python(self, adapter: str) -> str | Path:
        """The interpreter of an adapter's environment.  Raises Missing where there is none."""
        if adapter in self.pythons:
            return self.pythons[adapter]
        try:
            environment = environments.locate(adapter)
        except KeyError:
            raise Missing(
                adapter, f"this version has no adapter {adapter!r}; CONTRIBUTING.md shows how"
            ) from None
        if not environment.complete:
            raise Missing(adapter, f"{adapter}: {environment.absence}")
        return environment.python

    def command(self, adapter: str) -> list[str]:
        """What starts the adapter's worker.  Raises Missing where there is no environment."""
        python = self.python(adapter)
        if adapter in self.pythons or environments.locate(adapter).enrolment.manifest is None:
            return command_for(adapter, python)
        return environments.locate(adapter).command

    def surroundings(self, adapter: str) -> tuple[str | Path, dict[str, str]]:
        """The interpreter of probe scripts, and what they are told of their environment.

        An environment in another language has no interpreter: this one asks it, in its folder.
        """
        python = self.python(adapter)
        if adapter in self.pythons or environments.locate(adapter).enrolment.manifest is None:
            return python, {}
        return sys.executable, {"CONFORMANCE_ENVIRONMENT": str(environments.locate(adapter).folder)}

    def worker(self, adapter: str) -> tuple[Worker, protocol.Description]:
        """The adapter's worker, and what it said about itself.  Raises Missing without a device."""
        if adapter not in self._workers:
            self.say(f"{adapter}: starting")
            worker = Worker(self.command(adapter))
            try:
                self._workers[adapter] = worker, worker.hello()
            except WorkerError:
                worker.close()
                raise
        worker, description = self._workers[adapter]
        if not description.devices:
            raise Missing(adapter, f"{adapter}: {description.unavailable}")
        return worker, description

    def implementation(
        self, name: str
    ) -> tuple[Worker, protocol.Description, protocol.Implementation]:
        """The worker that has the implementation ``adapter:object``.

        Raises Missing where it cannot run, KeyError where the adapter has none of that name.
        """
        worker, description = self.worker(name.partition(":")[0])
        found = {item.name: item for item in description.implementations}
        if name not in found:
            hint = nearest.implementations(name, found)
            raise KeyError(f"{description.adapter} has no {name}{hint}")
        if not found[name].devices:
            raise Missing(description.adapter, missing_device(found[name]))
        return worker, description, found[name]

    def plan(self, adapter: str, file: str, calls: Iterable[str]) -> None:
        """Say which calls will be asked for, so that one process answers all."""
        self._planned.setdefault((adapter, file), {}).update(dict.fromkeys(calls))

    def answers(self, adapter: str, file: str, call: str) -> scripts.Answers:
        """The answers of a probe file, ``call`` among them.  Raises Missing or ScriptError."""
        key = (adapter, file)
        known = self._answers.get(key)
        if known is None or (call not in known.observed and call not in known.failed):
            self.plan(adapter, file, [call])
            path, (python, told) = scripts.place(adapter, file), self.surroundings(adapter)
            count = len(self._planned[key])
            self.say(f"{adapter}: {file}.py, {count} call{'s' * (count != 1)}")
            self._answers[key] = scripts.carry_out(python, path, self._planned[key], told=told)
        return self._answers[key]


def missing_device(implementation: protocol.Implementation) -> str:
    """Why an implementation of an adapter that runs has no device itself."""
    reason = implementation.gaps.get("device", "it has no device")
    return f"{implementation.name} cannot run here: {reason}"
