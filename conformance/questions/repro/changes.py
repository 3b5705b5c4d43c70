"""Changes of a written case: fewer elements, steps or options, another hyperparameter."""

from __future__ import annotations

from dataclasses import replace

from optimizer_conformance.cases.case import Written
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS


def possible(case: Written) -> bool:
    """Whether steps could have left such a state: squares below their average, a larger maximum."""
    state = dict(case.state)
    second = state.get("second_moment", ())
    low = state.get("mean_gradient", (0.0,) * len(second))
    high = state.get("maximum_second_moment", second)
    return all(
        mean * mean <= square <= top for mean, square, top in zip(low, second, high, strict=True)
    )


def with_value(
    pairs: tuple[tuple[str, str], ...], name: str, value: str
) -> tuple[tuple[str, str], ...]:
    """Hyperparameters with one replaced."""
    return tuple((other, value if other == name else text) for other, text in pairs)


def without(case: Written, options: set[str]) -> Written:
    """The case without some options and what belongs to them."""
    states = {"momentum": "momentum", "centered": "mean_gradient"}
    states |= {"amsgrad": "maximum_second_moment"}
    gone = {states[name] for name in options if name in states}
    return replace(
        case,
        features=tuple(name for name in case.features if name not in options),
        hyperparameters=tuple(
            pair for pair in case.hyperparameters if HYPERPARAMETERS[pair[0]].option not in options
        ),
        state=tuple(pair for pair in case.state if pair[0] not in gone),
    )


def picked(case: Written, elements: list[int]) -> Written:
    """The case with these elements alone."""

    def take(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(values[index] for index in elements)

    return replace(
        case,
        size=len(elements),
        value=take(case.value),
        gradients=tuple(take(row) for row in case.gradients),
        state=tuple((name, take(values)) for name, values in case.state),
    )


def cut(case: Written, part: slice) -> Written:
    """The case with some of its steps alone."""
    return chosen(case, list(range(case.steps))[part])


def chosen(case: Written, steps: list[int]) -> Written:
    """The same, for steps that need not stand together."""
    return replace(
        case,
        steps=len(steps),
        gradients=tuple(case.gradients[index] for index in steps),
        rates=tuple(case.rates[index] for index in steps) if case.rates else (),
    )


def decimal(value: float) -> str:
    """A float as the shortest decimal that a case may hold."""
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
