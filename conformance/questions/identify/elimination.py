"""Elimination: ask what separates the rules that are left, drop those that the answer refutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Generic, TypeVar

import numpy as np

from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.questions.identify.prediction import Prediction
from optimizer_conformance.questions.identify.queries import Queries, QueryResult
from optimizer_conformance.reference.numbers.precision import Array

H = TypeVar("H")  # a hypothesis: a rule, or a way of carrying one out
Predict = Callable[[Sequence[H], Experiment], Iterable[Prediction[H]]]
SAMPLE = 32  # hypotheses on which an experiment's worth is estimated, where more are left


@dataclass(frozen=True)
class Refutation:
    """Where an answer contradicted a rule: by how much, first at which step and element.

    score     largest distance in units of the bound
    share     of the elements, how many are contradicted
    round_    which experiment, counted from one
    """

    score: float
    share: float
    round_: int
    step: int
    element: int
    observed: float
    expected: float


@dataclass
class Elimination(Generic[H]):
    """The hypotheses that are left, and how the others fell.

    predict   what hypotheses say must come of an experiment
    promised  how many elements each of them has said anything about
    """

    hypotheses: tuple[H, ...]
    predict: Predict[H]
    left: tuple[H, ...] = ()
    fallen: dict[H, Refutation] = field(default_factory=dict)
    promised: Counter[H] = field(default_factory=Counter)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.left = self.hypotheses

    def learn(self, record: QueryResult) -> None:
        """Drop every hypothesis that an answer contradicts.

        Some implementations pass over gradients that are exactly zero.  Where all hypotheses fall
        by those, they tell nothing.
        """
        self.rounds += 1
        found = list(self.predict(self.left, record.experiment))
        moving = record.experiment.moving
        for columns in (moving, ~moving):
            fallen: dict[H, Refutation] = {}
            for prediction in found:
                refuted = refutation(prediction, record, columns, self.rounds)
                if refuted:
                    fallen |= dict.fromkeys(prediction.hypotheses, refuted)
            left = tuple(one for one in self.left if one not in fallen)
            if left or columns is moving:
                self.left = left
                self.fallen |= fallen
        for prediction in found:
            count = int(np.isfinite(prediction.table.error).sum())
            self.promised.update(dict.fromkeys(prediction.hypotheses, count))

    @property
    def told(self) -> tuple[H, ...]:
        """Those that are left and promised something; what never did would explain anything.

        The variance of a corrected average after one step is zero, and what a root of zero's
        rounding errors is divided into may be anything.
        """
        return tuple(one for one in self.left if self.promised[one])

    @property
    def open(self) -> tuple[H, ...]:
        """Those among which is to be decided."""
        return self.told or self.left

    def worth(self, experiment: Experiment) -> tuple[int, float]:
        """How many pairs of a sample an experiment separates, and how far the closest of them."""
        every = len(self.open) // SAMPLE + 1
        found = list(self.predict(self.open[::every], experiment))
        pairs, closest = 0, np.inf
        for a, b in combinations(found, 2):
            if (apart := a.apart(b)) > 1:
                pairs += len(a.hypotheses) * len(b.hypotheses)
                closest = min(closest, apart)
        return pairs, closest

    def best(self, candidates: Iterable[Experiment]) -> Experiment | None:
        """The experiment that separates most pairs a step taken; None where none separates any."""
        worth = [(experiment, *self.worth(experiment)) for experiment in candidates]
        useful = [item for item in worth if item[1]]
        if not useful:
            return None
        most = max(pairs for _, pairs, _ in useful)
        # Nearly as many pairs for fewer steps is the better bargain.
        good = [item for item in useful if 2 * item[1] >= most]
        return min(good, key=lambda item: (item[0].steps, -item[1], -item[2]))[0]


def refutation(
    prediction: Prediction[H], record: QueryResult, columns: Array, round_: int
) -> Refutation | None:
    """The first contradiction of a prediction in some columns, if there is one."""
    bad = prediction.contradicted(record.observed) & columns
    if not bad.any():
        return None
    score = np.where(bad, prediction.score(record.observed), 0.0)
    step = int(np.argmax(bad.any(axis=1)))
    element = int(np.argmax(score[step]))
    return Refutation(
        float(score.max()),
        float(bad.any(axis=0).mean()),
        round_,
        step + 1,
        element,
        float(record.observed[step, element]),
        float(prediction.table.value[step, element]),
    )


def eliminate(
    elimination: Elimination[H], queries: Queries, candidates: Sequence[Experiment]
) -> None:
    """Ask until one hypothesis is left, nothing separates the rest, or the steps are used up.

    The first candidate is asked first: while all are left, weighing is dearer than asking.
    """
    elimination.learn(queries.ask(candidates[0]))
    ask_on(elimination, queries, candidates[1:])


def ask_on(elimination: Elimination[H], queries: Queries, candidates: Sequence[Experiment]) -> None:
    """The same, every experiment weighed before it is asked."""
    rest = list(candidates)
    while len(elimination.open) > 1 and rest:
        chosen = elimination.best(item for item in rest if queries.affords(item))
        if chosen is None:
            return
        rest.remove(chosen)
        elimination.learn(queries.ask(chosen))
