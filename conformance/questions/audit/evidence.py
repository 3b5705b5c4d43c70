"""What was seen, beside what a wrong rule would have shown: on bounds, and on float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from optimizer_conformance.cases.inputs import Input, Inputs
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.accepted import inside
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
from optimizer_conformance.mutants.bounded import BoundCourse, PlainCourse, Plainly
from optimizer_conformance.mutants.causes import Place
from optimizer_conformance.mutants.execution import joined, mutated, walk
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.reference.numbers import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import Variant

SATURATED = {"float16": ("flush", "late", "early", "difference")}
PLAINLY: Any = Plainly()
Needed = tuple[Rule, dict[str, str], list[Input], Inputs]  # what a walk starts from


@dataclass(frozen=True)
class Candidate:
    """A wrong rule, as a cause of what was seen.

    kind    of the mutant, or ``cause``
    at      the wrong rule for one parameter of several
    said    the sentence
    apart   whether each parameter is evaluated by itself
    sent    what becomes of what was asked
    name    what it has in common with the same cause with another number
    """

    kind: str
    at: Callable[[Place], Mutant]
    said: Callable[[], str]
    apart: bool = False
    sent: Callable[[Inputs], Inputs] | None = None
    name: str = ""

    @cached_property
    def mutant(self) -> Mutant:
        """The wrong rule of the only parameter."""
        return self.at(Place())


def of_mutant(mutant: Mutant, said: Callable[[], str]) -> Candidate:
    """A wrong rule that is the same for every parameter."""
    return Candidate(mutant.kind, lambda place: mutant, said)


@dataclass(frozen=True, eq=False)
class Joint:
    """Parameters that are evaluated together.

    place   their columns
    there   the steps in which they have a gradient
    needed  what a walk starts from
    mutant  the wrong rule
    """

    place: Array
    there: Sequence[int]
    needed: Needed
    mutant: Mutant

    def rows(self, course: Any, steps: int) -> Iterator[tuple[Any, Any]]:
        """The parameter after each step, in the rows of a table in which it stands so.

        In a step without a gradient it stays what it was.
        """
        ends = [*self.there[1:], steps]
        if self.there and self.there[0]:
            start = joined([p.value for p in self.needed[2]], self.needed[0], course.num)
            yield range(self.there[0]), course.num.given(start)
        walked = walk(*self.needed, course, self.mutant)
        for first, end, shown in zip(self.there, ends, walked, strict=True):
            yield range(first, end), shown["parameter"]


def present(parameter: Input, steps: int) -> list[int]:
    """The steps in which a parameter has a gradient."""
    return [step for step in range(steps) if step not in parameter.absent]


def raised(
    parameters: Sequence[Input], reloads: Sequence[int], steps: int
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Where a counter that all parameters raise in turn has got to, at each update of each.

    In the second place that of a counter which begins again where the optimizer is loaded.
    """
    found: list[tuple[list[int], list[int]]] = [([], []) for _ in parameters]
    count, since = 0, 0
    for step in range(steps):
        since = 0 if step in reloads else since
        for parameter, (every, unsaved) in zip(parameters, found, strict=True):
            if step not in parameter.absent:
                count, since = count + 1, since + 1
                every.append(count)
                unsaved.append(since)
    return [(tuple(every), tuple(unsaved)) for every, unsaved in found]


def left(parameter: Input, there: Sequence[int]) -> Input:
    """A parameter with the gradients that it has."""
    return replace(parameter, gradients=[parameter.gradients[step] for step in there])


