"""Elimination: ask what separates the rules that are left, drop those that the answer refutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from conformance.identification.experiment import Experiment
from conformance.identification.prediction import Prediction, predictions
from conformance.identification.questioning import Interview, Record
from reference.numbers import BoundArithmetic
from reference.numbers.precision import Array
from reference.pipeline import Choices

SAMPLE = 32  # rules on which an experiment's worth is estimated, where more are left


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
class Elimination:
    """The rules that are left, and how the others fell.

    numbers  a working precision's bounds, given the experiment
    """

    rules: tuple[Choices, ...]
    numbers: Callable[[Experiment], BoundArithmetic]
    left: tuple[Choices, ...] = ()
    fallen: dict[Choices, Refutation] = field(default_factory=dict)
    promised: Counter[Choices] = field(default_factory=Counter)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.left = self.rules

    def learn(self, record: Record) -> None:
        """Drop every rule that an answer contradicts.

        Some implementations pass over gradients that are exactly zero.  Where all rules fall by
        those, they tell nothing of the formula.
        """
        self.rounds += 1
        found = self.predicted(self.left, record.experiment)
        moving = record.experiment.moving
        for columns in (moving, ~moving):
            fallen: dict[Choices, Refutation] = {}
            for prediction in found:
                refuted = refutation(prediction, record, columns, self.rounds)
                if refuted:
                    fallen |= dict.fromkeys(prediction.rules, refuted)
            left = tuple(choices for choices in self.left if choices not in fallen)
            if left or columns is moving:
                self.left = left
                self.fallen |= fallen
        for prediction in found:
            count = int(np.isfinite(prediction.table.error).sum())
            self.promised.update(dict.fromkeys(prediction.rules, count))

    @property
    def told(self) -> tuple[Choices, ...]:
        """The rules that are left and promised something; a rule that never did explains nothing.

        The variance of a corrected average after one step is zero, and what a root of zero's
        rounding errors is divided into may be anything.
        """
        return tuple(choices for choices in self.left if self.promised[choices]) or self.left

    def predicted(self, rules: Sequence[Choices], experiment: Experiment) -> list[Prediction]:
        """What the rules predict, in groups that the experiment cannot tell apart."""
        return list(predictions(rules, experiment, self.numbers(experiment)))

    def worth(self, experiment: Experiment) -> tuple[int, float]:
        """How many pairs of a sample an experiment separates, and how far the closest of them."""
        every = len(self.told) // SAMPLE + 1
        found = self.predicted(self.told[::every], experiment)
        pairs, closest = 0, np.inf
        for a, b in combinations(found, 2):
            if (apart := a.apart(b)) > 1:
                pairs += len(a.rules) * len(b.rules)
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
    prediction: Prediction, record: Record, columns: Array, round_: int
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
    elimination: Elimination, interview: Interview, candidates: Sequence[Experiment]
) -> None:
    """Ask until one rule is left, or nothing separates those that are, or the steps are used up.

    The first candidate is asked first: while all rules are left, weighing is dearer than asking.
    """
    elimination.learn(interview.ask(candidates[0]))
    rest = list(candidates[1:])
    while len(elimination.told) > 1 and rest:
        chosen = elimination.best(item for item in rest if interview.affords(item))
        if chosen is None:
            return
        rest.remove(chosen)
        elimination.learn(interview.ask(chosen))
