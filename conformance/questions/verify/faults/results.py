"""Faults of what comes back: form, class, labels, order and place of each result."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import array_api_compat
import numpy as np
import pandas

from optimizer_conformance.questions.verify.faults.fault import (
    CONTAINERS,
    FUNCTIONS,
    Call,
    Change,
    Fault,
)
from optimizer_conformance.reference.matlab import DLArray, DLNetwork
from optimizer_conformance.reference.matlab.containers import Argument, kind

Leaf = Callable[[Any], Any]


def each(container: Any, change: Leaf) -> Any:
    """``change`` at every array (or ``dlarray``) of a container."""
    if isinstance(container, DLNetwork):
        return DLNetwork(each(container.Learnables, change), container.learn_rate_factors)
    if isinstance(container, pandas.DataFrame):
        column = np.empty(len(container), dtype=object)
        for index, value in enumerate(container["Value"]):
            column[index] = each(value, change)
        return container.assign(Value=column)
    if isinstance(container, dict):
        return {name: each(part, change) for name, part in container.items()}
    if isinstance(container, list):
        return [each(part, change) for part in container]
    return change(container)


def data(leaf: Any) -> Any:
    """The plain array of a leaf."""
    return leaf.data if isinstance(leaf, DLArray) else leaf


def inner(change: Leaf) -> Leaf:
    """``change`` at the plain array, whatever it is dressed in."""
    return lambda leaf: (
        DLArray(change(leaf.data), leaf.dims) if isinstance(leaf, DLArray) else change(leaf)
    )


def other_class(array: Any) -> Any:
    """single becomes double, and double single."""
    xp = array_api_compat.array_namespace(array)
    turn = {"float32": xp.float64, "float64": xp.float32}
    turn |= {"complex64": xp.complex128, "complex128": xp.complex64}
    return xp.astype(array, turn[str(array.dtype).rpartition(".")[2]])


def real_part(array: Any) -> Any:
    """Without imaginary parts."""
    xp = array_api_compat.array_namespace(array)
    return xp.real(array) if xp.isdtype(array.dtype, "complex floating") else array


# What may be wrong with every array of a result; only forms of call that show it are touched.
LEAVES: dict[str, Leaf] = {
    "is no dlarray any more": data,
    "is a dlarray where none was given": lambda leaf: (
        leaf if isinstance(leaf, DLArray) else DLArray(leaf)
    ),
    "has lost its labels": lambda leaf: DLArray(leaf.data) if isinstance(leaf, DLArray) else leaf,
    "has its elements in one row": inner(
        lambda array: array_api_compat.array_namespace(array).reshape(array, (-1,))
    ),
    "has the other class": inner(other_class),
    "has lost its imaginary part": inner(real_part),
}
FORMS: dict[str, Callable[[Any], Any]] = {
    "has its fields in another order": lambda c: (
        dict(reversed(c.items())) if isinstance(c, dict) else c
    ),
    "has its cells in another order": lambda c: c[::-1] if isinstance(c, list) else c,
    "is a cell array in the place of a structure": lambda c: (
        list(c.values()) if isinstance(c, dict) else c
    ),
    "is a structure in the place of a cell array": lambda c: (
        {f"x{index}": part for index, part in enumerate(c)} if isinstance(c, list) else c
    ),
    "is a cell array in the place of a table": lambda c: (
        list(c["Value"]) if isinstance(c, pandas.DataFrame) else c
    ),
    "has its rows in another order": lambda c: (
        c.iloc[::-1].reset_index(drop=True) if isinstance(c, pandas.DataFrame) else c
    ),
    "has lost the variable Layer": lambda c: (
        c.drop(columns="Layer") if isinstance(c, pandas.DataFrame) else c
    ),
    "has lost further variables": lambda c: (
        c[["Layer", "Parameter", "Value"]] if isinstance(c, pandas.DataFrame) else c
    ),
}
NETWORK: dict[str, Callable[[Any], Any]] = {
    "is its table in the place of the network": lambda c: (
        c.Learnables if isinstance(c, DLNetwork) else c
    ),
    "is a cell array in the place of the network": lambda c: (
        list(c.Learnables["Value"]) if isinstance(c, DLNetwork) else c
    ),
}


def faults() -> Iterator[Fault]:
    """Each result of each function."""
    for function in FUNCTIONS:
        results = [name for name in CONTAINERS[function] if name != "grad"]
        for place, result in enumerate(results):
            for words, leaf in LEAVES.items():
                yield Fault(function, f"{result} {words}", of_result(place, walked(leaf)))
            forms = FORMS | (NETWORK if result == "params" else {})
            for words, change in forms.items():
                yield Fault(function, f"{result} {words}", of_result(place, change))
            if result != "params":
                yield Fault(function, f"{result} of a network is a network", networked(place))
            yield Fault(function, f"{result} comes back as it was given", unchanged(place, result))
            yield Fault(function, f"{result} on a device comes back on the host", on_host(place))
        for argument in CONTAINERS[function]:
            yield Fault(function, f"{argument} is overwritten", overwritten(argument))
        yield Fault(function, "a result is missing", lambda f, a, k: f(*a, **k)[:-1])
        yield Fault(function, "there is a further result", lambda f, a, k: (*f(*a, **k), None))
        yield Fault(function, "results come in another order", lambda f, a, k: f(*a, **k)[::-1])
    yield Fault(
        "adamupdate",
        "the two averages come in each other's place",
        lambda f, a, k: operator.itemgetter(0, 2, 1)(f(*a, **k)),
    )


def walked(leaf: Leaf) -> Callable[[Any], Any]:
    """A change of every array of a container."""
    return lambda container: each(container, leaf)


def of_result(place: int, change: Callable[[Any], Any]) -> Change:
    """A change of one result."""

    def changed(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        found = list(real(*arguments, **keywords))
        found[place] = change(found[place])
        return tuple(found)

    return changed


def networked(place: int) -> Change:
    """A table of averages comes as a network where parameters were one."""

    def changed(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        found = list(real(*arguments, **keywords))
        if isinstance(arguments[0], DLNetwork):
            found[place] = DLNetwork(found[place])
        return tuple(found)

    return changed


def unchanged(place: int, argument: str) -> Change:
    """A result is what was given."""

    def changed(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        found = list(real(*arguments, **keywords))
        given = arguments[CONTAINERS[real.__name__].index(argument)]
        found[place] = given if given is not None else each(found[place], inner(lambda a: a * 0))
        return tuple(found)

    return changed


def on_host(place: int) -> Change:
    """An array of another device comes back as one of the host."""

    def moved(array: Any) -> Any:
        if isinstance(array, np.ndarray):
            return array
        xp = array_api_compat.array_namespace(array)
        return xp.asarray(array, device=xp.Device("CPU_DEVICE"))

    return of_result(place, walked(inner(moved)))


def overwritten(argument: str) -> Change:
    """What was given holds something else afterwards."""

    def changed(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        found = real(*arguments, **keywords)
        given = arguments[CONTAINERS[real.__name__].index(argument)]
        if given is not None and kind(Argument(argument, given)):
            each(given, spoil)
        return found

    return changed


def spoil(leaf: Any) -> Any:
    """Add one to an array in place."""
    array = data(leaf)
    if isinstance(array, np.ndarray):
        array += 1
    return leaf
