"""What MathWorks' functions do where their pages leave something open, or where we cannot look.

The script ``golden_vectors.m`` puts each question to the real functions; here stands what each
reading of the pages would answer, evaluated by :mod:`reference.matlab`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.adapters.golden_file import GoldenFile, to_hex
from optimizer_conformance.adapters.octave_process import sizes
from optimizer_conformance.reference.matlab import ArgumentError, adamupdate, rmspropupdate

Call = Callable[[], Any]  # the results of a call, the first moving average second
STATED = "as the page states"
SINGLE = np.float32(2)


def rmsprop(*arguments: Any) -> dict[str, Call]:
    """A call of rmspropupdate on which the page leaves nothing open."""
    return {STATED: partial(rmspropupdate, *arguments)}


def adam(*arguments: Any) -> dict[str, Call]:
    """A call of adamupdate on which the page leaves nothing open."""
    return {STATED: partial(adamupdate, *arguments)}


def mixed(*arguments: Any) -> dict[str, Call]:
    """single beside double: what "exactly the same data type" speaks of."""
    return {
        "of the container: single beside double is computed in single": partial(
            rmspropupdate, *arguments, mixed="single"
        ),
        "of the elements too: single beside double is refused": partial(
            rmspropupdate, *arguments, mixed="refused"
        ),
    }


def complex_gradient() -> dict[str, Call]:
    """The square of a complex gradient."""
    call = partial(rmspropupdate, 1.0, 3 + 4j, None, 0.1, 0.5)
    return {
        "the square of each element": partial(call, squares="g^2"),
        "the square of its modulus": partial(call, squares="|g|^2"),
        "before R2024a: refused": partial(call, release="R2023b"),
    }


A = np.array
REAL = partial(rmspropupdate, release="R2023b")

# question of the script -> reading -> the same call here
BEHAVIOURS: dict[str, dict[str, Call]] = {
    "complex-gradient": complex_gradient(),
    "complex-average": rmsprop(1.0, 1.0, 3 + 4j, 0.1, 0.5)
    | {"before R2024a: refused": partial(REAL, 1.0, 1.0, 3 + 4j, 0.1, 0.5)},
    "negative-average": rmsprop(1.0, 0.0, -4.0, 0.1, 0.5),
    "single-params": mixed(SINGLE, 2.0, None, 0.1, 0.5),
    "single-gradient": mixed(2.0, SINGLE, None, 0.1, 0.5),
    "single-average": mixed(2.0, 2.0, SINGLE, 0.1, 0.5),
    "integer-params": rmsprop(np.int32(2), np.int32(2), None, 0.1, 0.5),
    "logical-gradient": rmsprop(2.0, A(True), None, 0.1, 0.5),
    "expansion": rmsprop(A([[1.0], [2.0]]), A([[3.0, 4.0]]), None, 0.1, 0.5),
    "default-decay": rmsprop(1.0, 1.0, None)
    | {"before R2020a": partial(rmspropupdate, 1.0, 1.0, None, release="R2019b")},
    "decay-0": rmsprop(1.0, 2.0, 1.0, 0.1, 0),
    "decay-1": rmsprop(1.0, 2.0, 1.0, 0.1, 1),
    "negative-rate": rmsprop(1.0, 2.0, 1.0, -0.1, 0.5),
    "epsilon-0": rmsprop(1.0, 2.0, 1.0, 0.1, 0.5, 0),
    "iteration-0": adam(1.0, 2.0, None, None, 0),
    "iteration-fraction": adam(1.0, 2.0, None, None, 1.5),
    "half-empty": adam(1.0, 2.0, None, 1.0, 1),
    "cell-params": rmsprop([1.0, 2.0], [3.0, 4.0], None, 0.1, 0.5),
    "unequal-cells": rmsprop([1.0, 2.0], [3.0], None, 0.1, 0.5),
    "unequal-fields": rmsprop({"a": 1.0}, {"b": 1.0}, None),
}


@dataclass(frozen=True)
class Behaviour:
    """One question: what was answered, and the readings that answer the same.

    Both are texts as the file holds them: class, size and bits, or ``error`` and its message.
    """

    question: str
    answer: str
    readings: tuple[str, ...]

    @property
    def documented(self) -> bool:
        """Whether some reading of the page answers the same."""
        return bool(self.readings)


def behaviours(file: GoldenFile) -> list[Behaviour]:
    """Every question that the file answers and this version knows."""
    return [
        Behaviour(
            question,
            file.behaviours[question],
            tuple(
                reading
                for reading, call in readings.items()
                if alike(file.behaviours[question], said(call))
            ),
        )
        for question, readings in BEHAVIOURS.items()
        if question in file.behaviours
    ]


def alike(answer: str, wanted: str) -> bool:
    """Whether two answers are the same; errors have no common words."""
    if answer.startswith("error") or wanted == "error":
        return answer.startswith("error") and wanted == "error"
    return answer.split() == wanted.split()


def said(call: Call) -> str:
    """What a call answers here, as the script would write it."""
    try:
        average = call()[1]
    except ArgumentError:
        return "error"
    array = np.asarray(average[0] if isinstance(average, list) else average)
    single = array.dtype in (np.float32, np.complex64)
    parts = [array.real, array.imag] if np.iscomplexobj(array) else [array]
    size = "-by-".join(map(str, sizes(array.shape)))
    return " ".join(["single" if single else "double", size, *map(to_hex, parts)])
