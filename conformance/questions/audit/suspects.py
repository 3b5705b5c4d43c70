"""Which wrong rule explains what was seen: each is run over the same inputs, on running bounds.

The wrong rules are the mutants of :mod:`questions.power`, by which our own detection is measured;
beside them stand constants that take the place of a hyperparameter, whatever was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import Answer, question_for
from optimizer_conformance.judging.oracle import (
    WIDEST,
    Question,
    Table,
    arithmetic,
    blocks,
    inputs_of,
    ordinary,
)
from optimizer_conformance.judging.verdict import inside
from optimizer_conformance.mutants.coefficients import Forming, Rates, formed
from optimizer_conformance.mutants.execution import walk
from optimizer_conformance.mutants.mutants import Mutant, mutants, used
from optimizer_conformance.mutants.programs import NARROWER, Course, Program, narrowing, plain
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import IDEAL, Bound, Hyper
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule, State
from optimizer_conformance.reference.variants import VARIANTS, Variant

# How it is said in words: the kinds that name one cause before those that name a symptom.
MULTIPLES = tuple(
    Fraction(text) for text in ("2", "1/2", "10", "1/10", "100", "1/100", "1000", "1/1000")
)
KINDS = ("constant", "coefficient", "course", "choice", "operation", "storage")


class BoundCourse(Course):
    """A course on bounds."""

    def apply(self, change: Callable[[Array], Array], x: Bound) -> Bound:
        """The ends of an interval go where they go: no change here turns the order."""
        value = np.asarray(change(np.asarray(x.value)))
        ends = [np.asarray(change(np.asarray(x.value + sign * x.error))) for sign in (1, -1)]
        error = np.maximum(*(np.abs(end - value) for end in ends))
        return Bound(self.num, value, np.where(np.isnan(error), 0.0, error), x.nonnegative)

    def values(self, x: Bound) -> Array:
        """Gradients are exact, and of nothing else the values are asked for."""
        return np.asarray(x.value)

    def chosen(self, where: Array, old: Bound, now: Bound) -> Bound:
        """Element by element."""
        return Bound(
            self.num,
            np.where(where, old.value, now.value),
            np.where(where, old.error, now.error),
            old.nonnegative and now.nonnegative,
        )


@dataclass(frozen=True)
class Suspect:
    """A wrong rule that every answer agrees with.

    told  elements that contradict the claimed rule and lie inside this one's bound
    """

    mutant: Mutant
    told: int


def bounded(question: Question, mutant: Mutant) -> Table:
    """What a wrong rule allows: coefficients held in any way, and subnormals flushed."""
    dtype = mutant.arithmetic or question.precision.name
    corrected = mutant.rule.counted
    way = WIDEST if mutant.held is IDEAL else mutant.held
    num = arithmetic(dtype, "flush", way, corrected, question.profile)
    inputs = inputs_of(question.case)
    columns = np.cumsum([0, *(parameter.value.size for parameter in inputs.parameters)])
    shape = (question.case.steps, int(columns[-1]))
    value, error = np.zeros(shape), np.zeros(shape)
    with np.errstate(all="ignore"):
        for members, decimals, rule in blocks(replace(question, rule=mutant.rule), inputs):
            parameters = [inputs.parameters[index] for index in members]
            place = np.concatenate([np.arange(columns[i], columns[i + 1]) for i in members])
            course: Any = BoundCourse(num, dtype)
            steps = walk(rule, decimals, parameters, inputs, course, mutant)
            for row, shown in enumerate(steps):
                value[row, place] = np.ravel(shown["parameter"].value)
                error[row, place] = np.ravel(shown["parameter"].error)
    return Table(value, np.where(np.isnan(error), np.inf, error) * num.slack)


def suspects(
    variant: Variant,
    pairs: Sequence[tuple[Unit, Answer]],
    contradicting: Sequence[Array],
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Suspect]:
    """The wrong rules that agree with every answer, the most telling kinds first.

    ``contradicting`` are the elements (columns) of each answer that the claimed rule does not
    explain: a wrong rule that promises nothing there explains nothing.
    """
    asked = [question_for(variant, unit, answer.defaults) for unit, answer in pairs]
    for mutant in hypotheses(variant, asked[0]):
        if stop():
            return
        told = 0
        for question, (unit, answer), columns in zip(asked, pairs, contradicting, strict=True):
            table = bounded(question, mutant)
            agrees = inside(answer.observed["parameter"], table)
            if not agrees[:, ordinary(unit.case)].all():
                break
            finite = np.isfinite(table.error) & np.isfinite(answer.observed["parameter"])
            told += int((finite.all(axis=0) & columns).sum())
        else:
            if told:
                yield Suspect(mutant, told)


def hypotheses(variant: Variant, question: Question) -> list[Mutant]:
    """Every wrong rule that is near the documented one."""
    decimals = dict(question.decimals)
    found = [
        *constants(variant, decimals),
        *multiples(variant, decimals),
        *mutants(variant.rule, decimals, question.case.dtype),
        *kept_narrow(variant.rule, question.case.dtype),
    ]
    kinds = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(found, key=lambda mutant: kinds[mutant.kind])


def constants(variant: Variant, decimals: dict[str, str]) -> Iterator[Mutant]:
    """A documented default, or another hyperparameter, in the place of what is asked."""
    for name in used(variant.rule, decimals):
        values = {item.defaults[name] for item in VARIANTS.values() if name in item.defaults} | {
            value for other, value in decimals.items() if other != name
        }
        for value in sorted(values, key=float):
            yield Mutant(f"{name} is {value}", "constant", variant.rule, forming=fixed(name, value))


def multiples(variant: Variant, decimals: dict[str, str]) -> Iterator[Mutant]:
    """A hyperparameter times a factor that slips in: twice, half, a power of ten."""
    for name in used(variant.rule, decimals):
        for factor in MULTIPLES:
            if not HYPERPARAMETERS[name].share or factor < 1:
                words = f"{name} × {factor}"
                yield Mutant(words, "constant", variant.rule, factor=((name, factor),))


def kept_narrow(rule: Rule, dtype: str) -> Iterator[Mutant]:
    """A state tensor rounded to a narrower format before the step goes on with it."""
    for narrow in NARROWER[dtype]:
        for name in rule.state:
            words = f"{name} kept in {narrow}"
            yield Mutant(words, "storage", rule, program=narrowed(name, narrow))


def narrowed(name: str, dtype: str) -> Program:
    """The step in a number system that rounds one quantity where it is defined."""

    def program(
        course: Course, rule: Rule, hyper: Hyper, state: State, w: Any, g: Any
    ) -> tuple[Any, State]:
        around = course.around(Defining(course, name, narrowing(dtype)))
        return plain(around, rule, hyper, state, w, g)

    return program


class Defining:
    """A number system in which one quantity is changed where it is defined."""

    def __init__(self, course: Course, name: str, change: Callable[[Array], Array]) -> None:
        self.course, self.name, self.change = course, name, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self.course.num, name)

    def define(self, name: str, x: Any) -> Any:
        """As the inner system does, and rounded."""
        found = self.course.num.define(name, x)
        return self.course.apply(self.change, found) if name == self.name else found


def fixed(name: str, value: str) -> Forming:
    """The coefficients with one hyperparameter replaced."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        given = [] if name == "learning_rate" else rates
        return formed({**decimals, name: value}, count, given, index, num)

    return form
