"""Gradients that some implementations treat in a way of their own: zeros, infinities and nan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from conformance.identification.elimination import Elimination
from conformance.identification.experiment import Experiment
from conformance.identification.prediction import Prediction, table_of
from conformance.identification.questioning import Interview
from reference.numbers import Bound, BoundArithmetic
from reference.numbers.hyper import hyper
from reference.numbers.precision import Array
from reference.pipeline import Choices, State, initial_state, step

Numbers = Callable[[Experiment], BoundArithmetic]
Skip = Callable[[Array], Array]  # which elements a gradient leaves as they were

# treatment -> (elements of which the parameter stays, elements of which the state stays)
NOTHING: Skip = lambda g: np.zeros(g.shape, dtype=bool)  # noqa: E731 - a default beside the others
ZERO: Skip = lambda g: g == 0  # noqa: E731 - one expression each
ROW: Skip = lambda g: np.broadcast_to((g == 0).all(axis=1, keepdims=True), g.shape)  # noqa: E731
TREATMENTS: dict[str, tuple[Skip, Skip]] = {
    "as any other": (NOTHING, NOTHING),
    "parameter kept": (ZERO, NOTHING),
    "parameter and state kept": (ZERO, ZERO),
    "rows of zeros kept": (ROW, ROW),
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


def zero_gradient(
    interview: Interview, choices: Choices, numbers: Numbers, experiment: Experiment
) -> str:
    """What the subject does with a gradient of zero; empty where no treatment fits."""

    def predict(names: Sequence[str], asked: Experiment) -> Iterator[Prediction[str]]:
        for name in names:
            course = skipping(choices, asked, numbers(asked), *TREATMENTS[name])
            yield Prediction((name,), table_of(course, asked))

    elimination = Elimination(tuple(TREATMENTS), predict)
    record = interview.ask(with_zeros(experiment))
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


def skipping(
    choices: Choices,
    experiment: Experiment,
    num: BoundArithmetic,
    keep_parameter: Skip,
    keep_state: Skip,
) -> list[Bound]:
    """The parameter after each step, where some elements stay as they were."""
    parameter = num.given(experiment.parameter)
    state = initial_state(choices, parameter, num=num)
    course = []
    with np.errstate(all="ignore"):
        for index, values in enumerate(experiment.gradients):
            hold = hyper(experiment.coefficients, index + 1, num=num)
            after, new = step(choices, hold, state, parameter, num.given(values), num=num)
            kept = partial(chosen, num, keep_state(values))
            before = dict(state.items())
            state = State(**{name: kept(before[name], x) for name, x in new.items()})
            parameter = chosen(num, keep_parameter(values), parameter, after)
            course.append(parameter)
    return course


def chosen(num: BoundArithmetic, keep: Array, old: Bound, new: Bound) -> Bound:
    """The old values where they are kept, the new ones elsewhere."""
    value, error = (
        np.where(keep, mine, theirs)
        for mine, theirs in ((old.value, new.value), (old.error, new.error))
    )
    return Bound(num, value, error, new.nonnegative)


def non_finite(
    interview: Interview, choices: Choices, numbers: Numbers, experiment: Experiment
) -> str:
    """What becomes of elements whose gradient is infinite or nan, and of the others."""
    shape = experiment.parameter.shape
    struck = np.zeros(shape, dtype=bool)
    struck[::8] = True  # whole rows, for the sake of means over a row
    special = np.resize([np.inf, -np.inf, np.nan, np.nan], shape)
    ordinary = [np.where(g == 0, g[g != 0].flat[0], g) for g in experiment.gradients]
    gradients = [np.where(struck & (i == 1), special, g) for i, g in enumerate(ordinary)]
    asked = replace(experiment, name="infinities and nan", gradients=tuple(gradients))
    after = interview.ask(asked).observed.reshape(-1, *shape)
    clean = replace(asked, gradients=tuple(ordinary))
    others = of_others(choices, clean, numbers, after, ~struck)
    hit = after[:, struck]
    if others:
        return others
    if not np.isfinite(hit[-1]).any():
        return "propagated"
    if np.array_equal(hit[1], hit[0]):
        return "element left as it was"
    return "replaced" if np.isfinite(hit[-1]).all() else "propagated by some, replaced in others"


def of_others(
    choices: Choices, clean: Experiment, numbers: Numbers, after: Array, others: Array
) -> str:
    """Empty where the other elements follow the rule, otherwise what became of them."""
    if not np.isfinite(after[1][others]).any():
        return "spread to all elements"
    if np.array_equal(after[1][others], after[0][others]):
        return "the whole step is left out"
    num: Any = numbers(clean)
    course = skipping(choices, clean, num, NOTHING, NOTHING)
    bad = Prediction(("",), table_of(course, clean)).contradicted(after.reshape(len(after), -1))
    return "other elements change too" if bad[:, others.ravel()].any() else ""
