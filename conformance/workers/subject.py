"""What a question is about: one implementation, served by a worker that has started.

``audit``, ``identify``, ``translate`` and ``certify`` ask a :class:`Subject`; they do not care
where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.kit import to_array, to_tensor
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.numbers.precision import Array, from_bits, to_bits
from optimizer_conformance.workers import environments, interpreters
from optimizer_conformance.workers.process import REQUEST_LIMIT, Asked, Worker
from optimizer_conformance.workers.pythons import NoInterpreter
from optimizer_conformance.workers.targets import (
    InterpreterLacks,
    TargetError,
    greeted,
    looks_like_target,
    order_for,
    order_of,
    serving,
)


class SubjectError(Exception):
    """Nothing can be asked of what was named; the message says what to do next."""


class Absent(SubjectError):  # noqa: N818 - named for the situation
    """What was named, or the framework that it needs, is not installed here."""


@dataclass(frozen=True)
class Trial:
    """What came of some steps: quantity to float64 values, steps x elements.

    ``parameter`` is always there; state only where the implementation shows it.
    """

    observed: dict[str, Array]

    @property
    def parameter(self) -> Array:
        """The parameter after each step."""
        return self.observed["parameter"]


@dataclass(frozen=True)
class Subject:
    """One implementation on one device.

    defaults  of its constructor, by canonical name; those stated as None are left out
    """

    worker: Asked
    description: protocol.Description
    implementation: protocol.Implementation
    device: str
    defaults: dict[str, float | bool | str]

    @property
    def name(self) -> str:
        """As reports print it."""
        return self.implementation.name

    @property
    def signature(self) -> protocol.TargetSignature:
        """What somebody's own optimizer was taken for; of an adapter's implementation, nothing."""
        return self.description.target or protocol.TargetSignature("")

    def steps(
        self,
        parameter: Array,
        gradients: Sequence[Array],
        hyperparameters: Mapping[str, float],
        *,
        features: Sequence[str] = (),
        dtype: str = "float32",
        rates: Sequence[float] = (),
        state: Mapping[str, Array] | None = None,
        taken: int = 0,
    ) -> Trial:
        """Open a fresh optimizer over one parameter, take a step a gradient, and close it.

        ``parameter`` and each gradient are float64 arrays of one shape, which ``dtype`` holds
        exactly; ``rates`` is the learning rate of each step, through the framework's own schedule;
        ``state`` is put in first, after ``taken`` steps.  Raises WorkerError as the worker does.
        """

        def sent(values: Array) -> protocol.Tensor:
            return to_tensor(to_bits(values, dtype))

        def values(tensor: protocol.Tensor) -> Array:
            return from_bits(to_array(tensor), tensor.dtype).ravel()

        session = self.worker.ask(
            protocol.Open(
                implementation=self.implementation.name,
                device=self.device,
                parameters=[protocol.Parameter("w", sent(parameter))],
                hyperparameters=dict(hyperparameters),
                features=list(features),
                learning_rates=list(rates),
            ),
            protocol.Opened,
        ).session
        try:
            if state:
                injected = {name: [sent(value)] for name, value in state.items()}
                self.worker.ask(protocol.SetState(session, injected, taken), protocol.Done)
            rows = [[sent(gradient)] for gradient in gradients]
            seen = self.worker.ask(protocol.Step(session, rows), protocol.Stepped).observations
        finally:
            if self.worker.alive:
                self.worker.ask(protocol.Close(session), protocol.Done)
        return Trial(
            {
                "parameter": np.stack([values(item.parameters[0]) for item in seen]),
                **{
                    name: np.stack([values(item.state[name][0]) for item in seen])
                    for name in seen[0].state
                },
            }
        )


@contextmanager
def subject(
    name: Any,
    *,
    device: str = "",
    python: str | Path | None = None,
    kind: str = "",
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    features: Sequence[str] = (),
    family: str = "",
    limit: float = REQUEST_LIMIT,
) -> Iterator[Subject]:
    """An implementation (``torch:RMSprop[foreach]``) or a TARGET (``mine.py:MyAdam``), asked here.

    ``name`` may be the optimizer's class, or the function, itself: it then lives in this process.

    An implementation runs in its adapter's environment, a target in this interpreter; both in
    ``python`` where it is named (as :func:`workers.interpreters.find` takes it).

    The rest is about targets: ``kind`` as
    :data:`adapters.targets.kinds.KINDS` has them; ``mapping`` of own arguments to canonical names;
    ``options`` that are always passed (those named as a hyperparameter replace its default, and a
    canonical name that it does not take says what is built in); ``features`` that are always on;
    ``family`` where its hyperparameters do not give it away; ``limit`` seconds for a reply.

    Raises SubjectError where there is none, Absent where it or its framework is not installed.
    """
    about_target = kind or mapping or options or features or family
    found = None if isinstance(name, str) else name
    if found is not None or about_target or looks_like_target(name, environments.ADAPTERS):
        try:
            python = interpreters.find(python) if python else interpreters.chosen()
            order = (order_for if found is None else order_of)(
                name,
                kind=kind,
                mapping=dict(mapping or {}),
                options=dict(options or {}),
                features=list(features),
                family=family,
                limit=limit,
            )
            with serving(order, found=found, python=python, limit=limit) as worker:
                yield described(worker, order.name, device, greeted(worker, python))
        except InterpreterLacks as error:
            raise Absent(f"{name}: {error}") from error
        except (TargetError, NoInterpreter) as error:
            raise SubjectError(f"{name}: {error}") from error
        return
    if python:
        try:
            elsewhere = interpreters.ask(interpreters.find(python))
        except NoInterpreter as error:
            raise SubjectError(f"{name}: {error}") from error
        with (
            interpreters.standing_in(elsewhere),
            subject(name, device=device, limit=limit) as asked,
        ):
            yield asked
        return
    adapter = name.partition(":")[0]
    if adapter not in environments.ADAPTERS:
        raise SubjectError(
            f"{name!r} is no implementation (`conformance list` shows them) and no target "
            "(module:object or path/to/file.py:object)"
        )
    environment = environments.locate(adapter)
    if not environment.complete:
        raise Absent(f"{adapter}: {environment.absence}")
    with Worker(environment.command, limit=limit) as worker:
        yield described(worker, name, device)


def described(
    worker: Asked,
    name: str,
    device: str = "",
    description: protocol.Description | None = None,
) -> Subject:
    """The implementation ``name`` of a worker that has just started."""
    description = description or worker.hello()
    found = {item.name: item for item in description.implementations}
    if name not in found:
        hint = nearest.implementations(name, found)
        raise SubjectError(f"{description.adapter} has no {name!r}{hint}")
    item = found[name]
    if not item.devices:
        raise Absent(f"{name} cannot run here: {description.unavailable or 'no device'}")
    if device and device not in item.devices:
        raise SubjectError(
            f"{name} does not run on {device!r}; it runs on {', '.join(item.devices)}"
        )
    probed = worker.ask(protocol.Probe(name), protocol.Probed).defaults
    defaults = {key: value for key, value in probed.items() if value is not None}
    return Subject(worker, description, item, device or item.devices[0], defaults)
