"""What holds learnable parameters: MATLAB's containers and what stands for them here.

======================= ============================================================================
MATLAB                  Python
======================= ============================================================================
numeric array           an array of a library that follows the array API, or a float or complex
``dlarray``             ``objects.DLArray``
cell array              list
structure               dict
table                   pandas DataFrame with the columns Layer, Parameter and Value
``dlnetwork``           ``objects.DLNetwork``, or any object with a table ``Learnables``
``[]``                  None, or an empty array or list
======================= ============================================================================
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.matlab.objects import DLArray
from optimizer_conformance.reference.matlab.scalars import real_scalar

COLUMNS = ("Layer", "Parameter", "Value")


@dataclass(frozen=True)
class Argument:
    """One argument, or a part of it: where it stands, and what it is.

    ``omitted``: an average that was given as ``[]``; then all its parts are omitted.
    """

    name: str
    value: Any
    omitted: bool = False

    def part(self, place: str, key: Any) -> Argument:
        """The part of this container at ``key``, called ``place``."""
        if self.omitted:
            return Argument(self.name + place, None, omitted=True)
        return Argument(self.name + place, self.value[key])


# What is done to one array: parameter, gradient, averages and the factor of the learning rate to
# the new parameter and averages.
Update = Callable[[Argument, Argument, Sequence[Argument], float], tuple[Any, ...]]


def is_empty(value: Any) -> bool:
    """Whether ``value`` stands for ``[]``."""
    if value is None or (isinstance(value, list) and not value):
        return True
    return is_array_api_obj(value) and 0 in value.shape


def is_table(value: Any) -> bool:
    """Whether ``value`` is a DataFrame; nobody who has none needs pandas imported."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def kind(argument: Argument) -> str:
    """Which of MATLAB's containers an argument is."""
    value = argument.value
    if isinstance(value, DLArray):
        return "a dlarray"
    if isinstance(value, list):
        return "a cell array"
    if isinstance(value, dict):
        return "a structure"
    if is_table(value):
        return "a table"
    if hasattr(value, "Learnables"):
        return "a dlnetwork"
    if is_array_api_obj(value) or isinstance(value, (float, complex, np.generic)):
        return "a numeric array"
    given = "[]" if value is None else f"a Python {type(value).__name__}"
    raise ArgumentError(
        argument.name,
        f"must be a dlarray, a numeric array, a cell array (list), a structure (dict) or a table "
        f"(pandas DataFrame), and is {given}",
    )


def walk(
    update: Update, parameters: Argument, others: Sequence[Argument], factor: float = 1.0
) -> tuple[Any, ...]:
    """``update`` at every array of a container; the new container of each result.

    ``others`` are the gradient and the averages; omitted averages are handed on as they are.
    Raises ArgumentError where a container is not exactly like the parameters'.
    """
    found = kind(parameters)
    if found == "a dlnetwork":
        return network(update, parameters, others)
    for other in present(others):
        if kind(other) != found:
            raise ArgumentError(
                other.name, f"must be {found} like {parameters.name}, and is {kind(other)}"
            )
    if found == "a cell array":
        return cells(update, parameters, others, factor)
    if found == "a structure":
        return structure(update, parameters, others, factor)
    if found == "a table":
        return table(update, parameters, others, lambda layer, parameter: factor)
    return update(parameters, others[0], others[1:], factor)


def present(others: Sequence[Argument]) -> list[Argument]:
    """The arguments that were not omitted."""
    return [other for other in others if not other.omitted]


def inside(
    update: Update,
    parameters: Argument,
    others: Sequence[Argument],
    places: Sequence[tuple[Any, str, float]],
) -> list[list[Any]]:
    """``walk`` at each key of a container; the values of each result, in order.

    ``places`` holds the key, what the place is called, and the factor of the learning rate there.
    """
    rows = [
        walk(
            update,
            parameters.part(place, key),
            [other.part(place, key) for other in others],
            factor,
        )
        for key, place, factor in places
    ]
    return [[row[result] for row in rows] for result in range(len(others))]


