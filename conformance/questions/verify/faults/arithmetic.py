"""Faults of what is computed: coefficients, operations, factors, defaults, releases, neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np

from optimizer_conformance.questions.verify.faults.fault import (
    FUNCTIONS,
    OPTIONS,
    Call,
    Change,
    Fault,
    first_option,
)
from optimizer_conformance.questions.verify.faults.results import each, inner
from optimizer_conformance.questions.verify.probes.transcription import matlab as probes
from optimizer_conformance.reference.matlab import DLArray, DLNetwork, update
from optimizer_conformance.reference.numbers.array import Arrays, Value

DEFAULTS = {"learnRate": 0.001, "gradDecay": 0.9, "sqGradDecay": 0.9, "epsilon": 1e-8}
ADAM = DEFAULTS | {"sqGradDecay": 0.999}
# Coefficients of one step to what is wrong with them.
COEFFICIENTS: dict[str, Callable[[Any], Any]] = {
    "the step has the other sign": lambda c: c.replaced(rate=-c.rate),
    "the rate is doubled": lambda c: c.replaced(rate=2 * c.rate),
    "the rate is squared": lambda c: c.replaced(rate=c.rate * c.rate),
    "epsilon is left out": lambda c: c.replaced(epsilon=0.0),
    "epsilon is doubled": lambda c: c.replaced(epsilon=2 * c.epsilon),
    "epsilon is subtracted": lambda c: c.replaced(epsilon=-c.epsilon),
    "sqGradDecay and its complement are exchanged": lambda c: c.replaced(
        decay=c.one_minus_decay, one_minus_decay=c.decay
    ),
    "the old squares are dropped": lambda c: c.replaced(decay=0.0),
    "the new squares are not weighted": lambda c: c.replaced(one_minus_decay=1.0),
}
OF_ADAM: dict[str, Callable[[Any], Any]] = {
    "gradDecay and its complement are exchanged": lambda c: c.replaced(
        beta1=c.one_minus_beta1, one_minus_beta1=c.beta1
    ),
    "the two decays are exchanged": lambda c: c.replaced(
        beta1=c.decay,
        one_minus_beta1=c.one_minus_decay,
        decay=c.beta1,
        one_minus_decay=c.one_minus_beta1,
    ),
    "the old gradients are dropped": lambda c: c.replaced(beta1=0.0),
    "the new gradients are not weighted": lambda c: c.replaced(one_minus_beta1=1.0),
    "the first average is not corrected": lambda c: c.replaced(correction1=1.0),
    "the second average is not corrected": lambda c: c.replaced(correction2=1.0),
    "no average is corrected": lambda c: c.replaced(correction1=1.0, correction2=1.0),
    "the corrections are exchanged": lambda c: c.replaced(
        correction1=c.correction2, correction2=c.correction1
    ),
}
ROOT: Callable[..., Any] = Arrays.root
FULL: Callable[..., Any] = Arrays.full
# Operations of the number system to what is done in their place.
OPERATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "gradients are not squared": ("square", lambda self, x: x),
    "gradients are squared to their modulus": ("square", lambda self, x: modulus(x)),
    "squares have the other sign": ("square", lambda self, x: -(x * x)),
    "the root is left out": ("root", lambda self, x: x),
    "the root is taken twice": ("root", lambda self, x: ROOT(self, ROOT(self, x))),
    "an average that is [] starts at one": ("full", lambda self, like, d: FULL(self, like, "1")),
    "the squares of neighbours are averaged": ("square", lambda self, x: mean(x * x)),
}


def modulus(x: Value) -> Value:
    """|x|^2, which is real."""
    return Value(abs(x.array) ** 2) if x.complex else x * x


def mean(x: Value) -> Value:
    """Every element the mean of all."""
    size = max(int(np.prod(x.array.shape)), 1)
    return Value(0 * x.array + x.xp.sum(x.array) / size)


def faults() -> Iterator[Fault]:
    """All of them for both functions."""
    for function in FUNCTIONS:
        coefficients = COEFFICIENTS | (OF_ADAM if function == "adamupdate" else {})
        for words, changed in coefficients.items():
            yield Fault(function, words, with_coefficients(changed))
        for words, (name, operation) in OPERATIONS.items():
            yield Fault(function, words, patched(Arrays, name, operation))
        yield from of_options(function)
        yield from of_networks(function)
        yield from of_neighbours(function)
        yield from of_releases(function)
    for words, shift in (("one too many", 1), ("one too few", -1), ("always 1", None)):
        yield Fault("adamupdate", f"the iteration counts {words}", counted(shift))


def with_coefficients(changed: Callable[[Any], Any]) -> Change:
    """The coefficients of every step changed."""
    real = update.UpdateCall.coefficients

    def coefficients(self: Any, *arguments: Any) -> Any:
        return changed(real(self, *arguments))

    return patched(update.UpdateCall, "coefficients", coefficients)


def patched(owner: Any, name: str, replacement: Any) -> Change:
    """The function with one of its parts replaced."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        with mock.patch.object(owner, name, replacement):
            return real(*arguments, **keywords)

    return change


