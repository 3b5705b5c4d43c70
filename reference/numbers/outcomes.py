"""Sets of results: everything that legal evaluations of one number can come to.

Where a bound promises no digit, something is still known: 0 / 0 is nan and nothing else, and what
is divided by at least epsilon is no larger than that allows.  A set is the union of finite numbers
between two ends, zero, the two infinities and nan, each kept apart: a coefficient that is 1e-8 or,
rounded, 0 makes a quotient finite or infinite, but not something in between.

Ends are widened by every rounding, so a set holds what can happen and more, never less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.precision import Array

ENDS = ("low", "high")
PARTS = (*ENDS, "some", "zero", "above", "below", "nan")  # one array each
FIELDS = (*PARTS, "nonnegative")


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The outcomes of each element, as arrays that broadcast to one shape.

    low, high         between which finite numbers lie, where there are ``some``
    some              whether there is any but a certain zero
    zero              whether zero is among them
    above, below, nan whether infinity, minus infinity and nan are
    nonnegative       that no number in it is negative, so that a zero is no negative zero either
    """

    low: Any
    high: Any
    some: Any
    zero: Any = False
    above: Any = False
    below: Any = False
    nan: Any = False
    nonnegative: bool = False

    @cached_property
    def empties(self) -> Any:
        """Whether zero is among them, in whatever way."""
        return self.zero | (self.some & (self.low <= 0) & (self.high >= 0))

    @cached_property
    def infinite(self) -> Any:
        """Whether an infinity is."""
        return self.above | self.below

    @cached_property
    def size(self) -> tuple[Any, Any]:
        """The smallest and the largest modulus of the finite ones that are no certain zero."""
        least = np.maximum(np.maximum(self.low, -self.high), 0)
        return least, np.maximum(np.abs(self.low), np.abs(self.high))

    def holds(self, observed: Array) -> Array:
        """Which observed values are among the outcomes."""
        limit = top(self.low)
        finite = self.some & np.isfinite(observed)
        finite &= (observed >= self.low) | (self.low <= -limit)
        finite &= (observed <= self.high) | (self.high >= limit)
        found: Array = finite | (self.zero & (observed == 0)) | (self.nan & np.isnan(observed))
        found |= (self.above & (observed == np.inf)) | (self.below & (observed == -np.inf))
        return found

    def rows(self, take: Callable[[Array], Array]) -> Outcomes:
        """The same with ``take`` applied to each array of elements."""
        parts: dict[str, Any] = {name: take(getattr(self, name)) for name in PARTS}
        return Outcomes(**parts)

    def changed(self, **parts: Any) -> Outcomes:
        """The same with other parts; written out, because every operation does it several times."""
        found = object.__new__(Outcomes)
        own = vars(self)
        vars(found).update({name: own[name] for name in FIELDS}, **parts)
        return found

    def __neg__(self) -> Outcomes:
        return self.changed(
            low=-self.high,
            high=-self.low,
            above=self.below,
            below=self.above,
            nonnegative=False,
        )


def top(x: Any) -> Any:
    """The end that stands for "as large as you like"; squares of it stay in the carrier."""
    return largest_of(np.asarray(x).dtype)


@cache
def largest_of(carrier: np.dtype[Any]) -> Any:
    """:func:`top` of a carrier."""
    return np.sqrt(np.finfo(carrier).max)


def raised(low: Any) -> Any:
    """A lower end inside the carrier's range; the least of all where it is none (inf - inf)."""
    limit = top(low)
    return np.fmin(np.fmax(low, -limit), limit)


def lowered(high: Any) -> Any:
    """An upper end inside the carrier's range; the largest of all where it is none."""
    limit = top(high)
    return np.fmax(np.fmin(high, limit), -limit)


def exactly(values: Array, nonnegative: bool = False) -> Outcomes:
    """One outcome an element: the value itself."""
    finite = np.isfinite(values)
    ends = np.where(finite, values, 0)
    return Outcomes(
        ends,
        ends,
        finite & (ends != 0),
        finite & (ends == 0),
        values == np.inf,
        values == -np.inf,
        np.isnan(values),
        nonnegative,
    )


