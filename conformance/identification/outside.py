"""What no rule of the family explains: by place, by one fault, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.identification.elimination import Predict, Refutation, refutation
from conformance.identification.experiment import Experiment
from conformance.identification.prediction import Prediction, table_of
from conformance.identification.questioning import Record
from conformance.power.faults import Watched, entered
from conformance.power.mutants import Mutant, mutants
from conformance.power.programs import Course
from reference.numbers import Bound, BoundArithmetic
from reference.numbers.precision import Array
from reference.pipeline import Choices, initial_state, step

Numbers = Callable[[Experiment], BoundArithmetic]
NEAREST = 12  # rules of which mutants are tried
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


def diagnosed(
    rules: Sequence[Choices],
    records: Sequence[Record],
    predict: Predict[Choices],
    numbers: Numbers,
) -> Diagnosis:
    """The nearest rule, and what would explain the rest."""
    comparisons = compared(rules, records, predict)
    ranked = sorted(rules, key=lambda rule: comparisons[rule].distance)
    parts, places = by_place(comparisons)
    source, fault = ranked[0], ""
    if not parts:
        found = (
            (rule, mutant.identifier)
            for rule in ranked[:NEAREST]
            for mutant in explaining(rule, records, numbers)
        )
        source, fault = next(found, (source, ""))
    return Diagnosis(source, first(source, records, predict), parts, places, fault)


@dataclass
class Comparison:
    """One rule and everything that was observed.

    bad     elements that contradict it anywhere
    firm    elements of which it promises anything
    scores  distances in units of the bound, infinite where nothing is promised
    """

    bad: Array
    firm: Array
    scores: list[Array]

    @property
    def explained(self) -> int:
        """How many elements it promises something of, and rightly."""
        return int((self.firm & ~self.bad).sum())

    @property
    def distance(self) -> float:
        """Its usual distance: a rule that promises little is far from everything."""
        return float(np.median(np.concatenate(self.scores)))


def compared(
    rules: Sequence[Choices], records: Sequence[Record], predict: Predict[Choices]
) -> dict[Choices, Comparison]:
    """Each rule beside all records."""
    size = records[0].observed.shape[1]
    found = {
        rule: Comparison(np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), [])
        for rule in rules
    }
    for record in records:
        for prediction in predict(list(rules), record.experiment):
            bad = prediction.contradicted(record.observed)
            firm = np.isfinite(prediction.table.error)
            score = np.where(firm, prediction.score(record.observed), np.inf).ravel()
            for rule in prediction.hypotheses:
                found[rule].bad |= bad.any(axis=0)
                found[rule].firm |= firm.any(axis=0)
                found[rule].scores.append(score)
    return found


def by_place(
    comparisons: dict[Choices, Comparison],
) -> tuple[tuple[Choices, ...], tuple[int, ...]]:
    """Two rules of which each element, in every experiment, follows the one or the other."""
    most = max(comparisons, key=lambda rule: comparisons[rule].explained)
    rest = comparisons[most].bad
    if not comparisons[most].explained or not rest.any():
        return (), ()
    for other, found in comparisons.items():
        if not (found.bad & rest).any() and found.firm[rest].all():
            return (most, other), tuple(map(int, np.flatnonzero(rest)))
    return (), ()


def first(rule: Choices, records: Sequence[Record], predict: Predict[Choices]) -> Refutation:
    """The first contradiction of a rule that has one."""
    for place, record in enumerate(records, start=1):
        (found,) = predict([rule], record.experiment)
        everything = np.ones(record.observed.shape[1], dtype=bool)
        refuted = refutation(found, record, everything, place)
        if refuted:
            return refuted
    raise LookupError("no record contradicts the rule")


def explaining(rule: Choices, records: Sequence[Record], numbers: Numbers) -> Iterator[Mutant]:
    """The mutants of a rule that no record contradicts, and that promise something."""
    decimals = records[0].experiment.coefficients
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
    decimals, rates = mutant.decimals(experiment.coefficients), list(experiment.rates)
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