def cells(
    update: Update, parameters: Argument, others: Sequence[Argument], factor: float
) -> tuple[Any, ...]:
    """A cell array, cell by cell."""
    length = len(parameters.value)
    for other in present(others):
        if len(other.value) != length:
            raise ArgumentError(
                other.name,
                f"must have {length} cells like {parameters.name}, and has {len(other.value)}",
            )
    places = [(index, f"{{{index + 1}}}", factor) for index in range(length)]
    return tuple(inside(update, parameters, others, places))


def structure(
    update: Update, parameters: Argument, others: Sequence[Argument], factor: float
) -> tuple[Any, ...]:
    """A structure, field by field."""
    names = list(parameters.value)
    for other in present(others):
        if list(other.value) != names:
            raise ArgumentError(
                other.name,
                f"must have the fields of {parameters.name} in their order ({listed(names)}), and "
                f"has {listed(other.value)}",
            )
    places = [(name, f".{name}", factor) for name in names]
    results = inside(update, parameters, others, places)
    return tuple(dict(zip(names, result, strict=True)) for result in results)


def listed(names: Any) -> str:
    """Names in a line."""
    return ", ".join(map(str, names)) or "none"


def table(
    update: Update,
    parameters: Argument,
    others: Sequence[Argument],
    factor: Callable[[str, str], float],
) -> tuple[Any, ...]:
    """A table of learnables, row by row; ``factor`` of a layer's parameter."""
    frame = parameters.value
    if missing := [name for name in COLUMNS if name not in frame.columns]:
        raise ArgumentError(parameters.name, f"must have the variable {missing[0]}")
    for other in present(others):
        match_tables(parameters, other)
    names = zip(frame["Layer"], frame["Parameter"], strict=True)
    places = [(index, f"{{{index + 1}}}", factor(*name)) for index, name in enumerate(names)]
    values = [column(argument) for argument in (parameters, *others)]
    results = inside(update, values[0], values[1:], places)
    return tuple(frame.assign(Value=objects(result)) for result in results)


def column(argument: Argument) -> Argument:
    """The values of a table."""
    values = None if argument.omitted else list(argument.value["Value"])
    return Argument(f"{argument.name}.Value", values, argument.omitted)


def match_tables(parameters: Argument, other: Argument) -> None:
    """Refuse a table with other variables, or other rows, than the parameters'."""
    wanted, found = list(parameters.value.columns), list(other.value.columns)
    if found != wanted:
        raise ArgumentError(
            other.name,
            f"must have the variables of {parameters.name} in their order ({listed(wanted)}), and "
            f"has {listed(found)}",
        )
    if len(other.value) != len(parameters.value):
        raise ArgumentError(
            other.name,
            f"must have {len(parameters.value)} rows like {parameters.name}, and has "
            f"{len(other.value)}",
        )
    for name in COLUMNS[:2]:
        pairs = zip(parameters.value[name], other.value[name], strict=True)
        for index, (ours, theirs) in enumerate(pairs):
            if ours != theirs:
                raise ArgumentError(
                    f"{other.name}.{name}({index + 1})",
                    f"must be {ours!r} like {parameters.name}'s, and is {theirs!r}",
                )


def objects(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """A column whose elements are the values themselves, arrays included."""
    found = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        found[index] = value
    return found


def network(update: Update, parameters: Argument, others: Sequence[Argument]) -> tuple[Any, ...]:
    """A network: its table of learnables, with a learning rate for each parameter."""
    net = parameters.value
    learnables = Argument(f"{parameters.name}.Learnables", net.Learnables)
    if not is_table(net.Learnables):
        raise ArgumentError(learnables.name, f"must be a table, and is {kind(learnables)}")
    for other in present(others):
        if kind(other) != "a table":
            raise ArgumentError(
                other.name, f"must be a table like {learnables.name}, and is {kind(other)}"
            )
    factors = getattr(net, "learn_rate_factors", {})

    def factor(layer: str, parameter: str) -> float:
        name = f"{parameters.name}.learn_rate_factors({layer!r}, {parameter!r})"
        found = real_scalar(name, factors.get((layer, parameter), 1.0), "a nonnegative scalar")
        if not 0 <= found < float("inf"):
            raise ArgumentError(name, f"must be a nonnegative scalar, and is {found}")
        return found

    updated, *averages = table(update, learnables, others, factor)
    copied = copy.copy(net)
    object.__setattr__(copied, "Learnables", updated)
    return copied, *averages