def between(low: Any, high: Any, like: Outcomes, **others: Any) -> Outcomes:
    """Other ends, of what is among ``like`` or said in ``others``; a sum of squares stays one."""
    low, high = raised(low), lowered(high)
    if others.get("nonnegative", like.nonnegative):
        low = np.maximum(low, 0)
    return like.changed(low=low, high=high, **others)


def either(x: Outcomes, y: Outcomes) -> Outcomes:
    """Everything that is among one or the other."""
    return Outcomes(
        np.where(x.some & y.some, np.minimum(x.low, y.low), np.where(x.some, x.low, y.low)),
        np.where(x.some & y.some, np.maximum(x.high, y.high), np.where(x.some, x.high, y.high)),
        x.some | y.some,
        x.zero | y.zero,
        x.above | y.above,
        x.below | y.below,
        x.nan | y.nan,
        x.nonnegative and y.nonnegative,
    )


def only(where: Any, x: Outcomes) -> Outcomes:
    """What is among them in some elements, and nothing at all in the others."""
    flags = ("some", "zero", "above", "below", "nan")
    return x.changed(**{name: where & getattr(x, name) for name in flags})


def added(x: Outcomes, y: Outcomes) -> Outcomes:
    """x + y, exactly."""
    both, left, right = x.some & y.some, x.some & y.zero, x.zero & y.some
    low, high = x.low + y.low, x.high + y.high
    for alone, one in ((left, x), (right, y)):
        low = np.where(alone & both, np.minimum(low, one.low), np.where(alone, one.low, low))
        high = np.where(alone & both, np.maximum(high, one.high), np.where(alone, one.high, high))
    # The sum of a zero and a negative zero is a zero.
    whole = x.nonnegative or y.nonnegative
    nonnegative = whole and not negative(x) and not negative(y)
    found = Outcomes(low, high, both | left | right, x.zero & y.zero, nonnegative=nonnegative)
    return between(
        low,
        high,
        found,
        above=(x.above & anything(y, "below")) | (y.above & anything(x, "below")),
        below=(x.below & anything(y, "above")) | (y.below & anything(x, "above")),
        nan=x.nan | y.nan | (x.above & y.below) | (x.below & y.above),
    )


def anything(x: Outcomes, but: str) -> Any:
    """Whether there is an outcome that is neither nan nor the infinity of that name."""
    return x.some | x.zero | (x.above if but == "below" else x.below)


def negative(x: Outcomes) -> bool:
    """Whether any number in it is less than zero."""
    return not x.nonnegative and bool(np.any(signs(x)[1]))


def signs(x: Outcomes) -> tuple[Any, Any]:
    """Whether something in it is positive, and whether something is negative."""
    return (x.some & (x.high > 0)) | x.above, (x.some & (x.low < 0)) | x.below


def multiplied(x: Outcomes, y: Outcomes) -> Outcomes:
    """x y, exactly."""
    corners = [a * b for a in (x.low, x.high) for b in (y.low, y.high)]
    up, down = signs(x)
    rise, fall = signs(y)
    same = x.nonnegative and y.nonnegative
    found = Outcomes(
        0,
        0,
        x.some & y.some,
        (x.zero & (y.zero | y.some)) | (y.zero & x.some),
        (x.above & rise) | (x.below & fall) | (y.above & up) | (y.below & down),
        (x.above & fall) | (x.below & rise) | (y.above & down) | (y.below & up),
        x.nan | y.nan | (x.infinite & y.empties) | (y.infinite & x.empties),
        same,
    )
    low, high = np.minimum.reduce(broadcast(corners)), np.maximum.reduce(broadcast(corners))
    return between(low, high, found)


def broadcast(arrays: list[Any]) -> list[Any]:
    """The same in one shape."""
    return list(np.broadcast_arrays(*arrays))


def inverse(x: Outcomes) -> Outcomes:
    """1 / x, exactly; the sign of a zero is open where x may be negative."""
    limit = top(x.low)
    with np.errstate(divide="ignore"):
        one, other = 1 / x.low, 1 / x.high
    inside = x.some & (x.low <= 0) & (x.high >= 0)  # zero is, or stands at an end
    return Outcomes(
        np.where(inside & (x.low < 0), -limit, raised(other)),
        np.where(inside & (x.high > 0), limit, lowered(one)),
        x.some,
        x.infinite,
        x.empties,
        x.empties & (not x.nonnegative),
        x.nan,
        x.nonnegative,
    )
