"""Sums of squares over a row or a tensor: what every order of adding them up may come to.

The terms have no sign, so nothing cancels: each computed term is its square times one (1 + d) for
the square and one for each sum that it passes through, at most as many as there are other terms
that are not zero (N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 4.2).  The
norm may be formed first and squared again: a root, which counts twice, and a square.
"""

from __future__ import annotations

from math import frexp
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer_conformance.reference.numbers.bound import Bound, product_error

if TYPE_CHECKING:
    from optimizer_conformance.reference.numbers.bound_arithmetic import BoundArithmetic


def every_axis(x: Any) -> tuple[int, ...]:
    """All axes: a tensor as a whole."""
    return tuple(range(np.ndim(x)))


def row_axes(x: Any) -> tuple[int, ...]:
    """All axes but the first; none of a vector, whose elements are rows of their own."""
    return tuple(range(1, np.ndim(x)))


def spread(found: Any, like: Any) -> Any:
    """One number a row or tensor as one an element."""
    return np.array(np.broadcast_to(found, np.shape(like)))


def elements(x: Any, axes: tuple[int, ...]) -> int:
    """How many are gathered into one."""
    return int(np.prod([np.shape(x)[axis] for axis in axes], dtype=int))


def gathered_bound(
    num: BoundArithmetic, x: Bound, axes: tuple[int, ...], *, mean: bool = False
) -> Bound:
    """The sum of the squares over ``axes``, or their mean, in the place of each of them."""
    value = x.value * x.value
    own = np.broadcast_to(product_error(x, x), np.shape(value))
    total = np.sum(value, axis=axes, keepdims=True)
    propagated = np.sum(own, axis=axes, keepdims=True)
    terms = np.sum((value != 0) | (own > 0), axis=axes, keepdims=True)
    count = elements(value, axes)
    roundings = np.maximum(terms, 1) + (0 if mean else 2 * num.budget.root_roundings + 1)
    beyond = total
    if mean:
        total, propagated = total / count, propagated / count
        exact = num.budget.exact and frexp(count)[0] == 0.5
        roundings = roundings + (0 if exact else num.budget.division_roundings)
    lost = roundings * num.unit
    gamma = np.where(lost < 1, lost / np.where(lost < 1, 1 - lost, 1.0), np.inf)
    error = propagated + np.where(total + propagated > 0, gamma * (total + propagated), 0.0)
    if num.early and mean:  # the sum leaves the range before the mean would
        error = num.uncertain(error, beyond)
    wide, off = spread(total, value), spread(error, value)
    # A square, a sum and a root of what is lost, of each term.
    return num.rounded(wide, off, 0, nonnegative=True, underflow=2.0 * count + 3.0)