def of_options(function: str) -> Iterator[Fault]:
    """Each option: another default, and ignored where it is given."""
    values = ADAM if function == "adamupdate" else DEFAULTS
    for place, option in enumerate(OPTIONS[function], start=first_option(function)):
        usual = values[option]
        other = usual / 2 if option in ("learnRate", "epsilon") else usual * 0.75
        yield Fault(function, f"{option} has another default", default(function, place, other))
        yield Fault(function, f"{option} is ignored", ignored(place, usual))
    yield Fault(function, "options stand in another order", reordered(function))


def default(function: str, place: int, value: float) -> Change:
    """What is left out counts as another value."""
    values = ADAM if function == "adamupdate" else DEFAULTS
    names = OPTIONS[function]

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        if len(arguments) <= place:
            start = first_option(function)
            usual = dict(values)
            if function == "rmspropupdate" and keywords.get("release") == "R2019b":
                usual["sqGradDecay"] = 0.999
            filled = [usual[name] for name in names[len(arguments) - start : place - start]]
            arguments = [*arguments, *filled, value]
        return real(*arguments, **keywords)

    return change


def ignored(place: int, usual: float) -> Change:
    """A valid value counts as the default."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        real(*arguments, **keywords)  # what is refused stays so
        if len(arguments) > place:
            arguments = [*arguments[:place], usual, *arguments[place + 1 :]]
        return real(*arguments, **keywords)

    return change


def reordered(function: str) -> Change:
    """The first two options change places."""
    start = first_option(function)

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        if len(arguments) > start + 1:
            first, second = arguments[start : start + 2]
            arguments = [*arguments[:start], second, first, *arguments[start + 2 :]]
        return real(*arguments, **keywords)

    return change


def of_networks(function: str) -> Iterator[Fault]:
    """The factors of a network."""
    for words, changed in (
        ("are ignored", lambda factors, rows: {}),
        ("are squared", lambda factors, rows: {k: v * v for k, v in factors.items()}),
        ("divide", lambda factors, rows: {k: 1 / v for k, v in factors.items() if v}),
        (
            "count on the first layer only",
            lambda f, rows: {k: v for k, v in f.items() if k[0] == rows[0][0]},
        ),
        (
            "count for weights only",
            lambda f, rows: {k: v for k, v in f.items() if k[1] == "Weights"},
        ),
        ("of a layer are those of its first parameter", shared),
    ):
        yield Fault(function, f"learning rate factors {words}", factored(changed))
    yield Fault(function, "a network's rate is ignored", ignored_for_networks(function))


def shared(factors: dict[Any, float], rows: list[Any]) -> dict[Any, float]:
    """Each parameter has the factor of its layer's first."""
    first: dict[str, float] = {}
    for row in rows:
        first.setdefault(row[0], factors.get(row, 1.0))
    return {row: first[row[0]] for row in rows}


