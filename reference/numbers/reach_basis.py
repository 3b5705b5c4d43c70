"""What the number system of outcomes starts from: inputs, coefficients, rounding, and the ends.

:mod:`reference.numbers.reach` has the operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.bound_arithmetic import WIDE
from optimizer_conformance.reference.numbers.budget import IEEE, Budget
from optimizer_conformance.reference.numbers.formed import formed_real, gamma, power_error
from optimizer_conformance.reference.numbers.hyper import (
    Representation,
    held,
    kept_in,
    one_minus_power,
)
from optimizer_conformance.reference.numbers.outcomes import (
    Outcomes,
    added,
    between,
    either,
    exactly,
    multiplied,
)
from optimizer_conformance.reference.numbers.precision import PRECISIONS, Array, Precision
from optimizer_conformance.reference.numbers.system import RealFunction

OWN = 4  # roundings of the carrier that an operation here may take itself


@dataclass(frozen=True, eq=False)
class Reached:
    """Outcomes among operations.

    loss    of a parameter that was shrunk: what it lost, which the rest of the step may join first
    terms   of a sum that may be taken apart: the sizes of its terms
    """

    num: ReachBasis
    outcomes: Outcomes
    loss: Any = None
    terms: Any = None

    def __neg__(self) -> Reached:
        return replace(self, outcomes=-self.outcomes)

    def __add__(self, other: Reached) -> Reached:
        found = self.num.settled(added(self.outcomes, other.outcomes))
        if not self.num.apart:
            return found
        sizes = (x.outcomes.size[1] if x.terms is None else x.terms for x in (self, other))
        return replace(found, terms=sum(sizes))

    def __sub__(self, other: Reached) -> Reached:
        found = self.num.settled(added(self.outcomes, (-other).outcomes))
        if self.loss is None and other.terms is None:
            return found
        size = self.outcomes.size[1] + other.outcomes.size[1]
        size = size + (0 if self.loss is None else self.loss)
        size = size + (0 if other.terms is None else 2 * other.terms)
        found = self.num.blurred(found, size, 3)
        if other.terms is None or not self.num.apart:
            return found
        beyond = other.terms > self.num.precision.largest  # one part in each direction
        return replace(
            found, outcomes=replace(found.outcomes, nan=found.outcomes.nan | np.asarray(beyond))
        )

    def __mul__(self, other: Reached) -> Reached:
        found = self.num.settled(multiplied(self.outcomes, other.outcomes))
        for terms, factor in ((self.terms, other), (other.terms, self)):
            if terms is not None:
                found = replace(found, terms=terms * factor.outcomes.size[1])
        return found


class ReachBasis:
    """Inputs, coefficients and roundings of one working precision, and the ends of its range."""

    def __init__(
        self,
        precision: Precision,
        ways: tuple[Representation, ...],
        budget: Budget = IEEE,
        stored: Mapping[str, Precision] = MappingProxyType({}),
    ) -> None:
        self.stored = {name: ReachBasis(kept, ways) for name, kept in stored.items()}
        self.precision, self.ways, self.budget = precision, ways, budget
        self.written = frozenset(how for way in ways for how in way.written)
        self.apart = "in parts" in self.written
        self.carrier: Any = WIDE if precision.name == "float64" else np.float64
        self.own = OWN * float(np.finfo(self.carrier).eps)
        self.constants: dict[object, Reached] = {}
        # What may be lost or gained below the normal range, and below what a number may vanish.
        self.half = precision.smallest_subnormal / 2 or precision.smallest_subnormal
        self.vanishing = precision.smallest_normal

    # Inputs ---------------------------------------------------------------------------------

    def given(self, values: Array, *, nonnegative: bool = False) -> Reached:
        """Numbers that were sent, as they are or rounded to this precision; subnormal ones or 0."""
        values = np.asarray(values, dtype=self.carrier)
        whole = exactly(values, nonnegative)
        kept = exactly(np.asarray(self.precision.round(values), self.carrier), nonnegative)
        return Reached(self, self.flushed(either(whole, kept)))

    def full(self, like: Reached, decimal: str) -> Reached:
        value = np.full(np.shape(like.outcomes.low), float(decimal), dtype=self.carrier)
        return self.given(value, nonnegative=True)

    def coefficient(self, kind: str, exact: Fraction) -> Reached:
        return self.held((kind, exact), lambda way: held(exact, kept_in(way, kind)))

    def complement(self, beta: Fraction) -> Reached:
        return self.held(
            ("complement", beta), lambda way: held(1 - held(beta, way.moments), way.moments)
        )

    def correction(self, beta: Fraction, count: int) -> Reached:
        return self.held(
            ("correction", beta, count),
            lambda way: one_minus_power(held(beta, way.correction), count),
            lambda way: power_error(beta, count, way, self.budget),
            lambda way: PRECISIONS[way.correction].unit_roundoff if way.correction else 0.0,
        )

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> Reached:
        value, error = formed_real(function, exact, roundings)
        return self.held((function, *exact), value, error)

    def held(
        self,
        key: object,
        exact: Callable[[Representation], Fraction],
        error: Callable[[Representation], float] = lambda way: 0.0,
        least: Callable[[Representation], float] = lambda way: 0.0,
    ) -> Reached:
        """A constant in each of the ways: the hull of those that are not 0, and 0 where one is."""
        if key not in self.constants:
            found = {(exact(way), error(way), least(way)) for way in self.ways}
            self.constants[key] = reduce(
                lambda x, y: Reached(self, either(x.outcomes, y.outcomes)),
                (self.around(*each) for each in found),
            )
        return self.constants[key]

    def around(self, exact: Fraction, off: float, least: float) -> Reached:
        """A number that is off by so much, and 0 or no less than ``least``; rounded or as it is."""
        value = self.carrier(float(exact))
        point = exactly(np.asarray(value), nonnegative=exact >= 0)
        if off:
            low = max(value - off, self.carrier(least)) if exact >= 0 else value - off
            point = between(low, value + off, point, zero=point.zero | (off >= abs(value)))
        return self.settled(point)

    # Results --------------------------------------------------------------------------------

    def hull(self, x: Reached, y: Reached | None) -> Reached:
        """Everything that is among one or the other, where there is another."""
        return x if y is None else replace(x, outcomes=either(x.outcomes, y.outcomes))

    def settled(self, x: Outcomes, count: int = 1) -> Reached:
        """After ``count`` roundings, with what the ends of the range may do."""
        return Reached(self, self.beyond(self.small(self.scaled(x, count))))

    def scaled(self, x: Outcomes, count: int) -> Outcomes:
        """Every finite outcome off by ``count`` relative roundings; none changes its sign."""
        more = 1 + gamma(count, self.precision.unit_roundoff) + self.own * count
        less = max(2 - more, 0.0)
        with np.errstate(invalid="ignore"):  # no bound at all times nothing
            low = x.low * np.where(x.low > 0, less, more)
            high = x.high * np.where(x.high > 0, more, less)
        if more == np.inf:
            low, high = np.where(x.low == 0, x.low, low), np.where(x.high == 0, x.high, high)
        return between(low, high, x)

    def small(self, x: Outcomes) -> Outcomes:
        """Below the normal range: rounded to a multiple of the smallest number, or nothing left.

        A number that is not lost is at least half of what it was.
        """
        least, _ = x.size
        if not np.any(x.some & (least < self.vanishing)):
            return x
        below, above = np.abs(x.low) < self.vanishing, np.abs(x.high) < self.vanishing
        low = np.where(below, self.inwards(x.low), x.low)
        high = np.where(above, -self.inwards(-x.high), x.high)
        return self.flushed(between(low, high, x))

    def inwards(self, low: Any) -> Any:
        """What a lower end below the normal range may be rounded to, and not to zero."""
        return np.where(low > 0, np.maximum(low - self.half, low / 2), low - self.half)

    def flushed(self, x: Outcomes) -> Outcomes:
        """Zero beside what lies below the normal range."""
        return x.changed(zero=x.zero | (x.some & (x.size[0] < self.vanishing)))

    def beyond(self, x: Outcomes) -> Outcomes:
        """An infinity beside what lies beyond the largest number (wider formats still hold it)."""
        largest = self.precision.largest
        return x.changed(
            above=x.above | (x.some & (x.high > largest)),
            below=x.below | (x.some & (x.low < -largest)),
        )

    def blurred(self, x: Reached, size: Any, count: int, of: Any = True) -> Reached:
        """Off by ``count`` roundings of intermediates as large as ``size``, where there are any.

        What leaves the range among them may leave it in either direction.
        """
        o = x.outcomes
        radius = np.where(of, (gamma(count, self.precision.unit_roundoff) + self.own) * size, 0)
        radius = radius + np.where(radius > 0, count * self.vanishing, 0)
        low, high = np.where(o.some, o.low, 0) - radius, np.where(o.some, o.high, 0) + radius
        wide = np.asarray(of & (size > self.precision.largest))
        found = between(low, high, o, some=o.some | (radius > 0))
        return replace(
            x,
            outcomes=replace(
                found, above=o.above | wide, below=o.below | (wide & (not o.nonnegative))
            ),
        )
