"""Power over situations: an optimizer that is wrong in one situation alone, told or not.

A cell is one fault of :mod:`mutants.situated`, done in one way, by one kind of target.  It is asked
what an audit asks, what its own row of the table of situations asks first: so the seconds are those
of that row where it tells.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optimizer_conformance.cases.case import draw_cases
from optimizer_conformance.cases.plan import Selection, Unit, units
from optimizer_conformance.cases.situations import NAMED, SITUATIONS
from optimizer_conformance.judging.execution import carry_out, judge_answer, question_for
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.mutants import situated
from optimizer_conformance.mutants.execution import rewritten
from optimizer_conformance.mutants.situated import FAULTS, Situated
from optimizer_conformance.mutants.styles import Style, generated
from optimizer_conformance.questions.audit.behaviour import repeated, unrepeatable
from optimizer_conformance.questions.audit.conduct import planned
from optimizer_conformance.questions.audit.preparation import AuditRequest, Ready, documented, ready
from optimizer_conformance.questions.power.measurement import Rewriting, question_of
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.workers.process import Asked, Worker, WorkerError, command_for

LIKE = "torch-adamw"
# The same faults as a function on arrays, as somebody's class of PyTorch, and behind the adapter.
TARGETS = ("function", "torch", "adapter")
# Rules that are written in every legal way, and the modes in which they are judged: a loop is the
# framework's own, and in others no more is asked of arithmetic.
REWRITTEN = ("torch-adamw-weight-decay", "torch-rmsprop", "torch-sgd-momentum")
MEETING = ("magnitudes", "boundaries", "rates", "mixed", "shapes", "steps")
ALIKE = 67  # elements of the largest array
MANY_STEPS = 12  # of so many styles one takes a thousand steps
ADAPTER = Path(situated.__file__).with_name("situated_adapter.py")


@dataclass(frozen=True)
class SituatedOutcome:
    """One cell.

    target     kind of target
    situation  row of the table
    fault, way what is done wrongly, and when
    told       by which mode of cases it was told; empty where it was not
    seconds    until it was told, or until all was asked
    """

    target: str
    situation: str
    fault: str
    way: str
    told: str
    seconds: float
    divergence: str = ""


def faults(target: str, *, quick: bool = False) -> Iterator[tuple[Situated, str]]:
    """Every fault of a kind of target, in every way that can be seen, or in one."""
    kind = "torch" if target == "adapter" else target
    for fault in FAULTS.values():
        if kind in fault.on:
            for way in (fault.ways or ("",))[: 1 if quick else None]:
                yield fault, way


def like(option: str) -> str:
    """The document that a fault is held against."""
    return f"{LIKE}-{option.replace('_', '-')}" if option else LIKE


@contextmanager
def prepared(target: str, fault: str, way: str, option: str, python: Any = None) -> Iterator[Ready]:
    """A faulty optimizer, started."""
    question = AuditRequest(situated.function(fault, way), like(option))
    if target == "torch":
        place = f"{situated.__file__}:torch_adamw"
        chosen = {"fault": fault, "way": way}
        question = AuditRequest(place, like(option), python, kind="torch", options=chosen)
    with ready(question) as found:
        yield found


def conduct(target: str, python: Any = None, *, quick: bool = False) -> Iterator[SituatedOutcome]:
    """Every cell of a kind of target."""
    oracle = Oracle()
    if target == "adapter":
        with Worker(command_for(str(ADAPTER), python), readable=[str(ADAPTER.parent)]) as worker:
            worker.hello()
            for fault, way in faults(target, quick=quick):
                yield through_adapter(worker, fault, way, oracle)
        return
    for fault, way in faults(target, quick=quick):
        with prepared(target, fault.name, way, fault.option, python) as found:
            started = time.monotonic()
            told, where = asked(found, fault, oracle)
        seconds = time.monotonic() - started
        yield SituatedOutcome(target, fault.situation, fault.name, way, told, seconds, where)


def through_adapter(worker: Asked, fault: Situated, way: str, oracle: Oracle) -> SituatedOutcome:
    """One cell as a run meets it."""
    name = f"situated:{fault.name}[{way or 'own'}]"
    started = time.monotonic()
    every = of_adapter(worker, name)
    mode, features = NAMED[fault.situation].mode, (fault.option,) if fault.option else ()
    every.sort(key=lambda u: (mode not in u.case.mode, u.case.features != features))
    told, where = first_told(worker, every, {}, oracle)
    seconds = time.monotonic() - started
    return SituatedOutcome("adapter", fault.situation, fault.name, way, told, seconds, where)


def of_adapter(worker: Asked, name: str) -> list[Unit]:
    """What is asked of one implementation of the adapter."""
    item = next(item for item in worker.hello().implementations if item.name == name)
    return list(units(item, Selection(profile="audit"), {}))


def asked(found: Ready, fault: Situated, oracle: Oracle) -> tuple[str, str]:
    """By what it is told; empty where it is not."""
    mode = NAMED[fault.situation].mode
    again = NAMED[fault.situation].kind == "again"
    if again and (why := unrepeatable(found) or repeated(found)[1]):
        return fault.situation, why
    variant = documented(found.question.like)
    assert variant is not None
    item, device = found.subject.implementation, found.subject.device
    if fault.situation in item.misbehaves:
        return fault.situation, item.gaps[fault.situation]
    every = sorted(planned(found, defaults=True), key=lambda case: mode not in case.mode)
    stated = {n: v for n, v in found.subject.defaults.items() if n in variant.defaults}
    asked_units = [Unit(item, device, case, (variant,)) for case in every]
    return first_told(found.subject.worker, asked_units, dict(stated), oracle)


def first_told(
    worker: Asked, every: Sequence[Unit], stated: dict[str, object], oracle: Oracle
) -> tuple[str, str]:
    """The mode of the first case that contradicts its document, and where it does."""
    for unit in every:
        variant: Variant = unit.claimed[0]
        try:
            answer = carry_out(worker, unit, stated)
        except WorkerError as error:
            if error.kind != "unsupported":
                return unit.case.mode, str(error)
            continue
        judgement = judge_answer(
            oracle, question_for(variant, unit, answer.defaults), unit, answer, decide_only=True
        )
        if judgement.worst is Verdict.deviates:
            return unit.case.mode, str(judgement.divergence)
    return "", ""


def blamed(target: str, python: Any = None) -> list[str]:
    """The cases in which the right optimizer is blamed; there has to be none."""
    oracle, found = Oracle(), []
    if target == "adapter":
        with Worker(command_for(str(ADAPTER), python), readable=[str(ADAPTER.parent)]) as worker:
            told, where = first_told(worker, of_adapter(worker, "situated:right"), {}, oracle)
        return [f"adapter, {told}: {where}"] if told else []
    for option in ("", "weight_decay"):
        with prepared(target, "", "", option, python) as right:
            told, where = asked(right, FAULTS["twelve"], oracle)
        found += [f"{target}, {option or 'plain'}, {told}: {where}"] if told else []
    return found


def legal(*, quick: bool = False) -> Iterator[Rewriting]:
    """Every generated way of writing a rule, put into the situations that need no training loop.

    One row a rule, format and mode, whose style is the mode; ``quick``: of every eighth.
    """
    oracle = Oracle()
    for variant in map(VARIANTS.__getitem__, REWRITTEN[: 1 if quick else None]):
        for dtype in ("float32",) if quick else ("float32", "float64", "float16", "bfloat16"):
            styles = generated(dtype)[:: 8 if quick else 1]
            for mode in MEETING:
                some = styles[:: MANY_STEPS if mode == "steps" else 1]
                yield together(oracle, variant, dtype, mode, some)


def together(
    oracle: Oracle, variant: Variant, dtype: str, mode: str, styles: Sequence[Style]
) -> Rewriting:
    """One mode in every style."""
    features = tuple(sorted(variant.features))
    cases = draw_cases(variant.family, features, dtype, mode, "audit", 0)
    # Where an element stands is nothing to arithmetic: the largest array adds no experiment.
    asked_ = [question_of(variant, replace(case, size=min(case.size, ALIKE))) for case in cases]
    many = len(styles) * bool(asked_)
    found = Rewriting(variant.identifier, dtype, mode, ways=many)
    for seed, style in enumerate(styles):
        for plain in asked_:
            question = replace(plain, profile=style.profile)
            judgement = judge(oracle, question, rewritten(question, style, seed))
            found.element_steps += sum(sum(item.counts) for item in judgement.parameters)
            if judgement.worst is Verdict.deviates:
                where = f"{question.case.identifier}: {judgement.divergence}"
                found.alarms.append(f"{style.name}, {where}")
    return found


def rows(outcomes: Sequence[SituatedOutcome]) -> Iterator[dict[str, Any]]:
    """A row a situation and kind of target, and one for what no fault stands for."""
    for situation in SITUATIONS:
        for target in TARGETS:
            mine = [i for i in outcomes if (i.situation, i.target) == (situation.name, target)]
            if mine:
                yield {
                    "situation": situation.name,
                    "target": target,
                    "cells": len(mine),
                    "told": sum(bool(item.told) for item in mine),
                    "seconds": f"{max(item.seconds for item in mine):.1f}",
                }
