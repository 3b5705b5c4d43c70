"""Scalar arguments: the learning rate, the decay factors, epsilon and the iteration."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.numbers.array import Single, named


def real_scalar(argument: str, value: Any, wanted: str) -> float:
    """A real number, NumPy scalar or array of one element as a double."""
    number = value if type(value) in (float, int) else element(value)
    if isinstance(number, bool) or not isinstance(number, numbers.Real):
        raise ArgumentError(argument, f"must be {wanted}, and is {described(value)}")
    try:
        found = float(number)
    except (OverflowError, TypeError, ValueError):
        raise ArgumentError(
            argument, f"must be {wanted}, and no double holds this {type(number).__name__}"
        ) from None
    return Single(found) if is_single(value) else found


def element(value: Any) -> Any:
    """The only element of an array of one; otherwise the value itself, which is no number then."""
    shape = getattr(value, "shape", None)
    plain = not isinstance(value, np.ndarray) or type(value) is np.ndarray  # no mask, no matrix
    if not plain or not isinstance(shape, tuple) or math.prod(shape) != 1:
        return value
    try:
        return value.item()
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return value  # a tensor without values, and what else has none to give


def is_single(value: Any) -> bool:
    """Whether a scalar is of class single: a NumPy scalar or an array of float32."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and named(dtype) == "float32"


def described(value: Any) -> str:
    """A value, or its type where it would not fit into a line."""
    if value is None:
        return "[]"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        dtype = str(getattr(value, "dtype", "")).rpartition(".")[2]
        size = "-by-".join(map(str, shape)) or "1"
        return f"a {type(value).__name__} of size {size}" + (f" and {dtype}" if dtype else "")
    text = repr(value) if isinstance(value, numbers.Number | str) else type(value).__name__
    return text if len(text) <= LONGEST else f"a {type(value).__name__} of {len(text)} characters"


LONGEST = 60  # characters of a value in a message


def positive(argument: str, value: Any) -> float:
    """A finite positive scalar."""
    wanted = "a positive scalar"
    number = real_scalar(argument, value, wanted)
    if not (number > 0 and math.isfinite(number)):
        raise ArgumentError(argument, f"must be {wanted}, and is {number}")
    return number


def decay_factor(argument: str, value: Any) -> float:
    """A positive scalar between 0 and 1; neither of them."""
    wanted = "a positive scalar between 0 and 1"
    number = real_scalar(argument, value, wanted)
    if not 0 < number < 1:
        raise ArgumentError(argument, f"must be {wanted}, and is {number}")
    return number


def positive_integer(argument: str, value: Any) -> int:
    """A positive integer, of whatever numeric type."""
    wanted = "a positive integer"
    number = real_scalar(argument, value, wanted)
    if not (number > 0 and number.is_integer()):
        raise ArgumentError(argument, f"must be {wanted}, and is {number}")
    return int(number)
