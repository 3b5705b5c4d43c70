"""Few simple numbers that tell two rules apart, so that a person can check them by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule, taken
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reports.classes import HandExample

PARAMETER = 1.0
GRADIENTS = (1.0, 0.5, 0.1, -1.0, 0.0)
MOST_STEPS = 8
# More steps than these are tried with fewer gradients: a rule that begins otherwise needs them.
FEW, STEADY = 4, (1.0, 0.1)
EPSILONS = ("0.1", "0.01")
# Some rules differ only where the rate changes.
RATES: tuple[tuple[str, ...], ...] = ((), ("0.1", "0.1", "0.01", "0.01"))
# Half of the third digit: a person who computes by hand sees the difference.
SEEN = 0.005


def example(one: Rule, other: Rule, family: str, features: str) -> HandExample | None:
    """The fewest steps whose results differ in three digits; there, the largest difference."""
    switched = [name for name in features.split("+") if name]
    if one.shaped or other.shaped:
        return None  # a mean or a norm needs more than one number
    names = [record.name for record in taken(family, switched) if record.name != "epsilon"]
    for steps in range(1, MOST_STEPS + 1):
        found = max(
            tried(one, other, [HYPERPARAMETERS[name].at("hand") for name in names], names, steps),
            key=lambda item: item[0],
            default=(0.0, None),
        )
        if found[0] > SEEN:
            return found[1]
    return None


def tried(
    one: Rule, other: Rule, values: list[str], names: list[str], steps: int
) -> Iterator[tuple[float, HandExample]]:
    """For each epsilon and schedule the gradients that tell most, with how much that is."""
    rows = np.array(list(product(GRADIENTS if steps <= FEW else STEADY, repeat=steps))).T
    for epsilon, rates in product(EPSILONS, RATES):
        if rates and not len(rates) - 1 <= steps <= len(rates):
            continue
        decimals = {**dict(zip(names, values, strict=True)), "epsilon": epsilon}
        first, second = (end(rule, decimals, rows, rates[:steps]) for rule in (one, other))
        with np.errstate(all="ignore"):
            moved = np.maximum(np.abs(first - PARAMETER), np.abs(second - PARAMETER))
            apart = np.abs(first - second) / np.maximum(moved, 1e-3)
        apart = np.where(np.isfinite(apart), apart, 0.0)
        best = int(np.argmax(apart))
        yield (
            float(apart[best]),
            HandExample(
                decimals,
                PARAMETER,
                [float(value) for value in rows[:, best]],
                list(rates[:steps]),
                (float(first[best]), float(second[best])),
            ),
        )


def end(rule: Rule, decimals: dict[str, str], rows: Array, rates: tuple[str, ...]) -> Array:
    """The parameter after the last step, for every column of gradients."""
    with np.errstate(all="ignore"):
        start = np.full(rows.shape[1], PARAMETER)
        *_, (last, _) = trajectory(rule, decimals, start, list(rows), num=FLOAT64, rates=rates)
    found: Array = last
    return found
