"""Value and running error bound: how far any legal evaluation in a working precision may be off.

A :class:`Bound` carries the exact value (in float64) and an ``error``: every evaluation in the
working precision, in any order that the composites of :mod:`reference.numbers` allow, with or
without fused multiply-add, stays within ``error`` of it.  The model is fl(a op b) = (a op b)(1 + d)
+ e with |d| <= u and |e| <= ``Effects.underflow`` (N. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., 2.1-2.2 and 3.3); terms of every order are kept, so nothing rests on u being
small, and bfloat16 is treated like float32.

The reference value is itself computed by one of the legal orders, in float64 (for a bound on
float64 itself in the widest format that NumPy has here).  Bounds grow at least linearly in u, so
its own error is at most ``error`` times the ratio of the unit roundoffs: that is ``slack`` of
:class:`reference.numbers.bound_arithmetic.BoundArithmetic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from optimizer_conformance.reference.numbers.bound_arithmetic import BoundArithmetic


@dataclass(frozen=True)
class Effects:
    """What may happen at the ends of the range.

    underflow   absolute error that one operation may add below the normal range
    flush       subnormal inputs may be taken as zero as well
    saturate    values beyond the largest finite one become infinite: ``early`` at every operation,
                ``late`` only in what a step keeps (an order such as ((1 - beta) g) g, or
                sqrt(v) / sqrt(1 - beta^t), never sees the square), ``difference`` as early, and an
                average that is infinite becomes nan (old + c (new - old) subtracts infinities)
    number      the larger of a number and nan is the number (IEEE 754-2019 has maximum, of which
                it is nan, and maximumNumber; no document says which is meant): ``chosen`` where a
                sign or a choice of nan is also that of some number, as it is of comparisons that
                are false, ``kept`` where it stays nan
    """

    underflow: float = 0.0
    flush: bool = False
    number: Literal["", "chosen", "kept"] = ""
    saturate: Literal["", "early", "late", "difference"] = ""


UNBOUNDED = Effects()  # a range without ends


class Bound:
    """A value and how far a working-precision evaluation of it may be off.

    ``value`` and ``error`` are arrays of one shape or scalars, in ``BoundArithmetic.carrier``;
    ``nonnegative`` says that no evaluation can produce a negative number (a sum of squares), so a
    root always exists.  Of a parameter that was shrunk ``decay`` holds the size of what it lost,
    and how much of its error would fall away if what is subtracted next joined that loss first.
    Of a sum whose terms may be taken apart ``terms`` holds their sizes added up, and how many
    roundings each has met since.
    """

    __array_priority__ = 1000  # NumPy scalars and arrays defer to the operators below
    __slots__ = ("decay", "error", "nonnegative", "num", "rooted", "terms", "value")

    def __init__(
        self, num: BoundArithmetic, value: Any, error: Any, nonnegative: bool = False
    ) -> None:
        self.num, self.value, self.error, self.nonnegative = num, value, error, nonnegative
        self.decay: tuple[Any, Any] | None = None
        self.terms: tuple[Any, int] | None = None
        self.rooted = False

    def __neg__(self) -> Bound:
        return Bound(self.num, -self.value, self.error)

    def __add__(self, other: Bound) -> Bound:
        if not isinstance(other, Bound):  # a complex one, which knows what to do
            return NotImplemented
        result = self.num.rounded(
            self.value + other.value,
            self.error + other.error,
            0 if nothing(self) or nothing(other) else 1,
            nonnegative=self.nonnegative and other.nonnegative,
        )
        if "in parts" in self.num.representation.written:
            result.terms = sizes(self, other)
        return result

    def __sub__(self, other: Bound) -> Bound:
        count = 0 if nothing(self) or nothing(other) else 1
        propagated = self.error + other.error
        if self.decay:
            loss, spared = self.decay
            joined = self.num.gamma(1) * (loss + np.abs(other.value) + other.error)
            propagated = propagated + np.maximum(joined - spared, 0.0)
        if other.terms:
            size, met = other.terms
            whole = np.abs(self.value) + self.error + size
            propagated = propagated + self.num.gamma(1) * whole + self.num.gamma(met) * size
        return self.num.rounded(self.value - other.value, propagated, count)

    def __mul__(self, other: Bound) -> Bound:
        if not isinstance(other, Bound):
            return NotImplemented
        result = self.num.rounded(
            self.value * other.value,
            product_error(self, other),
            0 if power_of_two(self) or power_of_two(other) else 1,
            nonnegative=self.nonnegative and other.nonnegative,
        )
        for terms, factor in ((self.terms, other), (other.terms, self)):
            if terms:
                result.terms = terms[0] * (np.abs(factor.value) + factor.error), terms[1] + 1
        return result


def product_error(a: Bound, b: Bound) -> Any:
    """What the operands' errors do to an exact product."""
    if exactly_known(a) and exactly_known(b):
        return 0.0
    return a.error * np.abs(b.value) + b.error * (np.abs(a.value) + a.error)


def sizes(x: Bound, y: Bound) -> tuple[Any, int]:
    """The largest sum of the moduli of what is added, and how many roundings it has met.

    What is a sum itself that may be taken apart counts with its own terms.
    """
    (one, met), (other, others) = (
        part.terms or (np.abs(part.value) + part.error, 0) for part in (x, y)
    )
    return one + other, max(met, others)


def exactly_known(x: Bound) -> bool:
    """Whether the error is the number zero, which spares arrays of zeros."""
    return isinstance(x.error, float) and x.error == 0.0


def nothing(x: Bound) -> bool:
    """Whether it is zero throughout: adding it rounds nothing."""
    return exactly_known(x) and not np.any(x.value)


def power_of_two(x: Bound, base: int = 2) -> bool:
    """Whether it is one scalar, a power of ``base`` (2 or 4) that everybody holds exactly.

    A product with a power of two rounds nothing; of a power of four the root is exact as well.
    """
    if np.ndim(x.value) or not exactly_known(x):
        return False
    part, exponent = frexp(x.value)
    return part == 0.5 and (base == 2 or exponent % 2 == 1)
