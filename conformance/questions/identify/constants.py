"""Constants that a subject takes no argument for: estimated from steps, read as short decimals.

For each rule the constants that fit its steps best are found by weighted least squares on the
logarithms of the steps (Gauss-Newton).  Of the decimals within their standard errors the shortest
is taken; the bound then says whether the rule with these decimals can have given the steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.questions.identify.queries import QueryResult
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import FLOAT64, PRECISIONS
from optimizer_conformance.reference.numbers.hyper import hyper
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule

LIKELY = 24  # rules of which the constants are sought; the others start too far away
ITERATIONS = 12  # Gauss-Newton doubles the digits; each start is within a few of its end
DIGITS = 7  # the most that a constant of a program is taken to have
ERRORS = 4.0  # standard errors within which a decimal is a candidate; the bound decides


@dataclass(frozen=True)
class Estimate:
    """Constants by name, with their standard errors; those of the logarithm (shares: the logit).

    unit  relative error with which a program may have held them
    """

    values: Mapping[str, float]
    errors: Mapping[str, float]
    unit: float


def used(rule: Rule, names: Sequence[str]) -> tuple[str, ...]:
    """Of some coefficients those that a rule has."""
    return tuple(name for name in names if name in rule.hyperparameters)


class Fit:
    """One rule and one record: the constants are sought that make its steps fit."""

    def __init__(self, rule: Rule, record: QueryResult, names: Sequence[str]) -> None:
        self.rule, self.record = rule, record
        self.names = used(rule, names)
        experiment = record.experiment
        before = np.vstack([experiment.parameter.ravel(), record.observed[:-1]])
        self.steps = record.observed - before
        self.unit = PRECISIONS[experiment.dtype].unit_roundoff
        with np.errstate(all="ignore"):
            self.noise = self.unit * (
                1 + (np.abs(before) + np.abs(record.observed)) / np.abs(self.steps)
            )

    def residuals(self, values: Mapping[str, float]) -> Array:
        """Logarithm of observed over predicted step, in its noise's units; nan for other signs."""
        with np.errstate(all="ignore"):
            predicted = changes(self.rule, self.record.experiment, values)
            found: Array = np.log(self.steps / predicted) / self.noise
        return np.where(np.isfinite(found), found, np.nan).ravel()

    def start(self) -> tuple[float, dict[str, float]]:
        """The likeliest of the starting values, the learning rate at its best, and how far off."""
        found = []
        # The values that documents name most.
        for texts in product(*(HYPERPARAMETERS[name].typical for name in self.names)):
            point = dict(zip(self.names, map(float, texts), strict=True))
            ratio = self.residuals(point) * self.noise.ravel()
            if np.isnan(ratio).mean() > 0.5:  # a sign that is wrong stays wrong
                continue
            shift = float(np.nanmedian(ratio)) if "learning_rate" in point else 0.0
            if "learning_rate" in point:
                point["learning_rate"] *= math.exp(shift)
            found.append((float(np.nanmedian(np.abs(ratio - shift))), point))
        return min(found, key=lambda item: item[0], default=(math.inf, {}))

    def solve(self, point: dict[str, float]) -> Estimate | None:
        """Gauss-Newton from a starting point, each step halved while it makes things worse."""
        if not self.names:
            return Estimate({}, {}, self.unit)
        current = np.array([free(name, point[name]) for name in self.names])
        cost = self.cost(current)
        for _ in range(ITERATIONS):
            slopes = self.slopes(current)
            residual = self.at(current)
            good = np.isfinite(residual) & np.isfinite(slopes).all(axis=1)
            if good.sum() <= len(self.names):
                return None
            change = np.linalg.lstsq(slopes[good], -residual[good], rcond=None)[0]
            change = np.clip(change, -3.0, 3.0)
            for _ in range(6):
                if (lower := self.cost(current + change)) < cost:
                    break
                change /= 2
            else:
                break
            current, cost = current + change, lower
        slopes = self.slopes(current)
        slopes = slopes[np.isfinite(slopes).all(axis=1)]
        spread = max(1.0, math.sqrt(cost))
        with np.errstate(all="ignore"):
            errors = spread * np.sqrt(np.diag(np.linalg.pinv(slopes.T @ slopes)))
        values = {name: bound(name, x) for name, x in zip(self.names, current, strict=True)}
        return Estimate(values, dict(zip(self.names, map(float, errors), strict=True)), self.unit)

    def at(self, point: Array) -> Array:
        """Residuals at a point of the free variables."""
        return self.residuals({n: bound(n, x) for n, x in zip(self.names, point, strict=True)})

    def cost(self, point: Array) -> float:
        """Mean square of the residuals, a few wild ones left out."""
        residual = np.sort(np.abs(self.at(point)))
        residual = residual[np.isfinite(residual)]
        kept = residual[: max(1, int(0.95 * len(residual)))]
        return float(np.mean(kept**2)) if len(residual) else math.inf

    def slopes(self, point: Array, small: float = 1e-6) -> Array:
        """Derivatives of the residuals, by central differences."""
        columns = []
        for index in range(len(point)):
            shift = np.zeros(len(point))
            shift[index] = small
            columns.append((self.at(point + shift) - self.at(point - shift)) / (2 * small))
        return np.stack(columns, axis=1)


