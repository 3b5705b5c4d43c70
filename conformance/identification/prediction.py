"""What each rule says must come of an experiment, with the bound of the working precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.identification.experiment import Experiment
from conformance.identification.sharing import courses
from conformance.oracle import WIDEST, Table, arithmetic, tabled
from conformance.verdict import inside
from reference.numbers import BoundArithmetic, Representation
from reference.numbers.precision import Array
from reference.pipeline import Choices


@dataclass(frozen=True)
class Prediction:
    """What ``rules`` all predict: one row a step, one column an element."""

    rules: tuple[Choices, ...]
    table: Table

    def contradicted(self, observed: Array) -> Array:
        """Where no legal evaluation of the rules gives what was observed."""
        outside: Array = ~inside(observed, self.table)
        return outside

    def score(self, observed: Array) -> Array:
        """The distance of what was observed, in units of the bound; 0 where nothing is promised."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            distance = self.table.distance(observed)
            found = np.where(distance == 0, 0.0, distance / self.table.error)
        found = np.where(np.isnan(found), np.inf, found)
        return np.where(np.isinf(self.table.error), 0.0, found)

    def apart(self, other: Prediction) -> float:
        """How far two predictions are apart at best, in units of the sum of their bounds.

        Above one an answer cannot be legal for both.
        """
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            distance = np.abs(self.table.value - other.table.value)
            found = distance / (self.table.error + other.table.error)
        return float(np.where(np.isnan(found), 0.0, found).max(initial=0.0))


def system(
    working: str, profile: str, *, way: Representation = WIDEST, effect: str = "flush"
) -> BoundArithmetic:
    """The bounds of a working precision; by default however coefficients are held."""
    return arithmetic(working, effect, way, True, profile)


def predictions(
    rules: Sequence[Choices], experiment: Experiment, num: BoundArithmetic
) -> Iterator[Prediction]:
    """The rules in groups that this experiment cannot tell apart, each with its prediction."""
    groups: dict[tuple[int, ...], list[Choices]] = {}
    found = {}
    for choices, course in zip(rules, courses(rules, experiment, num), strict=True):
        key = tuple(map(id, course))
        found[key] = course  # keeps the nodes, and so their identities, alive
        groups.setdefault(key, []).append(choices)
    for key, members in groups.items():
        values, errors = (
            np.stack(
                [np.ravel(np.broadcast_to(part, experiment.parameter.shape)) for part in parts]
            )
            for parts in (
                [node.bound.value for node in found[key]],
                [node.bound.error for node in found[key]],
            )
        )
        yield Prediction(tuple(members), tabled(num, values, errors))