@dataclass(frozen=True, eq=False)
class Testimony:
    """One answer, and where the documented rule contradicts it.

    inputs    what was sent
    observed  steps x columns
    usable    the columns whose gradients stay in the middle of the range
    """

    question: Question
    inputs: Inputs
    observed: Array
    usable: Array

    @classmethod
    def of(cls, variant: Variant, unit: Unit, answer: Answer) -> Testimony:
        """An answer beside a document."""
        question = question_for(variant, unit, answer.defaults)
        case = unit.case
        return cls(question, inputs_of(case), answer.observed["parameter"], ordinary(case))

    @cached_property
    def claimed(self) -> Table:
        """What the documented rule allows, held in any way."""
        rule = self.question.rule
        return self.table(of_mutant(Mutant("", "claim", rule), str))

    @cached_property
    def bad(self) -> Array:
        """The elements, at each step, that the documented rule does not allow."""
        found: Array = ~inside(self.observed, self.claimed) & self.usable
        return found

    @cached_property
    def away(self) -> Array:
        """How far each is from what is due."""
        with np.errstate(invalid="ignore"):
            found: Array = np.abs(self.observed - self.claimed.value)
        return np.where(np.isnan(found), np.inf, found)

    @property
    def apart(self) -> bool:
        """Whether an element is an experiment of its own: no group, no gap, no loading."""
        inputs = self.inputs
        return not (inputs.groups or inputs.reloads or any(p.absent for p in inputs.parameters))

    @property
    def steps(self) -> int:
        """How many there were."""
        return len(self.observed)

    @property
    def cost(self) -> int:
        """What evaluating it takes, roughly: an operation's time, and that of its elements."""
        return self.steps * (500 + int(self.observed.shape[1]))

    def parts(self, candidate: Candidate) -> Iterator[Joint]:
        """Parameters that are evaluated together: their columns, what is needed, the wrong rule."""
        inputs = candidate.sent(self.inputs) if candidate.sent else self.inputs
        sizes = [parameter.value.size for parameter in inputs.parameters]
        columns = np.cumsum([0, *sizes])
        # An optimizer goes through its groups one after the other.
        every = sorted(range(len(sizes)), key=lambda index: inputs.parameters[index].group)
        turn = {index: place for place, index in enumerate(every)}
        counted = raised([inputs.parameters[index] for index in every], inputs.reloads, self.steps)
        wrong = replace(self.question, rule=candidate.mutant.rule)
        for members, decimals, rule in blocks(wrong, inputs):
            groups = [[index] for index in members] if candidate.apart else [members]
            for some in groups:
                place = np.concatenate([np.arange(columns[i], columns[i + 1]) for i in some])
                parameters = [inputs.parameters[index] for index in some]
                there = present(parameters[0], self.steps)
                steps = tuple(step + 1 for step in there) if len(there) < self.steps else ()
                of_these = Place(
                    turn[some[0]], len(sizes), steps, inputs.reloads, *counted[turn[some[0]]]
                )
                mutant = candidate.at(of_these)
                needed = rule, decimals, [left(p, there) for p in parameters], inputs
                yield Joint(place, there, needed, mutant)

    def table(self, candidate: Candidate, effect: str = "flush", working: str = "") -> Table:
        """What a wrong rule allows: coefficients held in any way, and subnormals flushed.

        ``working`` is the format of the arithmetic, where it is not the answer's.
        """
        mutant, question = candidate.mutant, self.question
        dtype = mutant.arithmetic or working or question.precision.name
        way = WIDEST if mutant.held is IDEAL else mutant.held
        stored = question.case.stored
        num = arithmetic(dtype, effect, way, mutant.rule.corrected, question.profile, stored=stored)
        value, error = np.zeros(self.observed.shape), np.zeros(self.observed.shape)
        with np.errstate(all="ignore"):
            for part in self.parts(candidate):
                course: Any = BoundCourse(num, dtype)
                for row, shown in part.rows(course, self.steps):
                    value[np.ix_(row, part.place)] = np.ravel(shown.value)
                    error[np.ix_(row, part.place)] = np.ravel(shown.error)
        return Table(value, np.where(np.isnan(error), np.inf, error) * num.slack)

    def agrees(self, candidate: Candidate, working: str = "") -> bool:
        """Whether no element contradicts a wrong rule; float16 may end in any order that is legal.

        Whatever overflows in one order and not in another is accepted, as verdicts do.
        """
        left = self.usable.copy()
        for effect in SATURATED.get(self.question.precision.name, ("flush",)):
            with np.errstate(all="ignore"):
                table = self.table(candidate, effect, working)
            left &= ~inside(self.observed, table).all(axis=0)
            if not left.any():
                return True
        return False

    def values(self, candidate: Candidate) -> Array:
        """The same in float64, without a bound."""
        found = np.zeros(self.observed.shape)
        with np.errstate(all="ignore"):
            for part in self.parts(candidate):
                course: Any = PlainCourse(PLAINLY, "float64")
                for row, shown in part.rows(course, self.steps):
                    found[np.ix_(row, part.place)] = np.ravel(shown)
        return found

    def stored(self, mutant: Mutant) -> Array:
        """The same in the working precision, with what a narrower format does to it."""
        found: Array = mutated(self.question, mutant)["parameter"]
        return found

    def sample(self, columns: Sequence[int], steps: int) -> Testimony:
        """A few elements alone, over the first steps, as one parameter."""
        chosen = np.asarray(columns)

        def take(arrays: list[Array]) -> Array:
            found: Array = np.concatenate([np.ravel(array) for array in arrays])[chosen]
            return found

        parameters = self.inputs.parameters
        rows = [take([p.gradients[step] for p in parameters]) for step in range(steps)]
        alone = Input("sample", take([p.value for p in parameters]), rows)
        inputs = Inputs([alone], rates=self.inputs.rates[:steps])
        observed = self.observed[:steps, chosen]
        return Testimony(self.question, inputs, observed, self.usable[chosen])
