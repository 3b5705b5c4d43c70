"""What an optimizer does whatever its formula: the same twice, to each parameter by itself, …

Only bits are compared here; a formula is not asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.case import MAIN_DTYPE
from optimizer_conformance.cases.situations import MANY
from optimizer_conformance.mutants.mutants import used
from optimizer_conformance.questions.audit.preparation import Ready
from optimizer_conformance.reference.rules import Rule, extent
from optimizer_conformance.workers.configuration import SEED, VALUES, Setting, arrays, offered
from optimizer_conformance.workers.process import Asked, WorkerError

STEPS = 3
FEW = 24  # past the steps in which a rule may not use a hyperparameter yet, as RAdam's first five
RUNS = 9  # with all other cases a fault of one call in five thousand meets two of them or more


def setting(ready: Ready) -> Setting:
    """Ordinary values, two parameters, a few steps."""
    item = ready.subject.implementation
    dtype = MAIN_DTYPE if MAIN_DTYPE in item.dtypes else item.dtypes[0]
    generator = np.random.Generator(np.random.Philox(SEED))
    given = {name: VALUES[name][0] for name in offered(item, ready.features)}
    return Setting(
        item,
        ready.subject.device,
        ready.features,
        dtype,
        arrays(dtype, 2, generator, 1.0),
        tuple(arrays(dtype, 2, generator, scale) for scale in (1.0, 0.125, 0.5)),
        given | {name: float(value) for name, value in ready.fixed.items()},
    )


def ended(worker: Asked, asked: Setting) -> list[bytes]:
    """The bits of the parameters after the steps of a fresh optimizer."""
    session = worker.ask(asked.request(), protocol.Opened).session
    rows = [asked.row(index) for index in range(len(asked.gradients))]
    seen = worker.ask(protocol.Step(session, rows), protocol.Stepped).observations
    worker.ask(protocol.Close(session), protocol.Done)
    return [tensor.data for tensor in seen[-1].parameters]


def unrepeatable(ready: Ready) -> str:
    """Why two runs of the same steps differ; empty where they do not."""
    asked = setting(ready)
    worker = ready.subject.worker
    first, second = ended(worker, asked), ended(worker, asked)
    alone = isinstance(ready.question.target, str)
    if first == second and not (alone and ready.question.profile == "audit"):
        return ""
    with ready.afresh() as other:
        again = ended(other.worker, asked)
        later = ended(other.worker, asked)
    if first == second == again == later:
        return ""
    if first == second and again == later:
        return "the same steps give other bits in another process"
    if alone and (again, later) == (first, second):
        return (
            "two optimizers that are made alike do not do the same: it keeps state outside of "
            "itself, where the second finds what the first one left"
        )
    return "two runs of the same steps differ: it is not deterministic"


def repeated(ready: Ready, most: float = 8.0) -> tuple[int, str]:
    """How many steps were taken in all, and what differs when the same are taken again and again.

    A run is as long as the longest trajectory; after ``most`` seconds no other is begun.
    """
    asked = setting(ready)
    short = replace(
        asked,
        values=asked.values[:1],
        gradients=tuple(asked.gradients[index % STEPS][:1] for index in range(MANY)),
    )
    started, first, taken = time.monotonic(), b"", 0
    for _ in range(RUNS):
        rows = course(ready.subject.worker, short)
        first = first or rows
        taken += MANY
        if rows != first:
            size = len(rows) // MANY
            ends = range(size, len(rows) + 1, size)
            step = next(n for n, end in enumerate(ends) if rows[:end] != first[:end])
            return taken, (
                f"the same {MANY:,} steps taken again and again: step {step + 1} gave other bits "
                f"once, after {taken:,} in all"
            )
        if time.monotonic() - started > most:
            break
    return taken, ""


def course(worker: Asked, asked: Setting) -> bytes:
    """The bits of the only parameter after each step of a fresh optimizer."""
    session = worker.ask(asked.request(), protocol.Opened).session
    rows = [asked.row(index) for index in range(len(asked.gradients))]
    seen = worker.ask(protocol.Step(session, rows), protocol.Stepped).observations
    worker.ask(protocol.Close(session), protocol.Done)
    return b"".join(item.parameters[0].data for item in seen)


def influences(ready: Ready) -> Iterator[str]:
    """Whether what it does to an element depends on others."""
    asked, worker = setting(ready), ready.subject.worker
    together = ended(worker, asked)
    alone = replace(
        asked, values=asked.values[1:], gradients=tuple(row[1:] for row in asked.gradients)
    )
    if ended(worker, alone)[0] != together[1]:
        yield "what it does to a parameter depends on the other parameters"
        return
    half = asked.values[0].size // 2
    part = replace(
        asked,
        values=(asked.values[0][:half],),
        gradients=tuple((row[0][:half],) for row in asked.gradients),
    )
    # A vector's tail may round in another way than its body, so that a few bits say nothing.
    pieces = np.frombuffer(ended(worker, part)[0], np.uint8)
    whole = np.frombuffer(together[0], np.uint8)[: pieces.size]
    per = pieces.size // half
    apart = (pieces != whole).reshape(half, per).any(axis=1)
    if apart.all() and extent(asked.implementation.family, ready.features) == "parameter":
        yield "what it does to an element depends on the other elements of its parameter"


def ignored(ready: Ready, rule: Rule) -> Iterator[str]:
    """The hyperparameters of a rule that it takes and that change nothing in ``FEW`` steps."""
    asked, worker = setting(ready), ready.subject.worker
    asked = replace(asked, gradients=asked.gradients * (FEW // STEPS))
    whole = ended(worker, asked)
    for name in used(rule, dict.fromkeys(asked.hyperparameters, "")):
        if name in ready.subject.implementation.hyperparameters:
            changed = {**asked.hyperparameters, name: VALUES[name][1]}
            if ended(worker, replace(asked, hyperparameters=changed)) == whole:
                yield name


__all__ = ["WorkerError", "ignored", "influences", "repeated", "unrepeatable"]
