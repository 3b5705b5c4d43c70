"""What no rule of the family explains: by place, by one fault, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.identification.elimination import Refutation, refutation
from conformance.identification.experiment import Experiment
from conformance.identification.prediction import Prediction, predictions, table_of
from conformance.identification.questioning import Record
from conformance.power.faults import Watched, entered
from conformance.power.mutants import Mutant, mutants
from conformance.power.programs import Course
from reference.numbers import Bound, BoundArithmetic
from reference.numbers.precision import Array
from reference.pipeline import Choices, initial_state, step

Numbers = Callable[[Experiment], BoundArithmetic]
NEAREST = 4  # rules of which mutants are tried
# Kinds of mutants that are one wrong operation, coefficient or course, and no other constant.
KINDS = ("coefficient", "operation", "course")


@dataclass(frozen=True)
class Diagnosis:
    """What is known of a formula outside the family.

    nearest      the rule that explains most elements
    refuted      its first contradiction
    parts        two rules that together explain every element, by its place, and the places
                 that the second has to itself
    fault        the one fault of ``nearest`` that explains everything, in words
    """

    nearest: Choices
    refuted: Refutation
    parts: tuple[Choices, ...] = ()
    places: tuple[int, ...] = ()
    fault: str = ""


def diagnosed(rules: Sequence[Choices], records: Sequence[Record], numbers: Numbers) -> Diagnosis:
    """The nearest rule, and what would explain the rest."""
    bad, firm = contradictions(rules, records, numbers)
    ranked = sorted((rule for rule in rules if firm[rule].any()), key=lambda rule: bad[rule].sum())
    nearest = ranked[0]
    parts, places = by_place(ranked, bad, firm)
    fault, source = "", nearest
    if not parts:
        for source in ranked[:NEAREST]:
            fault = next((m.identifier for m in explaining(source, records, numbers)), "")
            if fault:
                break
        else:
            source = nearest
    return Diagnosis(source, first(source, records, numbers), parts, places, fault)


def contradictions(
    rules: Sequence[Choices], records: Sequence[Record], numbers: Numbers
) -> tuple[dict[Choices, Array], dict[Choices, Array]]:
    """For each rule which elements contradict it anywhere, and of which it promises anything."""
    bad: dict[Choices, Array] = {}
    firm: dict[Choices, Array] = {}
    for record in records:
        for prediction in predictions(list(rules), record.experiment, numbers(record.experiment)):
            wrong: Array = np.asarray(prediction.contradicted(record.observed).any(axis=0))
            promised: Array = np.asarray(np.isfinite(prediction.table.error).any(axis=0))
            for rule in prediction.hypotheses:
                bad[rule] = np.logical_or(wrong, bad.get(rule, wrong))
                firm[rule] = np.logical_or(promised, firm.get(rule, promised))
    return bad, firm


def by_place(
    ranked: Sequence[Choices], bad: dict[Choices, Array], firm: dict[Choices, Array]
) -> tuple[tuple[Choices, ...], tuple[int, ...]]:
    """Two rules of which each element, in every experiment, follows the one or the other."""
    most = ranked[0]
    rest = bad[most]
    if rest.all():
        return (), ()
    for other in ranked[1:]:
        if not (bad[other] & rest).any() and firm[other][rest].all():
            return (most, other), tuple(map(int, np.flatnonzero(rest)))
    return (), ()


def first(rule: Choices, records: Sequence[Record], numbers: Numbers) -> Refutation:
    """The first contradiction of a rule that has one."""
    for place, record in enumerate(records, start=1):
        (found,) = predictions([rule], record.experiment, numbers(record.experiment))
        everything = np.ones(record.observed.shape[1], dtype=bool)
        refuted = refutation(found, record, everything, place)
        if refuted:
            return refuted
    raise LookupError("no record contradicts the rule")


def explaining(rule: Choices, records: Sequence[Record], numbers: Numbers) -> Iterator[Mutant]:
    """The mutants of a rule that no record contradicts, and that promise something."""
    decimals = dict(records[0].experiment.decimals)
    for mutant in mutants(rule, decimals, records[0].experiment.dtype):
        if mutant.kind not in KINDS or " alone × " in mutant.identifier:
            continue
        try:
            if fits(mutant, records, numbers):
                yield mutant
        except AttributeError:  # a course that works on an implementation's own arrays alone
            continue


def fits(mutant: Mutant, records: Sequence[Record], numbers: Numbers) -> bool:
    """Whether a mutant explains every record."""
    promised = False
    for record in records:
        with np.errstate(all="ignore"):
            course = list(walked(mutant, record.experiment, numbers(record.experiment)))
            found = Prediction((mutant,), table_of(course, record.experiment))
        if found.contradicted(record.observed).any():
            return False
        promised |= bool(np.isfinite(found.table.error).any())
    return promised


def walked(mutant: Mutant, experiment: Experiment, num: BoundArithmetic) -> Iterator[Bound]:
    """The parameter after each step of a wrong rule."""
    watched = Watched(num, mutant.fault) if mutant.fault else None
    used: Any = watched or num
    parameter = used.given(experiment.parameter)
    state = initial_state(mutant.choices, parameter, num=used)
    course = Values(num, experiment.dtype)
    decimals, rates = mutant.decimals(dict(experiment.decimals)), list(experiment.rates)
    for index, values in enumerate(experiment.gradients):
        course.index = index
        gradient = used.given(values)
        hold = mutant.forming(decimals, index + 1, rates, index, num)
        if watched:
            watched.begin()
            parameter, state = step(
                mutant.choices, entered(watched, hold), state, parameter, gradient, num=watched
            )
            yield parameter.inner
        else:
            program: Any = mutant.program
            parameter, state = program(course, mutant.choices, hold, state, parameter, gradient)
            yield parameter


class Values(Course):
    """A course over bounds: a change of the values is exact."""

    def apply(self, change: Callable[[Array], Array], x: Any) -> Any:
        """The changed values with the errors that they had."""
        return Bound(x.num, change(np.asarray(x.value)), x.error, x.nonnegative)
