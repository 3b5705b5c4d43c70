"""What each rule says must come of an experiment, with the bound of the working precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from optimizer_conformance.cases.inputs import Input, Inputs
from optimizer_conformance.judging.accepted import inside
from optimizer_conformance.judging.oracle import Table, tabled
from optimizer_conformance.mutants.bounded import BoundCourse
from optimizer_conformance.mutants.execution import walk
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.questions.identify.sharing import Node, courses
from optimizer_conformance.reference.numbers import Bound, BoundArithmetic
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule

H = TypeVar("H")


@dataclass(frozen=True)
class Prediction(Generic[H]):
    """What ``hypotheses`` all predict: one row a step, one column an element."""

    hypotheses: tuple[H, ...]
    table: Table

    def contradicted(self, observed: Array) -> Array:
        """Where no legal evaluation gives what was observed."""
        outside: Array = ~inside(observed, self.table)
        return outside

    def score(self, observed: Array) -> Array:
        """The distance of what was observed, in units of the bound; 0 where nothing is promised."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            distance = self.table.distance(observed)
            found = np.where(distance == 0, 0.0, distance / self.table.error)
        found = np.where(np.isnan(found), np.inf, found)
        return np.where(np.isinf(self.table.error), 0.0, found)

    def apart(self, other: Prediction[H]) -> float:
        """How far two predictions are apart at best, in units of the sum of their bounds.

        Above one an answer cannot be legal for both.
        """
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            distance = np.abs(self.table.value - other.table.value)
            found = distance / (self.table.error + other.table.error)
        return float(np.where(np.isnan(found), 0.0, found).max(initial=0.0))


def predictions(
    rules: Sequence[Rule], experiment: Experiment, num: BoundArithmetic
) -> Iterator[Prediction[Rule]]:
    """The rules in groups that this experiment cannot tell apart, each with its prediction."""
    groups: dict[tuple[int, ...], list[Rule]] = {}
    found: dict[tuple[int, ...], tuple[Node, ...]] = {}
    for rule, course in zip(rules, courses(rules, experiment, num), strict=True):
        key = tuple(map(id, course))
        found[key] = course  # keeps the nodes, and so their identities, alive
        groups.setdefault(key, []).append(rule)
    for key, members in groups.items():
        yield Prediction(tuple(members), table_of([node.bound for node in found[key]], experiment))


def table_of(course: Sequence[Bound], experiment: Experiment) -> Table:
    """The parameter after each step as rows of a table."""
    size = experiment.parameter.size
    rows = [
        [np.broadcast_to(np.ravel(part), size) for part in parts]
        for parts in ([x.value for x in course], [x.error for x in course])
    ]
    return tabled(course[0].num, *(np.stack(part) for part in rows))


def departing(mutant: Mutant, experiment: Experiment, num: BoundArithmetic) -> Table:
    """The same for a rule that is carried out wrongly, or that passes over some gradients."""
    only = Input("w", experiment.parameter, list(experiment.gradients))
    inputs = Inputs([only], rates=list(experiment.rates))
    course = BoundCourse(num, experiment.dtype)
    with np.errstate(all="ignore"):
        steps = walk(mutant.rule, experiment.coefficients, [only], inputs, course, mutant)
        return table_of([shown["parameter"] for shown in steps], experiment)
