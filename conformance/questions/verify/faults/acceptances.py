"""Faults of what is accepted: each kind of argument that a page allows is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import array_api_compat
import numpy as np
import pandas

from optimizer_conformance.questions.verify.faults.fault import (
    CONTAINERS,
    FUNCTIONS,
    OPTIONS,
    Call,
    Change,
    Fault,
    first_option,
)
from optimizer_conformance.reference.matlab import ArgumentError, DLArray, DLNetwork

Met = Callable[[Any], bool]


def holds(test: Met) -> Met:
    """Whether some array of a container meets the test."""

    def met(value: Any) -> bool:
        if isinstance(value, DLNetwork):
            return met(value.Learnables)
        if isinstance(value, DLArray):
            return met(value.data)
        if isinstance(value, pandas.DataFrame):
            return "Value" in value.columns and met(list(value["Value"]))
        if isinstance(value, dict):
            return met(list(value.values()))
        if isinstance(value, list):
            return any(map(met, value))
        return bool(array_api_compat.is_array_api_obj(value)) and test(value)

    return met


# What may be given of an argument that holds arrays.
FORMS: dict[str, Met] = {
    "a dlarray": lambda value: isinstance(value, DLArray),
    "a numeric array": lambda value: isinstance(value, np.ndarray),
    "a cell array": lambda value: isinstance(value, list) and bool(value),
    "a structure": lambda value: isinstance(value, dict),
    "a table": lambda value: isinstance(value, pandas.DataFrame),
    "single": holds(lambda array: str(array.dtype) in ("float32", "complex64")),
    "double": holds(lambda array: str(array.dtype) in ("float64", "complex128")),
}
# Values of a decay that the page on rmspropupdate calls common.
DECAYS: dict[str, Met] = {
    "0.9": lambda value: value == 0.9,
    "0.99": lambda value: value == 0.99,
    "0.999": lambda value: value == 0.999,
}


def faults() -> Iterator[Fault]:
    """Every kind of argument that becomes a refusal."""
    for function in FUNCTIONS:
        for place, argument in enumerate(CONTAINERS[function]):
            for words, met in FORMS.items():
                yield of_argument(function, argument, place, words, met)
        yield of_argument(function, "net", 0, "a network", lambda v: isinstance(v, DLNetwork))
        for place, option in enumerate(OPTIONS[function], start=first_option(function)):
            yield of_argument(function, option, place, "a value", lambda value: True)
    place = first_option("rmspropupdate") + OPTIONS["rmspropupdate"].index("sqGradDecay")
    for words, met in DECAYS.items():
        yield of_argument("rmspropupdate", "sqGradDecay", place, words, met)


def of_argument(function: str, argument: str, place: int, words: str, met: Met) -> Fault:
    """One kind of one argument is refused."""
    return Fault(function, f"{argument} that is {words} is refused", refused(argument, place, met))


def refused(argument: str, place: int, met: Met) -> Change:
    """A call whose argument at ``place`` meets the test is refused; others are carried out."""

    def change(real: Call, arguments: list[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        found = real(*arguments, **keywords)
        if len(arguments) > place and met(arguments[place]):
            raise ArgumentError(argument, "is refused by this fault")
        return found

    return change