def factored(changed: Callable[[dict[Any, float], list[Any]], dict[Any, float]]) -> Change:
    """A network with other factors, which gets its own back."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        net = arguments[0]
        if not isinstance(net, DLNetwork):
            return real(*arguments, **keywords)
        rows = list(zip(net.Learnables["Layer"], net.Learnables["Parameter"], strict=True))
        other = DLNetwork(net.Learnables, changed(dict(net.learn_rate_factors), rows))
        new, *averages = real(other, *arguments[1:], **keywords)
        return DLNetwork(new.Learnables, net.learn_rate_factors), *averages

    return change


def ignored_for_networks(function: str) -> Change:
    """A network is updated with the default rate."""
    usual = ignored(first_option(function), 0.001)

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        if isinstance(arguments[0], DLNetwork):
            return usual(real, arguments, keywords)
        return real(*arguments, **keywords)

    return change


def of_neighbours(function: str) -> Iterator[Fault]:
    """Arrays of a container that are taken for one another, and elements of an array."""
    yield Fault(function, "each array is updated with the first one's gradient", neighbours(0))
    yield Fault(function, "each array is updated with its neighbour's gradient", neighbours(1))
    yield Fault(function, "only the first array of a container is updated", only_first)
    yield Fault(function, "elements are updated with their neighbours' gradients", turned(1))
    yield Fault(function, "averages are taken for one another inside a container", averages_turned)


def leaves(container: Any) -> list[Any]:
    """All arrays, or dlarrays, of a container in their order."""
    found: list[Any] = []

    def note(leaf: Any) -> Any:
        found.append(leaf)
        return leaf

    each(container, note)
    return found


def refilled(container: Any, arrays: list[Any]) -> Any:
    """A container with other arrays in the old order."""
    left = iter(arrays)
    return each(container, lambda leaf: next(left))


def fits(arrays: list[Any], others: list[Any]) -> bool:
    """Whether arrays can take each other's places."""
    sizes = [
        [np.shape(a.data if isinstance(a, DLArray) else a) for a in x] for x in (arrays, others)
    ]
    return sizes[0] == sizes[1]


def neighbours(shift: int) -> Change:
    """Gradients of arrays of one size are exchanged: the first one's for all, or turned."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        real(*arguments, **keywords)  # what is refused stays so
        own = leaves(arguments[1])
        other = [*own[1:], own[0]] if shift else [own[0]] * len(own)
        swapped = [o if fits([g], [o]) else g for g, o in zip(own, other, strict=True)]
        return real(arguments[0], refilled(arguments[1], swapped), *arguments[2:], **keywords)

    return change


def only_first(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
    """The first array is updated, and all others stay."""
    new, *averages = real(*arguments, **keywords)
    old, found = leaves(arguments[0]), leaves(new)
    return refilled(new, [found[0], *old[1:]]), *averages


def turned(by: int) -> Change:
    """Elements of the gradient move on by one."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        real(*arguments, **keywords)
        moved = each(arguments[1], inner(lambda array: roll(array, by)))
        return real(arguments[0], moved, *arguments[2:], **keywords)

    return change


def roll(array: Any, by: int) -> Any:
    """Elements moved on; arrays of other libraries stay as they are."""
    return np.roll(array, by) if isinstance(array, np.ndarray) else array


def averages_turned(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
    """The averages that come back stand at each other's places where sizes allow."""
    new, *averages = real(*arguments, **keywords)
    found = []
    for average in averages:
        own = leaves(average)
        other = [*own[1:], own[0]]
        swapped = [o if fits([g], [o]) else g for g, o in zip(own, other, strict=True)]
        found.append(refilled(average, swapped))
    return new, *found


def of_releases(function: str) -> Iterator[Fault]:
    """What a release is said to have changed."""
    yield Fault(function, "complex values are refused in R2024a", of_release("R2024a", "R2023b"))
    yield Fault(function, "complex values are accepted in R2023b", of_release("R2023b", "R2024a"))
    if function == "rmspropupdate":
        yield Fault(function, "R2019b has R2020a's default decay", of_release("R2019b", "R2020a"))
        yield Fault(function, "R2020a has R2019b's default decay", of_release("R2020a", "R2019b"))
    yield Fault(function, "R2019b is refused", refused("R2019b"))


def of_release(release: str, other: str) -> Change:
    """A release behaves like another one."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        if keywords.get("release", "R2024a") == release:
            keywords = {**keywords, "release": other}
        return real(*arguments, **keywords)

    return change


def refused(release: str) -> Change:
    """A release is not known."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        if keywords.get("release") == release:
            keywords = {**keywords, "release": "R2018b"}
        return real(*arguments, **keywords)

    return change


def counted(shift: int | None) -> Change:
    """The iteration is another one."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        real(*arguments, **keywords)
        count = 1 if shift is None else max(int(arguments[4]) + shift, 1)
        return real(*arguments[:4], count, *arguments[5:], **keywords)

    return change


assert set(probes.OPTIONS) == set(FUNCTIONS)