def free(name: str, value: float) -> float:
    """A constant as a variable without limits: a share by what is missing to 1."""
    return math.log((1 - value) / value) if HYPERPARAMETERS[name].share else math.log(value)


def bound(name: str, variable: float) -> float:
    """The constant of such a variable."""
    return 1 / (1 + math.exp(variable)) if HYPERPARAMETERS[name].share else math.exp(variable)


def changes(rule: Rule, experiment: Experiment, values: Mapping[str, float]) -> Array:
    """The change of the parameter at each step, in float64, with some constants."""
    decimals = {**experiment.decimals, **{name: repr(value) for name, value in values.items()}}
    decimals.setdefault("epsilon", "0")
    parameter, found = experiment.parameter, []
    state = rule.initial_state(parameter, num=FLOAT64)
    for index, gradient in enumerate(experiment.gradients):
        hold = hyper(decimals, index + 1, num=FLOAT64)
        after, state = rule.step(hold, state, parameter, gradient, num=FLOAT64)
        found.append((after - parameter).ravel())
        parameter = after
    return np.stack(found)


def shortest(name: str, value: float, error: float, unit: float) -> Iterator[str]:
    """Decimals for a constant, from the shortest that its error allows to longer ones."""
    near = value * (unit + error * (1 - value if HYPERPARAMETERS[name].share else 1))
    for digits in range(1, DIGITS + 1):
        for text in rounded(name, value, digits):
            low, high = HYPERPARAMETERS[name].sought
            if low < float(text) <= high and abs(float(text) - value) <= ERRORS * near:
                yield text


def rounded(name: str, value: float, digits: int) -> Iterator[str]:
    """A value to so many significant digits; a share also by what is missing to one."""
    yield plain(float(f"{value:.{digits - 1}e}"))
    if HYPERPARAMETERS[name].share:
        yield plain(round(1 - float(f"{1 - value:.{digits - 1}e}"), 12))


def plain(value: float) -> str:
    """The shortest decimal of a number, without a superfluous fraction."""
    return repr(value).removesuffix(".0")


def likely(
    rules: Sequence[Rule], record: QueryResult, names: Sequence[str]
) -> Iterator[tuple[Rule, Estimate]]:
    """The rules whose steps come nearest, with their constants."""
    starts: list[tuple[float, int, Fit, dict[str, float]]] = []
    for rule in rules:
        fit = Fit(rule, record, names)
        distance, point = fit.start()
        if math.isfinite(distance):
            starts.append((distance, len(starts), fit, point))
    for _, _, fit, point in sorted(starts, key=lambda item: item[:2])[:LIKELY]:
        if estimate := fit.solve(point):
            yield fit.rule, estimate


def decimals(estimate: Estimate) -> Iterator[dict[str, str]]:
    """Decimals for all constants of an estimate: the shortest of each, then a longer one of one."""
    options_of = {
        name: list(dict.fromkeys(shortest(name, value, estimate.errors[name], estimate.unit)))
        for name, value in estimate.values.items()
    }
    if not all(options_of.values()):
        return
    shown = {name: options[0] for name, options in options_of.items()}
    yield dict(shown)
    for name, options in options_of.items():
        for other in options[1:3]:
            yield {**shown, name: other}


def with_constants(experiment: Experiment, constants: Mapping[str, str]) -> Experiment:
    """An experiment of which some coefficients are not sent, but built in."""
    return replace(experiment, built_in=dict(constants))
