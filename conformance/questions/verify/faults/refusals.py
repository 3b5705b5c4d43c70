"""Faults of what is refused: each refusal of each argument, at the top and inside containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from optimizer_conformance.questions.verify.faults.fault import (
    CONTAINERS,
    FUNCTIONS,
    OPTIONS,
    Call,
    Change,
    Fault,
    first_option,
)
from optimizer_conformance.reference.matlab import ArgumentError

# What is refused of an argument that holds arrays, to how the refusal reads.
FORMS = {
    "another kind of container": r"must be a (dlarray|numeric array|cell array|structure|table) ",
    "other fields": r"must have the fields",
    "another number of cells": r"must have \d+ cells",
    "another number of rows": r"must have \d+ rows",
    "other variables": r"must have the variables",
    "other layers or parameters": r"must be '.*' like",
    "another size": r"must have the size",
    "other labels": r"must have the dimension labels",
}
VALUES = {
    "another class than double and single": r"must have data type double or single",
    "complex values before R2024a": r"must not be complex-valued",
}
OF_PARAMS = {
    "no variable Layer": r"must have the variable Layer$",
    "no variable Parameter": r"must have the variable Parameter$",
    "no variable Value": r"must have the variable Value$",
    "a layer that is no string": r"must be a string scalar",
    "what is no container": r"must be a dlarray, a numeric array",
}
# Values of a scalar that are no positive scalar; the last two no factor of decay.
SCALARS = {
    "0": lambda value: isinstance(value, int | float) and value == 0,
    "a negative number": lambda value: isinstance(value, int | float) and value < 0,
    "nan": lambda value: isinstance(value, float) and np.isnan(value),
    "infinity": lambda value: value == np.inf,
    "an array": lambda value: isinstance(value, list | np.ndarray),
    "text": lambda value: isinstance(value, str),
    "a complex number": lambda value: isinstance(value, complex),
    "[]": lambda value: value is None,
    "a logical value": lambda value: isinstance(value, bool),
    "a structure": lambda value: isinstance(value, dict),
}
OF_DECAYS = {
    "1": lambda value: value == 1,
    "more than 1": lambda value: isinstance(value, int | float) and 1 < value < np.inf,
}
OF_ITERATION = {"a fraction": lambda value: isinstance(value, float) and not value.is_integer()}


def faults() -> Iterator[Fault]:
    """Every refusal that becomes an answer."""
    for function in FUNCTIONS:
        for argument in CONTAINERS[function]:
            yield from of_container(function, argument)
        for option in OPTIONS[function]:
            cases = SCALARS | (OF_DECAYS if "Decay" in option else {})
            place = first_option(function) + OPTIONS[function].index(option)
            for words, offered in cases.items():
                yield Fault(function, f"{option} {words} is accepted", option_taken(place, offered))
        if function == "adamupdate":
            for words, offered in (SCALARS | OF_ITERATION).items():
                yield Fault(function, f"iteration {words} is accepted", option_taken(4, offered))
        yield Fault(function, "a release before R2019b is accepted", taken("release", "introduced"))
        yield Fault(function, "a network's gradient that is no table is accepted", network_taken())


def of_container(function: str, argument: str) -> Iterator[Fault]:
    """The refusals of one argument that holds arrays."""
    forms = VALUES | (OF_PARAMS if argument == "params" else FORMS)
    for words, pattern in forms.items():
        for where, inside in (("", False), (" inside a container", True)):
            if inside and words in TOP_ONLY:
                continue
            what = f"{argument} with {words}{where} is accepted"
            yield Fault(function, what, taken(argument, pattern, inside=inside))


# What the message of a table says of the argument itself, and of its rows.
TOP_ONLY = {"other variables", "another number of rows", *OF_PARAMS} - {"what is no container"}


def taken(argument: str, pattern: str, *, inside: bool | None = None) -> Change:
    """A refusal of ``argument`` that reads like ``pattern`` becomes an answer."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        try:
            return real(*arguments, **keywords)
        except ArgumentError as error:
            name, place = re.fullmatch(r"(\w+)(.*)", error.argument, re.DOTALL).groups()  # type: ignore[union-attr]  # a name is never empty
            rows = place.startswith((".Layer", ".Parameter"))
            where = inside is None or rows or bool(place) is inside
            if name == argument and where and re.search(pattern, error.problem):
                return answer(arguments)
            raise

    return change


def network_taken() -> Change:
    """Gradients of a network that are no table become an answer."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        try:
            return real(*arguments, **keywords)
        except ArgumentError as error:
            if error.argument == "grad" and "net.Learnables" in error.problem:
                return answer(arguments)
            raise

    return change


def option_taken(place: int, offered: Any) -> Change:
    """A refused value of one scalar becomes an answer."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        try:
            return real(*arguments, **keywords)
        except ArgumentError:
            if len(arguments) > place and offered(arguments[place]):
                return answer(arguments)
            raise

    return change


def answer(arguments: list[Any]) -> tuple[Any, ...]:
    """As many results as there are arrays to update, none of them looked at."""
    count = 3 if len(arguments) > 3 and not isinstance(arguments[3], int | float | str) else 2
    return (arguments[0],) * count
