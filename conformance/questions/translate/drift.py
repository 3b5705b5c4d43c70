"""How far two implementations part that cannot be made the same, and the nearest setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np

from optimizer_conformance.questions.translate.result import Drift
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.questions.translate.transformations import IDLE
from optimizer_conformance.questions.translate.values import written
from optimizer_conformance.reference.numbers import FLOAT64, PRECISIONS
from optimizer_conformance.reference.numbers.precision import Array, from_bits, to_bits
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.workers.subject import Subject

ELEMENTS = 256
SEED = 7


def journey(dtype: str, steps: int) -> tuple[Array, list[Array]]:
    """Parameters and gradients of a training: each element has a size of its own and wanders.

    Sizes from 1e-6 to 10, so that an epsilon shows in some elements and not in others.
    """
    random = np.random.Generator(np.random.Philox(key=SEED))

    def exactly(values: Array) -> Array:
        return from_bits(to_bits(values, dtype), dtype)

    size = 10 ** random.uniform(-6, 1, ELEMENTS)
    start = exactly(random.standard_normal(ELEMENTS))
    trend = random.standard_normal(ELEMENTS)
    return start, [exactly(size * (trend + random.standard_normal(ELEMENTS))) for _ in range(steps)]


def nearest(
    first: Rule, given: Mapping[str, str], second: Rule, steps: int, dtype: str
) -> dict[str, str]:
    """Of some constant settings of the second rule, the one that stays nearest to the first."""
    start, gradients = journey(dtype, steps)
    goal = ends(first, given, start, gradients)
    best: dict[str, str] = {}
    least = np.inf
    for setting in guesses(first, given, second):
        reached = ends(second, setting, start, gradients)
        with np.errstate(all="ignore"):
            apart = np.abs(reached - goal) / np.abs(goal - start)
        far = float(np.nanmedian(apart)) if not np.isnan(apart).all() else np.inf
        if far < least or not best:
            best, least = setting, far
    return best


def ends(rule: Rule, decimals: Mapping[str, str], start: Array, gradients: list[Array]) -> Array:
    """Where a rule comes to, in float64."""
    with np.errstate(all="ignore"):
        *_, (last, _) = trajectory(rule, dict(decimals), start, gradients, num=FLOAT64)
    reached: Array = last
    return reached


def guesses(first: Rule, given: Mapping[str, str], second: Rule) -> Iterator[dict[str, str]]:
    """Settings that come to mind: the same number, or what it amounts to in the other place."""
    options: dict[str, list[str]] = {}
    for name in second.hyperparameters:
        if name in given:
            options[name] = [given[name]]
        elif name in IDLE:
            options[name] = [str(IDLE[name])]
    places = (first["epsilon"], second["epsilon"])
    if "epsilon" in options and "inside" in places and places[0] != places[1]:
        # Under the root it weighs as its root does outside.
        epsilon = Decimal(given["epsilon"])
        moved = epsilon.sqrt() if places[0] == "inside" else epsilon**2
        options["epsilon"].append(written(moved))
    momentum = Fraction(given.get("momentum", "0"))
    if momentum and "momentum" not in options and momentum != 1:
        # What the buffer amounts to once it has filled.
        rate = Fraction(given["learning_rate"]) / (1 - momentum)
        options["learning_rate"].append(written(float(rate)))
    for values in product(*options.values()):
        yield dict(zip(options, values, strict=True))


def measured(
    one: Subject,
    first: OptimizerSetting,
    other: Subject,
    second: OptimizerSetting,
    dtype: str,
    steps: int,
) -> tuple[Drift, ...]:
    """Both implementations on the same journey: how far apart after some of its steps."""
    start, gradients = journey(dtype, steps)
    a = one.steps(start, gradients, first.numbers, features=first.features, dtype=dtype).parameter
    b = other.steps(
        start, gradients, second.numbers, features=second.features, dtype=dtype
    ).parameter
    rows = []
    for step in reported(steps):
        one_row, other_row = a[step - 1], b[step - 1]
        with np.errstate(all="ignore"):
            apart = np.abs(one_row - other_row)
            size = np.maximum(np.abs(one_row), np.abs(other_row))
            relative = np.where(apart == 0, 0.0, apart / size)
            ulp = apart / PRECISIONS[dtype].quantum(np.where(np.isfinite(one_row), one_row, 0.0))
        rows.append(
            Drift(
                step,
                float(np.max(relative)),
                float(np.median(relative)),
                float(np.max(ulp)),
            )
        )
    return tuple(rows)


def reported(steps: int) -> list[int]:
    """1, 2, 5, 10, 20, 50, … and the last."""
    marks = [factor * 10**power for power in range(7) for factor in (1, 2, 5)]
    return sorted({*(mark for mark in marks if mark < steps), steps})
