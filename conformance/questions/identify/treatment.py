"""Gradients that some implementations treat in a way of their own: zeros, infinities and nan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.mutants.programs import Program, kept_where, parameter_kept_where, plain
from optimizer_conformance.questions.identify.elimination import Elimination
from optimizer_conformance.questions.identify.experiment import COLUMNS, Experiment
from optimizer_conformance.questions.identify.prediction import Prediction, departing, predictions
from optimizer_conformance.questions.identify.queries import Queries
from optimizer_conformance.reference.numbers import BoundArithmetic
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule

Numbers = Callable[[Experiment], BoundArithmetic]


def zero(gradient: Array) -> Array:
    """Elements with a gradient of zero."""
    found: Array = gradient == 0
    return found


def in_row_of_zeros(gradient: Array) -> Array:
    """Elements of which the whole row has a gradient of zero, as an embedding's unused ones."""
    rows = (gradient.reshape(-1, COLUMNS) == 0).all(axis=1)
    return np.repeat(rows, COLUMNS).reshape(gradient.shape)


TREATMENTS: dict[str, Program] = {
    "as any other": plain,
    "parameter kept": parameter_kept_where(zero),
    "parameter and state kept": kept_where(zero),
    "rows of zeros kept": kept_where(in_row_of_zeros),
}


def with_zeros(experiment: Experiment) -> Experiment:
    """The same with zeros among the gradients: single ones, and whole rows, from the second on."""
    rows, columns = np.indices(experiment.parameter.shape)
    gradients = []
    for index, gradient in enumerate(experiment.gradients):
        still = (rows + index) % 3 == 0
        single = (rows % 2 == 1) & ((columns + index) % 2 == 0)
        zero = (still | single) & (index > 0)
        ordinary = np.where(gradient == 0, gradient[gradient != 0].flat[0], gradient)
        gradients.append(np.where(zero, 0.0, ordinary))
    return replace(experiment, name="zeros", gradients=tuple(gradients))


def zero_gradient(queries: Queries, rule: Rule, numbers: Numbers, experiment: Experiment) -> str:
    """What the subject does with a gradient of zero; empty where no treatment fits."""

    def predict(names: Sequence[str], asked: Experiment) -> Iterator[Prediction[str]]:
        for name in names:
            treated = Mutant(name, "course", rule, program=TREATMENTS[name])
            yield Prediction((name,), departing(treated, asked, numbers(asked)))

    elimination = Elimination(tuple(TREATMENTS), predict)
    record = queries.ask(with_zeros(experiment))
    elimination.learn(replace(record, experiment=Everything.of(record.experiment)))
    return elimination.left[0] if elimination.left else ""


class Everything(Experiment):
    """An experiment of which zeros tell as much as other gradients."""

    @classmethod
    def of(cls, experiment: Experiment) -> Everything:
        """The same experiment."""
        return cls(**vars(experiment))

    @property
    def moving(self) -> Array:
        """Every element."""
        return np.ones(self.parameter.size, dtype=bool)


def non_finite(queries: Queries, rule: Rule, numbers: Numbers, experiment: Experiment) -> str:
    """What becomes of elements whose gradient is infinite or nan, and of the others."""
    shape = experiment.parameter.shape
    struck = np.zeros(shape, dtype=bool)
    struck[::8] = True  # whole rows, for the sake of means over a row
    special = np.resize([np.inf, -np.inf, np.nan, np.nan], shape)
    ordinary = [np.where(g == 0, g[g != 0].flat[0], g) for g in experiment.gradients]
    gradients = [np.where(struck & (i == 1), special, g) for i, g in enumerate(ordinary)]
    asked = replace(experiment, name="infinities and nan", gradients=tuple(gradients))
    after = queries.ask(asked).observed.reshape(-1, *shape)
    clean = replace(asked, gradients=tuple(ordinary))
    others = of_others(rule, clean, numbers, after, ~struck)
    hit = after[:, struck]
    if others:
        return others
    if not np.isfinite(hit[-1]).any():
        return "propagated"
    if np.array_equal(hit[1], hit[0]):
        return "element left as it was"
    return "replaced" if np.isfinite(hit[-1]).all() else "propagated by some, replaced in others"


def of_others(rule: Rule, clean: Experiment, numbers: Numbers, after: Array, others: Array) -> str:
    """Empty where the other elements follow the rule, otherwise what became of them."""
    if not np.isfinite(after[1][others]).any():
        return "spread to all elements"
    if np.array_equal(after[1][others], after[0][others]):
        return "the whole step is left out"
    (found,) = predictions([rule], clean, numbers(clean))
    bad = found.contradicted(after.reshape(len(after), -1))
    return "other elements change too" if bad[:, others.ravel()].any() else ""
