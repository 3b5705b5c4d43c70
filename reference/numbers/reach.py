"""The number system of outcomes: a formula on sets of everything that legal evaluations can give.

Every order of evaluation, rounding, way of holding the coefficients, underflow (gradual or flushed)
and overflow that the verdicts know is in it at once, each at every operation by itself.  So it is
wider than :mod:`reference.numbers.bound` wherever that promises a digit, and says something where
that does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.gathering import (
    elements,
    every_axis,
    row_axes,
    spread,
)
from optimizer_conformance.reference.numbers.outcomes import (
    Outcomes,
    added,
    between,
    either,
    exactly,
    inverse,
    multiplied,
    only,
    signs,
    top,
)
from optimizer_conformance.reference.numbers.reach_basis import ReachBasis, Reached


class ReachArithmetic(ReachBasis):
    """Outcomes in one working precision, hyperparameters held in any of several ways."""

    def define(self, name: str, x: Reached) -> Reached:
        """As it is, or rounded to the format in which a quantity of that name is stored."""
        if name not in self.stored:
            return x
        return replace(x, outcomes=self.stored[name].settled(x.outcomes).outcomes)

    def square(self, x: Reached) -> Reached:
        o = x.outcomes
        least, most = o.size
        found = Outcomes(o.low, o.high, o.some, o.zero, o.infinite, False, o.nan, True)
        return self.settled(between(least * least, most * most, found, nonnegative=True))

    def sum(self, x: Reached, y: Reached) -> Reached:
        return replace(x + y, terms=x.outcomes.size[1] + y.outcomes.size[1])

    def maximum(self, x: Reached, y: Reached) -> Reached:
        """The larger; of a number and nan either, because two maxima are in use."""
        a, b = x.outcomes, y.outcomes
        hull = either(a, b)
        least = np.maximum(floor(a), floor(b))
        lost = a.nan | b.nan
        low = np.where(lost, hull.low, np.maximum(hull.low, least))
        # Zero beside what is certainly above it is not the larger.
        return Reached(self, between(low, hull.high, hull, zero=hull.zero & (lost | (least <= 0))))

    def root(self, x: Reached) -> Reached:
        """nan where it may be negative; half the number where the operand may have been rounded.

        A negative operand that is lost below the normal range may leave a negative zero as root.
        """
        o = x.outcomes
        negative = (o.some & (o.low < 0)) | o.below
        low, high = np.sqrt(np.maximum(o.low, 0)), np.sqrt(np.maximum(o.high, 0))
        found = Outcomes(
            low,
            high,
            o.some & (o.high > 0),
            o.empties,
            o.above,
            False,
            o.nan | (False if o.nonnegative else negative),
            o.nonnegative,
        )
        return Reached(self, self.scaled(found, self.budget.root_roundings))

    def average(self, b: Reached, c: Reached, old: Reached, new: Reached) -> Reached:
        """As products; interpolating subtracts what may be infinite, and rounds a difference."""
        o, n = old.outcomes, new.outcomes
        found = self.hull(b * old + c * new, self.from_the_new(b, old, new))
        with_old = o.some | o.infinite
        size = np.where(o.some, o.size[1], 0) + np.where(n.some, n.size[1], 0)
        found = self.blurred(found, size, 3, of=o.some)
        nan = n.infinite | (with_old & (o.infinite | (size > self.precision.largest)))
        nonnegative = o.nonnegative and n.nonnegative
        return replace(
            found,
            terms=size,
            outcomes=replace(
                found.outcomes,
                low=np.maximum(found.outcomes.low, 0) if nonnegative else found.outcomes.low,
                nan=found.outcomes.nan | nan,
                nonnegative=nonnegative,
            ),
        )

    def from_the_new(self, b: Reached, old: Reached, new: Reached) -> Reached | None:
        """new + b (old - new) with any b, where averages may be written so."""
        if "from the new" not in self.written:
            return None
        o, n = old.outcomes, new.outcomes
        rest = added(exactly(np.asarray(self.carrier(1))), -b.outcomes)
        found = self.settled(added(multiplied(b.outcomes, o), multiplied(rest, n)))
        return self.blurred(found, o.size[1] + n.size[1], 4)

    def quotient(
        self, numerators: tuple[Reached, ...], denominators: tuple[Reached, ...]
    ) -> Reached:
        """In every order; a part of the product may leave the range where the whole does not."""
        above = [x.outcomes for x in numerators]
        below = [x.outcomes for x in denominators]
        whole = reduce(multiplied, (*above, *map(inverse, below)))
        products = len(above) - 1
        count = products + (self.budget.division_roundings + 1) * len(below)
        found = self.parted(self.scaled(whole, count), above, below)
        result = Reached(self, self.beyond(self.small(found)))
        for place, factor in enumerate(numerators):
            if factor.terms is not None:
                others = [x.size[1] for i, x in enumerate(above) if i != place]
                scale = prod(others, start=prod(inverse(x).size[1] for x in below))
                result = replace(result, terms=factor.terms * scale)
                if self.apart:  # a part may be zero or infinite where the whole is neither
                    void = some_(x.empties for x in below)
                    beyond = np.asarray(result.terms > self.precision.largest)
                    o = result.outcomes
                    parts = {"nan": o.nan | void | beyond, "above": o.above | beyond}
                    parts["below"] = o.below | (beyond & (not o.nonnegative))
                    result = replace(result, outcomes=replace(o, **parts))
        return result

    def parted(self, x: Outcomes, above: list[Outcomes], below: list[Outcomes]) -> Outcomes:
        """What a partial product adds: one that is lost, infinite, or has few digits left."""
        largest, limit = self.precision.largest, top(x.low)
        up, down = partial(above)
        over, under = partial(below)
        rise = capped_product(up, 1 / np.maximum(under, 1 / limit))
        fall = down / over
        grows, fades = rise > largest, fall < self.vanishing
        wide, thin = over > largest, under < self.vanishing
        steep = 1 / np.maximum(under, 1 / limit) > largest
        present = every(x.some | x.infinite for x in (*above, *below))
        empty, vast = (some_(getattr(x, name) for x in above) for name in ("empties", "infinite"))
        void, endless = (some_(getattr(x, name) for x in below) for name in ("empties", "infinite"))
        ways = len(above) + 2 * len(below)
        finest = np.maximum(np.minimum(np.minimum(fall, under), 1 / rise), 1 / limit)
        coarse = (1 + np.where(finest < self.vanishing, self.half / finest, 0)) ** ways
        low = np.where(x.low > 0, x.low / coarse, x.low * coarse)
        high = np.where(x.high > 0, x.high * coarse, x.high / coarse)
        positive, negative = signs(x)
        no, much = empty | (present & fades), vast | (present & grows)
        nan = (no & (much | void | steep | thin)) | (much & (endless | wide))
        return between(
            low,
            high,
            x,
            zero=x.zero | (present & (fades | wide)),
            above=x.above | (present & (grows | thin) & positive),
            below=x.below | (present & (grows | thin) & negative),
            nan=x.nan | nan,
        )

    def variance(self, v: Reached, m: Reached) -> Reached:
        """v - m^2, or with epsilon added to v first."""
        square = self.square(m)
        found = v - square
        size = v.outcomes.size[1] + square.outcomes.size[1]
        return self.blurred(found, size, 2, of=v.outcomes.some & square.outcomes.some)

    def shrink(self, x: Reached, c: Reached) -> Reached:
        """x (1 - c), or x - c x, or x less the sum of c x and the rest of the step."""
        o, share = x.outcomes, c.outcomes
        found, loss = x, np.asarray(0.0)
        if np.any(share.some):
            factor = added(exactly(np.asarray(self.carrier(1))), -share)
            loss = o.size[1] * share.size[1]
            found = self.settled(multiplied(o, factor), 3)
            found = replace(self.blurred(found, loss, 2, of=o.some), loss=loss)
        if np.any(o.infinite):  # less a share of itself, if only 0
            nan = found.outcomes.nan | o.infinite
            found = replace(found, outcomes=replace(found.outcomes, nan=nan))
        return found

    def clip(self, x: Reached, c: Reached) -> Reached:
        o, near, wide = x.outcomes, c.outcomes.low, c.outcomes.high
        low = np.where(o.low < 0, np.maximum(o.low, -wide), np.minimum(o.low, near))
        high = np.where(o.high > 0, np.minimum(o.high, wide), np.maximum(o.high, -near))
        found = Outcomes(
            np.where(o.below, -wide, np.where(o.above & ~o.some, near, low)),
            np.where(o.above, wide, np.where(o.below & ~o.some, -near, high)),
            o.some | o.infinite,
            o.zero | c.outcomes.zero,
            False,
            False,
            o.nan,
            o.nonnegative,
        )
        return Reached(self, found)

    def soft_threshold(self, x: Reached, c: Reached) -> Reached:
        """Drawn to zero by the least or the most; nan may count as nothing left of a number."""
        o, threshold = x.outcomes, c.outcomes
        wide = np.where(threshold.some, threshold.high, 0)
        near = np.where(threshold.some & ~threshold.zero, threshold.low, 0)
        low = np.where(o.low < 0, np.minimum(o.low + near, 0), np.maximum(o.low - wide, 0))
        high = np.where(o.high > 0, np.maximum(o.high - near, 0), np.minimum(o.high + wide, 0))
        nan = o.nan | threshold.nan | (o.infinite & threshold.infinite)
        found = between(
            low,
            high,
            o,
            some=o.some & ((low != 0) | (high != 0)),
            zero=o.zero | nan | (o.some & ((o.size[0] <= wide) | threshold.infinite)),
            nan=nan,
        )
        return self.settled(found) if np.any(threshold.some) else Reached(self, found)

    def sign(self, x: Reached) -> Reached:
        o = x.outcomes
        positive, negative = signs(o)
        one = self.carrier(1)
        low = np.where(negative, -one, one)
        high = np.where(positive, one, -one)
        return Reached(
            self,
            Outcomes(low, high, positive | negative, o.empties, False, False, o.nan, o.nonnegative),
        )

    def choose(self, x: Reached, below: Reached, zero: Reached, above: Reached) -> Reached:
        """What x has the sign for; of nan any of the three, or nan."""
        o = x.outcomes
        positive, negative = signs(o)
        sides = ((negative, below), (o.empties, zero), (positive, above))
        parts = (only(side | o.nan, outcome.outcomes) for side, outcome in sides)
        hull = reduce(either, parts)
        return Reached(self, replace(hull, nan=hull.nan | o.nan))

    def centralize(self, x: Reached) -> Reached:
        """x minus its mean over all axes but the first, summed in any order."""
        axes = tuple(range(1, np.ndim(x.outcomes.low)))
        if not axes:
            return x
        o = x.outcomes
        count = prod(np.shape(o.low)[axis] for axis in axes)

        def gathered(part: Any, how: Any) -> Any:
            return how(np.broadcast_to(part, np.shape(o.low)), axis=axes, keepdims=True)

        low, high = (gathered(np.where(o.some, end, 0), np.sum) for end in (o.low, o.high))
        size = gathered(np.where(o.some, o.size[1], 0), np.sum)
        any_, all_ = (
            {name: gathered(getattr(o, name), how) for name in ("some", "zero")}
            for how in (np.any, np.all)
        )
        above, below, nan = (gathered(getattr(o, n), np.any) for n in ("above", "below", "nan"))
        wide = size > self.precision.largest
        mean = Outcomes(
            low / count,
            high / count,
            any_["some"],
            all_["zero"],
            above | wide,
            below | wide,
            nan | (above & below) | wide,
        )
        settled = self.settled(mean, count + self.budget.division_roundings)
        blurred = self.blurred(settled, size, count + 2, of=any_["some"])
        return x - blurred

    def squared_norm(self, x: Reached) -> Reached:
        return self.gathered(x, every_axis(x.outcomes.low))

    def mean_square(self, x: Reached) -> Reached:
        axes = row_axes(x.outcomes.low)
        return self.gathered(x, axes, mean=True) if axes else self.square(x)

    def gathered(self, x: Reached, axes: tuple[int, ...], *, mean: bool = False) -> Reached:
        """The sum of the squares over ``axes``, or their mean, in the place of each of them."""
        o = self.square(x).outcomes
        shape, count = np.shape(o.low), elements(o.low, axes)
        share = 1 / count if mean else 1

        def over(part: Any, how: Any) -> Any:
            return how(np.broadcast_to(part, shape), axis=axes, keepdims=True)

        least, most = np.where(o.some & ~np.asarray(o.zero), o.low, 0), np.where(o.some, o.high, 0)
        low, high = over(least, np.sum), over(most, np.sum)
        beyond = over(o.above, np.any) | (high > self.precision.largest)
        parts = {
            "low": low * share,
            "high": high * share,
            "some": over(o.some, np.any),
            "zero": over(o.zero, np.all),
            "above": beyond,
            "nan": over(o.nan, np.any),
        }
        found: dict[str, Any] = {name: spread(part, o.low) for name, part in parts.items()}
        whole = Outcomes(**found, nonnegative=True)
        roundings = count + 2 * self.budget.root_roundings + self.budget.division_roundings + 1
        return self.settled(between(whole.low, whole.high, whole), roundings)


def floor(x: Outcomes) -> Any:
    """The least that can come of it, nan left out."""
    limit = top(x.low)
    least = np.where(x.some, x.low, limit)
    least = np.where(x.zero, np.minimum(least, 0), least)
    return np.where(x.below, -limit, least)


def every(flags: Iterable[Any]) -> Any:
    """Where all of them are set."""
    return reduce(np.logical_and, flags, True)


def some_(flags: Iterable[Any]) -> Any:
    """Where any of them is set."""
    return reduce(np.logical_or, flags, False)


def partial(factors: list[Outcomes]) -> tuple[Any, Any]:
    """The largest and the smallest modulus that a product of some of the factors can have."""
    up: Any = 1.0
    down: Any = 1.0
    for x in factors:
        least, most = x.size
        up = capped_product(up, np.where(x.some, np.maximum(most, 1), 1))
        down = down * np.where(x.some, np.minimum(least, 1), 1)
    return up, down


def capped_product(a: Any, b: Any) -> Any:
    """A product of moduli, within the carrier's range."""
    return np.minimum(a * b, top(b))
