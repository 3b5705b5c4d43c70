"""TARGETs: somebody's own optimizer, as it is named on the command line or in a library call."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.target import Target
from optimizer_conformance.adapters.targets.kinds import KINDS
from optimizer_conformance.adapters.targets.order import Order
from optimizer_conformance.adapters.worker import Server
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.workers import hearsay
from optimizer_conformance.workers.description import contradiction
from optimizer_conformance.workers.process import (
    MEMORY_LIMIT,
    REQUEST_LIMIT,
    Asked,
    Refused,
    Worker,
    WorkerError,
)
from optimizer_conformance.workers.process import command_for as command_of_adapter

R = TypeVar("R")
# What targets import as theirs; of any other module that is missing the target is at fault.
FRAMEWORKS = ("torch", "jax", "optax", "flax", "keras", "tensorflow", "mindspore", "mlx", "paddle")
LACKED = re.compile(r"No module named '(\w+)[.\w]*'")


class TargetError(Exception):
    """What was named is no target, or nothing can be asked of it; the message says why."""


class InterpreterLacks(Exception):  # noqa: N818 - named for the situation
    """The interpreter that was named lacks what a worker needs; the message says the remedy."""


def looks_like_target(name: str, known: Mapping[str, object]) -> bool:
    """Whether a name is a TARGET and no implementation of the adapters ``known``."""
    place, colon, rest = name.rpartition(":")
    return bool(colon and rest) and (place.endswith(".py") or place not in known)


def order_for(name: str, **choices: Any) -> Order:
    """The order for a TARGET: ``module:object`` or ``path/to/file.py:object``.

    ``choices`` are further fields of the order.  Raises TargetError for another form, a file that
    does not exist or a kind that nobody knows.
    """
    place, _, member = name.rpartition(":")
    if not place or not member:
        raise TargetError(f"{name!r} is no target: write module:object or path/to/file.py:object")
    kind = choices.get("kind", "")
    if kind and kind not in KINDS:
        raise TargetError(f"no kind {kind!r}{suggestion(kind, KINDS)}")
    paths = [str(Path.cwd())]
    if place.endswith(".py"):
        path = Path(place).absolute()
        if not path.is_file():
            raise TargetError(f"{place} does not exist")
        place, paths = str(path), [str(path.parent), *paths]
    # A worker's environment has no PYTHONPATH, which would point at this project's packages too.
    listed = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths += [str(Path(folder).absolute()) for folder in listed if folder]
    return Order(place=place, object=member, paths=list(dict.fromkeys(paths)), **choices)


def order_of(found: Any, **choices: Any) -> Order:
    """The order for an object of this process."""
    if choices.get("kind") and choices["kind"] not in KINDS:
        raise TargetError(f"no kind {choices['kind']!r}{suggestion(choices['kind'], KINDS)}")
    name = getattr(found, "__qualname__", type(found).__name__)
    return Order(place="", object=name, **choices)


def command_for(order: Order, python: str | Path | None = None) -> list[str]:
    """The command that starts a worker with the target in the interpreter ``python``.

    Raises TargetError where there is no such interpreter.
    """
    interpreter = str(python or sys.executable)
    if shutil.which(interpreter) is None:
        raise TargetError(f"--python {interpreter}: no such program")
    return command_of_adapter(msgspec.json.encode(order).decode(), interpreter)


class LocalWorker:
    """The same server without a process: for an object that lives in this one.

    Nothing confines it, and nothing ends it when it hangs.
    """

    alive = True

    def __init__(self, order: Order, found: Any) -> None:
        self.server = Server(Target(order, found))

    def hello(self) -> protocol.Description:
        """As of a worker."""
        description = self.ask(protocol.Hello(), protocol.Description)
        if wrong := contradiction(description):
            raise WorkerError("error", wrong)
        return hearsay.description(description)

    def ask(self, request: protocol.Request, kind: type[R], limit: float | None = None) -> R:
        """As of a worker; there is no limit."""
        reply = self.server.answer(request)
        if isinstance(reply, protocol.Failure):
            raise Refused(reply)
        if not isinstance(reply, kind):
            raise WorkerError("error", f"asked for {kind.__name__}, got {type(reply).__name__}")
        return reply

    def close(self) -> None:
        """Nothing is left over."""


@contextmanager
def serving(
    order: Order,
    *,
    found: Any = None,
    python: str | Path | None = None,
    limit: float = REQUEST_LIMIT,
    memory: int = MEMORY_LIMIT,
) -> Iterator[Asked]:
    """A worker with a target; ``found`` is the object itself, if it lives in this process."""
    if found is not None:
        yield LocalWorker(order, found)
        return
    command = command_for(order, python)
    with Worker(command, limit=limit, memory=memory, readable=order.paths) as worker:
        yield worker


def framework(message: str) -> str:
    """The framework that a message says is not there; empty where it says nothing of one."""
    found = LACKED.search(message)
    return found[1] if found and found[1] in FRAMEWORKS else ""


def greeted(worker: Asked, python: str | Path | None = None) -> protocol.Description:
    """What the target is.

    Raises TargetError where it cannot be used, Missing where the interpreter cannot, and
    WorkerError where it hangs or dies while it is imported.
    """
    try:
        return worker.hello()
    except Refused as error:
        if lacking := framework(error.failure.message):
            interpreter = python or sys.executable
            raise InterpreterLacks(
                f"{interpreter} has no {lacking}, which it imports: name an interpreter that has "
                f"it with --python, or {interpreter} -m pip install {lacking}"
            ) from error
        if error.failure.exception in ("BadTarget", "Misbehaviour"):
            raise TargetError(error.failure.message) from error
        raise
    except WorkerError as error:
        if "No module named 'numpy'" in str(error):
            interpreter = python or sys.executable
            raise InterpreterLacks(
                f"{interpreter} has no numpy, which the worker needs beside the target's own "
                f"framework: {interpreter} -m pip install numpy"
            ) from error
        raise
