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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.matlab.objects import DLArray
from optimizer_conformance.reference.matlab.scalars import described, real_scalar

COLUMNS = ("Layer", "Parameter", "Value")
KINDS: dict[str, Any] = {
    "a dlarray": DLArray,
    "a numeric array": (np.ndarray, np.generic, float, complex),
    "a cell array": list,
    "a structure": dict,
}


@dataclass(frozen=True)
class Argument:
    """One argument, or a part of it: where it stands, and what it is.

    ``omitted``: an average that was given as ``[]``; then all its parts are omitted.  ``depth``:
    in how many containers it stands.
    """

    name: str
    value: Any
    omitted: bool = False
    depth: int = 0

    def part(self, place: str, key: Any) -> Argument:
        """The part of this container at ``key``, called ``place``."""
        value = None if self.omitted else self.value[key]
        return Argument(self.name + place, value, self.omitted, self.depth + 1)


DEEPEST = 64  # containers in containers; what holds itself has no end


# What is done to one array: parameter, gradient, averages and the factor of the learning rate to
# the new parameter and averages.
Update = Callable[[Argument, Argument, Sequence[Argument], float], tuple[Any, ...]]


def is_empty(value: Any) -> bool:
    """Whether ``value`` stands for ``[]``."""
    if value is None or (isinstance(value, list) and not value):
        return True
    if isinstance(value, DLArray):
        return is_empty(value.data)
    return is_array_api_obj(value) and 0 in value.shape


def is_table(value: Any) -> bool:
    """Whether ``value`` is a DataFrame; nobody who has none needs pandas imported."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def kind(argument: Argument) -> str:
    """Which of MATLAB's containers an argument is."""
    value = argument.value
    for found, types in KINDS.items():
        if isinstance(value, types):
            return found
    if is_table(value):
        return "a table"
    if hasattr(value, "Learnables"):
        return "a dlnetwork"
    if is_array_api_obj(value):
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
    if parameters.depth > DEEPEST:
        name = parameters.name[: parameters.name.index("{" if "{" in parameters.name else ".")]
        raise ArgumentError(name, f"is nested more than {DEEPEST} deep, or holds itself")
    if found == "a dlnetwork":
        return network(update, parameters, others)
    for other in present(others):
        if (given := kind(other)) != found:
            raise ArgumentError(
                other.name, f"must be {found} like {parameters.name}, and is {given}"
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
    check_table(parameters)
    for other in present(others):
        match_tables(parameters, other)
    names = zip(names_of(frame, "Layer"), names_of(frame, "Parameter"), strict=True)
    places = [(index, f"{{{index + 1}}}", factor(*name)) for index, name in enumerate(names)]
    values = [column(argument) for argument in (parameters, *others)]
    results = inside(update, values[0], values[1:], places)
    return tuple(frame.assign(Value=objects(result)) for result in results)


def names_of(frame: Any, variable: str) -> list[Any]:
    """The layers or parameters of a table, at once: element by element they cost much more."""
    found: list[Any] = frame[variable].tolist()
    return found


def check_table(argument: Argument) -> None:
    """Refuse a table without the three variables, or with a layer or parameter without a name."""
    frame = argument.value
    variables = list(frame.columns)
    for name in COLUMNS:
        if variables.count(name) != 1:
            how = " once" if name in variables else ""
            raise ArgumentError(argument.name, f"must have the variable {name}{how}")
    for name in COLUMNS[:2]:
        for index, value in enumerate(names_of(frame, name)):
            if not isinstance(value, str):
                raise ArgumentError(
                    f"{argument.name}.{name}({index + 1})",
                    f"must be a string scalar, and is {described(value)}",
                )


def column(argument: Argument) -> Argument:
    """The values of a table."""
    values = None if argument.omitted else list(argument.value["Value"])
    return Argument(f"{argument.name}.Value", values, argument.omitted, argument.depth)


def match_tables(parameters: Argument, other: Argument) -> None:
    """Refuse a table with other variables, or other rows, than the parameters'."""
    wanted, found = list(parameters.value.columns), list(other.value.columns)
    if found != wanted:
        raise ArgumentError(
            other.name,
            f"must have the variables of {parameters.name} in their order ({listed(wanted)}), and "
            f"has {listed(found)}",
        )
    check_table(other)
    if len(other.value) != len(parameters.value):
        raise ArgumentError(
            other.name,
            f"must have {len(parameters.value)} rows like {parameters.name}, and has "
            f"{len(other.value)}",
        )
    for name in COLUMNS[:2]:
        mine, given = names_of(parameters.value, name), names_of(other.value, name)
        if mine == given:
            continue
        for index, (ours, theirs) in enumerate(zip(mine, given, strict=True)):
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
    check_table(learnables)
    factors = rate_factors(parameters, net)
    updated, *averages = table(update, learnables, others, lambda *name: factors.get(name, 1.0))
    copied = copy.copy(net)
    try:
        object.__setattr__(copied, "Learnables", updated)
    except (AttributeError, TypeError) as error:
        raise ArgumentError(
            parameters.name, f"must have Learnables that can be set ({error})"
        ) from None
    return copied, *averages


def rate_factors(parameters: Argument, net: Any) -> dict[tuple[str, ...], float]:
    """The learning rate factors of a network, each of a parameter that it has."""
    given, name = getattr(net, "learn_rate_factors", {}), f"{parameters.name}.learn_rate_factors"
    if not isinstance(given, Mapping):
        raise ArgumentError(
            name, f"must map (layer, parameter) to a factor, and is {described(given)}"
        )
    learnables = net.Learnables
    rows = set(zip(names_of(learnables, "Layer"), names_of(learnables, "Parameter"), strict=True))
    found = {}
    for key, value in given.items():
        if key not in rows:
            raise ArgumentError(
                name, f"names {key!r}, which is no row of {parameters.name}.Learnables"
            )
        place = f"{name}{key!r}"
        found[key] = real_scalar(place, value, "a nonnegative scalar")
        if not 0 <= found[key] < float("inf"):
            raise ArgumentError(place, f"must be a nonnegative scalar, and is {found[key]}")
    return found
