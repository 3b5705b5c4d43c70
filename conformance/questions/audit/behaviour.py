"""What an optimizer does whatever its formula: the same twice, to each parameter by itself, …

Only bits are compared here; a formula is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.case import MAIN_DTYPE
from optimizer_conformance.mutants.mutants import used
from optimizer_conformance.questions.audit.preparation import Ready
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.workers.configuration import SEED, VALUES, Setting, arrays, offered
from optimizer_conformance.workers.process import Asked, WorkerError

STEPS = 3


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
    rows = [asked.row(index) for index in range(STEPS)]
    seen = worker.ask(protocol.Step(session, rows), protocol.Stepped).observations
    worker.ask(protocol.Close(session), protocol.Done)
    return [tensor.data for tensor in seen[-1].parameters]


def unrepeatable(ready: Ready) -> str:
    """Why two runs of the same steps differ; empty where they do not."""
    asked = setting(ready)
    worker = ready.subject.worker
    first, second = ended(worker, asked), ended(worker, asked)
    if first == second:
        return ""
    with ready.afresh() as other:
        again = ended(other.worker, asked)
        later = ended(other.worker, asked)
    if isinstance(ready.question.target, str) and (again, later) == (first, second):
        return (
            "two optimizers that are made alike do not do the same: it keeps state outside of "
            "itself, where the second finds what the first one left"
        )
    return "two runs of the same steps differ: it is not deterministic"


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
    if apart.all() and "centralize" not in ready.features:
        yield "what it does to an element depends on the other elements of its parameter"


def ignored(ready: Ready, rule: Rule) -> Iterator[str]:
    """The hyperparameters of a rule that it takes and that change nothing."""
    asked, worker = setting(ready), ready.subject.worker
    whole = ended(worker, asked)
    for name in used(rule, dict.fromkeys(asked.hyperparameters, "")):
        if name in ready.subject.implementation.hyperparameters:
            changed = {**asked.hyperparameters, name: VALUES[name][1]}
            if ended(worker, replace(asked, hyperparameters=changed)) == whole:
                yield name


__all__ = ["WorkerError", "ignored", "influences", "unrepeatable"]
