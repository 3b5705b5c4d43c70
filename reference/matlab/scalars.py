"""Scalar arguments: the learning rate, the decay factors, epsilon and the iteration."""

from __future__ import annotations

import math
import numbers
from typing import Any

from optimizer_conformance.reference.matlab.errors import ArgumentError


def real_scalar(argument: str, value: Any, wanted: str) -> float:
    """A real number, NumPy scalar or array of one element as a double."""
    if getattr(value, "size", 1) == 1 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentError(argument, f"must be {wanted}, and is {described(value)}")
    return float(value)


def described(value: Any) -> str:
    """A value, or its type where it would not fit into a line."""
    if value is None:
        return "[]"
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"an array of size {'-by-'.join(map(str, shape)) or '1'}"
    return repr(value) if isinstance(value, (numbers.Number, str)) else type(value).__name__


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
