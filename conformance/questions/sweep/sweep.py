"""``sweep``: every input of a step, stepped by an implementation and judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer_conformance.questions.sweep import cuda
from optimizer_conformance.questions.sweep.documented import documented
from optimizer_conformance.questions.sweep.engines import SweepEngine
from optimizer_conformance.questions.sweep.findings import Findings
from optimizer_conformance.questions.sweep.record import Settings, Sweep
from optimizer_conformance.questions.sweep.slices import Slice, slice_of
from optimizer_conformance.questions.sweep.stepping import Stepping, stepping
from optimizer_conformance.questions.translate.settings import (
    OptimizerSetting,
    checked,
    setting,
    words,
)
from optimizer_conformance.reference.variants.record import Variant
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.subject import Subject, SubjectError, subject

BLOCK = 1 << 20  # elements: a row is as large as a core's second cache, or a few of them
COMPILED_BLOCK = 1 << 23  # where each optimizer that is opened is compiled first
SAVED = 10.0  # seconds after which what has been found is kept

Progress = Callable[[int, int, str], None]
Save = Callable[[Sweep], None]


@dataclass(frozen=True)
class SweepRequest:
    """What a sweep is asked to go through; ``part`` of ``parts`` shards, counted from 1."""

    kind: str = "first"
    dtype: str = "float32"
    against: str = ""
    parameter: float | None = None
    varying: str = ""
    beside: tuple[str, ...] = ()
    part: int = 1
    parts: int = 1
    block: int = 0


def sweep(
    implementation: str,
    given: Iterable[str] = (),
    request: SweepRequest = SweepRequest(),
    *,
    device: str = "",
    python: str | Path | None = None,
    earlier: Sweep | None = None,
    progress: Progress = lambda done, size, words: None,
    save: Save = lambda found: None,
    saved: float = SAVED,
) -> Sweep:
    """Step an implementation over every element of a slice, and judge each result.

    ``given`` are ``name=value`` words; ``earlier`` is where an interrupted sweep with the same
    settings got to.  ``save`` gets what has been found every ``saved`` seconds and at the end.

    Raises SubjectError for what cannot be asked, HyperparameterError for a value that cannot be
    meant, and WorkerError where a worker cannot answer.
    """
    given = checked(given)
    with ExitStack() as stack:
        stack.enter_context(interpreters.within(python))
        progress(0, 1, f"{implementation}: starting")
        asked = stack.enter_context(subject(implementation, device=device))
        told = setting(asked, words(given, asked.implementation.family))
        variant = documented(asked, told, request.against)
        whole = gone_through(asked, told, variant, request)
        others = [stack.enter_context(other(name, asked.device)) for name in request.beside]
        settings = asked_for(asked, told, variant, whole, request)
        if earlier is not None and earlier.settings != settings:
            raise SubjectError("the sweep that is kept there was asked for something else")
        engine = cuda.engine(asked.device)
        size = min(request.block or block_of(asked, whole, engine), settings.size)
        running = [
            stack.enter_context(stepping(one, whole, told.numbers, told.features, size, engine))
            for one in (asked, *others)
        ]
        found = Findings(settings, whole, asked, others, engine)
        if earlier is not None:
            found.go_on(earlier)
        found.learn(running[0])
        return carried_out(found, running, size, progress, save, saved)


def other(name: str, device: str) -> AbstractContextManager[Subject]:
    """What is compared: an implementation there, or ``NAME@DEVICE``."""
    name, _, elsewhere = name.partition("@")
    return subject(name, device=elsewhere or device)


def block_of(asked: Subject, whole: Slice, engine: SweepEngine) -> int:
    """How many elements are stepped at a time, where nobody says so."""
    if isinstance(engine, cuda.Cuda):
        return engine.block(whole.start)
    return COMPILED_BLOCK if asked.implementation.compiled else BLOCK


def gone_through(
    asked: Subject, told: OptimizerSetting, variant: Variant, request: SweepRequest
) -> Slice:
    """The slice, and what of it the implementation shows.  Raises SubjectError for none."""
    item = asked.implementation
    if request.dtype not in item.dtypes:
        raise SubjectError(f"{item.name} has no {request.dtype}; it has {', '.join(item.dtypes)}")
    try:
        found = slice_of(
            request.kind,
            variant.rule,
            request.dtype,
            {name: told.decimals[name] for name in variant.rule.hyperparameters},
            parameter=request.parameter,
            varying=request.varying,
            profile=item.arithmetic.get(asked.device, "ieee"),
        )
    except ValueError as error:
        raise SubjectError(str(error)) from error
    missing = set(variant.rule.state) - set(item.state)
    if found.start.taken and (missing or not item.settable):
        raise SubjectError(f"{item.name} lets nobody put in {', '.join(sorted(missing)) or 'it'}")
    shown = tuple(name for name in found.start.quantities if name not in missing)
    return replace(found, start=replace(found.start, shown=shown))


def asked_for(
    asked: Subject, told: OptimizerSetting, variant: Variant, whole: Slice, request: SweepRequest
) -> Settings:
    """All that decides what a sweep comes to."""
    first, last = (whole.size * part // request.parts for part in (request.part - 1, request.part))
    start = whole.start
    return Settings(
        asked.name,
        asked.description.versions,
        asked.device,
        variant.identifier,
        start.dtype,
        whole.kind,
        told.decimals,
        list(told.features),
        start.parameter,
        list(start.gradients),
        dict(start.state),
        start.taken,
        list(start.varying),
        first,
        last - first,
        whole.size,
        list(request.beside),
    )


def carried_out(
    found: Findings,
    running: Sequence[Stepping],
    size: int,
    progress: Progress,
    save: Save,
    pause: float,
) -> Sweep:
    """Block after block, from where it stands."""
    settings, began = found.settings, time.monotonic()
    end = settings.first + settings.size
    places = [(at, min(size, end - at)) for at in range(settings.first + found.done, end, size)]
    saved, before = began, found.seconds
    for rows in zip(*(one.blocks(places) for one in running), strict=True):
        found.add(rows[0][0], [seen for _, seen in rows])
        now = time.monotonic()
        found.seconds = before + now - began
        if now - saved >= pause:
            save(found.sweep())
            saved = now
        progress(found.done, settings.size, settings.implementation)
    result = found.sweep()
    save(result)
    return result
