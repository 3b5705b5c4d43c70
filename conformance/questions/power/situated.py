"""Power over situations: an optimizer that is wrong in one situation alone, told or not.

A cell is one fault of :mod:`mutants.situated`, done in one way, by one kind of target.  It is asked
what an audit or a run asks, what its own row of the table of situations asks first: so the seconds
are those of that row where it tells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from optimizer_conformance.cases.case import Case
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.cases.situations import NAMED
from optimizer_conformance.judging.execution import carry_out, judge_answer, question_for
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.verdict import Verdict
from optimizer_conformance.mutants import situated
from optimizer_conformance.mutants.situated import FAULTS, Situated
from optimizer_conformance.questions.audit.behaviour import unrepeatable
from optimizer_conformance.questions.audit.conduct import planned
from optimizer_conformance.questions.audit.preparation import AuditRequest, Ready, documented, ready
from optimizer_conformance.workers.process import WorkerError

LIKE = "torch-adamw"
KILLED, MISSED = "killed", "missed"


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


def cells(target: str) -> Iterator[tuple[Situated, str]]:
    """Every fault of a kind of target, in every way that can be seen."""
    for fault in FAULTS.values():
        if target in fault.on:
            for way in fault.ways or ("",):
                yield fault, way


@contextmanager
def prepared(target: str, fault: str, way: str, option: str, python: Any = None) -> Iterator[Ready]:
    """A faulty optimizer, started."""
    like = f"{LIKE}-{option.replace('_', '-')}" if option else LIKE
    question = AuditRequest(situated.function(fault, way), like)
    if target == "torch":
        place = f"{situated.__file__}:torch_adamw"
        question = AuditRequest(
            place, like, python, kind="torch", options={"fault": fault, "way": way}
        )
    with ready(question) as found:
        yield found


def measured(
    target: str, fault: Situated, way: str, oracle: Oracle, python: Any = None
) -> SituatedOutcome:
    """Whether one faulty optimizer is told, by what, and how soon."""
    with prepared(target, fault.name, way, fault.option, python) as found:
        started = time.monotonic()
        told, where = asked(found, fault, oracle)
    return SituatedOutcome(
        target, fault.situation, fault.name, way, told, time.monotonic() - started, where
    )


def asked(found: Ready, fault: Situated, oracle: Oracle) -> tuple[str, str]:
    """By what it is told; empty where it is not."""
    mode = NAMED[fault.situation].mode
    if not mode and (why := unrepeatable(found)):
        return fault.situation, why
    every = sorted(planned(found, defaults=True), key=lambda case: mode not in case.mode)
    variant = documented(found.question.like)
    assert variant is not None
    for case in every:
        unit = Unit(found.subject.implementation, found.subject.device, case, (variant,))
        stated = {n: v for n, v in found.subject.defaults.items() if n in variant.defaults}
        try:
            answer = carry_out(found.subject.worker, unit, dict(stated))
        except WorkerError as error:
            if error.kind != "unsupported":
                return case.mode, str(error)
            continue
        judgement = judge_answer(
            oracle, question_for(variant, unit, answer.defaults), unit, answer, decide_only=True
        )
        if judgement.worst is Verdict.deviates:
            return case.mode, str(judgement.divergence)
    return "", ""


def blamed(target: str, oracle: Oracle, python: Any = None) -> list[str]:
    """The cases in which the right optimizer is blamed; there has to be none."""
    found = []
    for option in ("", "weight_decay"):
        with prepared(target, "", "", option, python) as right:
            told, where = asked(right, replace(FAULTS["twelve"]), oracle)
            found += [f"{option or 'plain'}, {told}: {where}"] if told else []
    return found


__all__ = ["Callable", "Case", "SituatedOutcome", "blamed", "cells", "measured"]
