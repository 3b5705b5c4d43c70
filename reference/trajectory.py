"""A rule applied step after step, on any number system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer_conformance.reference.numbers.hyper import hyper
from optimizer_conformance.reference.numbers.system import NumberSystem
from optimizer_conformance.reference.rules import Number, Rule, State


def trajectory(
    rule: Rule,
    decimals: dict[str, str],
    parameter: Number,
    gradients: Sequence[Number],
    *,
    num: NumberSystem,
    state: State | None = None,
    taken: int = 0,
    rates: Sequence[str] = (),
) -> Iterator[tuple[Number, State]]:
    """Yield the parameter and the state after each step.

    ``decimals`` maps canonical hyperparameters to the decimals that were written; ``gradients``
    holds one number (array) a step; ``state`` after ``taken`` steps replaces the initial one;
    ``rates``, when given, is the learning rate of each step.
    """
    if state is None:
        state = rule.initial_state(parameter, num=num)
    for index, gradient in enumerate(gradients):
        coefficients = hyper(
            decimals, taken + index + 1, num=num, rate=rates[index] if rates else None
        )
        parameter, state = rule.step(coefficients, state, parameter, gradient, num=num)
        yield parameter, state
