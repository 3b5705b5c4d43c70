"""The number system of bounds: what each operation of a rule does to a value and to its error.

:mod:`reference.numbers.bound` says what a bound is, :mod:`reference.numbers.formed` how far the
constants are off that an implementation forms of its hyperparameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import frexp, prod
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.bound import (
    UNBOUNDED,
    Bound,
    Effects,
    nothing,
    power_of_two,
    product_error,
    sizes,
)
from optimizer_conformance.reference.numbers.budget import IEEE, Budget
from optimizer_conformance.reference.numbers.formed import (
    folded_error,
    formed_real,
    gamma,
    power_error,
)
from optimizer_conformance.reference.numbers.gathering import (
    every_axis,
    gathered_bound,
    row_axes,
)
from optimizer_conformance.reference.numbers.hyper import (
    IDEAL,
    Representation,
    difference,
    held,
    kept_in,
    one_minus_power,
)
from optimizer_conformance.reference.numbers.precision import Array, Precision
from optimizer_conformance.reference.numbers.system import RealFunction

# x86 has 64 bits and fifteen of exponent, other machines 113 or no more than float64.
WIDE = np.longdouble
LEAST = float(np.finfo(np.float64).tiny)


class BoundArithmetic:
    """The number system of bounds for one working precision.

    precision       the working precision
    effects         what may happen at the ends of the range
    representation  how hyperparameters were held; ``widened`` covers all of ``widened_by`` instead
    budget          what roots and divisions may be off by
    """

    def __init__(
        self,
        precision: Precision,
        effects: Effects = UNBOUNDED,
        representation: Representation = IDEAL,
        widened_by: tuple[Representation, ...] = (),
        budget: Budget = IEEE,
    ) -> None:
        self.budget = budget
        self.precision, self.effects = precision, effects
        self.representation, self.widened_by = representation, widened_by
        self.early = effects.saturate in ("early", "difference")
        self.constants: dict[object, Bound] = {}
        self.unit = precision.unit_roundoff
        self.carrier: Any = WIDE if precision.name == "float64" else np.float64
        self.slack = 1.0 + float(np.finfo(self.carrier).epsneg) / self.unit

    # Inputs ---------------------------------------------------------------------------------

    def given(self, values: Array, *, nonnegative: bool = False) -> Bound:
        """Numbers that were sent as bits: exact, but for a flush of subnormal ones.

        What this precision cannot hold (float64 inputs of a float32 kernel) is rounded first.
        """
        values = np.asarray(values, dtype=self.carrier)
        error = np.abs(self.precision.round(values) - values)
        error = np.where(np.isfinite(error), error, 0.0)
        if self.effects.flush:
            tiny = np.abs(values) < self.precision.smallest_normal
            error = np.where(tiny, np.abs(values), error)
        return Bound(self, values, error if error.any() else 0.0, nonnegative)

    def full(self, like: Bound, decimal: str) -> Bound:
        """A constant; what the precision does not hold is rounded to it once."""
        exact = Fraction(decimal)
        value = self.nearest(exact)
        error = 0.0 if held(exact, self.precision.name) == exact else abs(value) * self.unit
        filled = np.full(np.shape(like.value), value, dtype=self.carrier)
        return Bound(self, filled, error, nonnegative=True)

    def coefficient(self, kind: str, exact: Fraction) -> Bound:
        """A hyperparameter: ``kind`` is ``rate``, ``moment``, or its own name."""
        return self._held(
            (kind, exact),
            lambda way: held(exact, kept_in(way, kind)),
            lambda way: folded_error(exact, kept_in(way, kind), way),
        )

    def complement(self, beta: Fraction) -> Bound:
        """1 - beta, formed from beta in the format that the moments are held in."""
        return self._held(
            ("complement", beta), lambda way: held(1 - held(beta, way.moments), way.moments)
        )

    def correction(self, beta: Fraction, count: int) -> Bound:
        """1 - beta^count."""
        return self._held(
            ("correction", beta, count),
            lambda way: one_minus_power(held(beta, way.correction), count),
            lambda way: power_error(beta, count, way, self.budget),
        )

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> Bound:
        """Formed in the format of the bias corrections, or exactly and rounded once."""
        value, error = formed_real(function, exact, roundings)
        return self._held((function, *exact), value, error)

    def _held(self, key: object, exact: Any, error: Any = lambda way: 0.0) -> Bound:
        """A constant: its value under this representation, and how far the others are from it."""
        if key in self.constants:
            return self.constants[key]
        centre = exact(self.representation)
        value = self.nearest(centre)
        spread = error(self.representation)
        for way in self.widened_by:
            spread = max(spread, abs(difference(exact(way), centre)) + error(way))
        if held(centre, self.precision.name) != centre:
            spread += (abs(value) + spread) * self.unit
            spread += max(self.effects.underflow - abs(value) * self.unit, 0.0)
        self.constants[key] = Bound(self, value, spread, value >= 0)
        return self.constants[key]

    def nearest(self, exact: Fraction) -> Any:
        """A rational in the carrier, to within its roundoff."""
        value = float(exact)
        if self.carrier is np.float64:
            return value
        return self.carrier(value) + self.carrier(difference(exact, Fraction(value)))

    def gamma(self, count: int) -> float:
        """What ``count`` roundings in a row amount to (Higham, lemma 3.1)."""
        return gamma(count, self.unit)

    # Results --------------------------------------------------------------------------------

    def rounded(
        self,
        value: Any,
        propagated: Any,
        count: int = 1,
        *,
        nonnegative: bool = False,
        underflow: Any = 1.0,
    ) -> Bound:
        """A result after ``count`` roundings: ``propagated`` is the operands' share of the error.

        ``underflow`` is how often, and multiplied by what, one underflow reaches the result.  What
        is certainly zero has not underflowed.
        """
        error = propagated
        if count:
            error = np.abs(value) + propagated
            error *= self.gamma(count)
            error += propagated
        if self.effects.underflow:
            lost = np.not_equal(value, 0.0) | np.not_equal(error, 0.0)
            error = error + np.where(lost, self.effects.underflow * underflow, 0.0)
        result = Bound(self, value, error, nonnegative)
        return self.saturated(result) if self.early else result

    def uncertain(self, error: Any, intermediate: Any) -> Any:
        """Promise nothing where an intermediate of some legal order leaves the range."""
        beyond = np.isfinite(intermediate) & (intermediate > self.precision.largest)
        return np.where(beyond, np.inf, error)

    def saturated(self, x: Bound, largest: float = 0.0) -> Bound:
        """Infinite where the format ends, or beyond ``largest``.

        Where that lies within the error nothing is promised from there on: such an element is nan
        with an infinite error, and what is computed from it stays so.
        """
        largest = largest or self.precision.largest
        size = np.abs(x.value)
        unknown = ~np.isfinite(x.error) & ~np.isinf(x.value)
        beyond = (size > largest) & ~unknown
        unknown = unknown | (np.isfinite(x.value) & ((size + x.error > largest) != beyond))
        value = np.where(unknown, np.nan, np.where(beyond, np.copysign(np.inf, x.value), x.value))
        error = np.where(unknown, np.inf, np.where(np.isfinite(value), x.error, 0.0))
        return Bound(self, value, error, x.nonnegative)

    def define(self, name: str, x: Bound) -> Bound:
        return self.saturated(x) if self.effects.saturate == "late" else x

    def square(self, x: Bound) -> Bound:
        return self.rounded(x.value * x.value, product_error(x, x), nonnegative=True)

    def sum(self, x: Bound, y: Bound) -> Bound:
        result = x + y
        result.terms = sizes(x, y)
        return result

    def maximum(self, x: Bound, y: Bound) -> Bound:
        nonnegative = x.nonnegative or y.nonnegative
        error = np.maximum(x.error, y.error)
        if not self.effects.number:
            return Bound(self, np.maximum(x.value, y.value), error, nonnegative)
        # Beside nan a number is the larger, with its own error.
        error = np.where(np.isnan(y.value), x.error, error)
        error = np.where(np.isnan(x.value), y.error, error)
        return Bound(self, np.fmax(x.value, y.value), error, nonnegative)

    def root(self, x: Bound) -> Bound:
        """Never divides by 2 sqrt(x): the error is that of the farther end of the interval.

        That is the lower one, sqrt(x) - sqrt(x - e) = e / (sqrt(x) + sqrt(x - e)); where it would
        be below zero, the root of the upper end is as far, or zero is.  Where x may be negative the
        root may be nan, and nothing is promised.
        """
        if self.budget.exact and power_of_two(x, 4):
            return Bound(self, np.sqrt(x.value), 0.0, nonnegative=True)
        operand, lowest = np.maximum(x.value, 0.0), x.value - x.error
        value, near_zero = np.sqrt(operand), x.error > operand
        farther = np.sqrt(np.where(near_zero, operand + x.error, operand - x.error))
        propagated = ratio(x.error, value + farther)
        propagated = np.where(near_zero, np.maximum(propagated, value), propagated)
        if not x.nonnegative:
            propagated = np.where(lowest < 0, np.inf, propagated)
        count = self.budget.root_roundings
        result = self.rounded(value, propagated, count, nonnegative=True, underflow=0.0)
        result.rooted = True
        return result

    def apart(self, b: Bound, c: Bound) -> Any:
        """How far two weights are from adding up to one."""
        return abs(1.0 - (b.value + c.value))

    def average(self, b: Bound, c: Bound, old: Bound, new: Bound) -> Bound:
        """b * old + c * new, or old + c * (new - old), or new + b * (old - new) for the smaller b.

        The second form uses c alone (so old is weighted with 1 - c), the third b alone; each form's
        roundings are counted and the largest taken.  A product with a power of two is exact, and so
        are a sum with an average that is zero throughout and a difference from it.
        """
        from_the_new = "from the new" in self.representation.written
        first = nothing(old) and not from_the_new
        weighing = 0 if power_of_two(c) and (b.value >= c.value or power_of_two(b)) else 1
        value = b.value * old.value + c.value * new.value
        if self.effects.saturate == "difference":
            value = np.where(np.isinf(old.value), np.nan, value)
            if from_the_new:
                value = np.where(np.isinf(new.value), np.nan, value)
        if self.early and c.error >= c.value:  # c may have been rounded to 0, and 0 * inf is nan
            value = np.where(np.isinf(new.value), np.nan, value)
        # Formed in a format b and c need not add up to 1: the second form weighs old with 1 - c.
        apart = self.apart(b, c)
        of_old, of_new = max(b.error, c.error + apart), c.error
        if b.value < c.value or from_the_new:
            of_new = max(b.error + apart, c.error)
        old_size, new_size = np.abs(old.value), np.abs(new.value)
        grown = 1.0 + self.gamma(1)  # a product rounds what is wrong with its factors, too
        propagated = grown * of_old * old_size + grown * (b.value + of_old) * old.error
        propagated += grown * of_new * new_size
        propagated += grown * (c.value + of_new) * new.error
        if self.early:  # equal weights may be taken out of the sum
            propagated = self.uncertain(propagated, old_size + new_size)
            if c.error >= c.value:
                propagated = np.where(np.isinf(new.value), np.inf, propagated)
        interpolated = np.abs(new.value - old.value)
        interpolated += old.error
        interpolated += new.error
        alone = c.value
        if from_the_new:
            alone, weighing = max(b.value, c.value), 1
        interpolated *= self.gamma(weighing + (0 if first else 1)) * alone
        products = self.gamma(0 if power_of_two(b) else 1) * b.value * old_size
        products += self.gamma(0 if power_of_two(c) else 1) * c.value * new_size
        propagated += np.maximum(products, interpolated) * (1 + self.unit)
        result = self.rounded(
            value,
            propagated,
            0 if first and b.value >= c.value else 1,
            nonnegative=old.nonnegative and new.nonnegative,
            underflow=4.0,
        )
        if "in parts" in self.representation.written:
            # As products, or one of both whole and what the other moves it by.
            old_most, new_most = old_size + old.error, new_size + new.error
            products = (b.value + of_old) * old_most + (c.value + of_new) * new_most
            away = np.abs(new.value - old.value) + old.error + new.error
            whole = old_most + (c.value + of_new) * away
            if from_the_new or b.value <= c.value:
                whole = np.maximum(whole, new_most + (b.value + of_old) * away)
            result.terms = np.maximum(products, whole), 2
        return result

    def quotient(self, numerators: tuple[Bound, ...], denominators: tuple[Bound, ...]) -> Bound:
        """Any order, each divisor possibly as a product with its reciprocal (one rounding more).

        Powers of two round nothing; of divisors only those of four are taken so, because an
        implementation may divide by the root instead, after it has drawn the numerator's.
        """
        value, error = numerators[0].value, numerators[0].error
        for factor in numerators[1:]:
            error = error * np.abs(factor.value) + factor.error * (np.abs(value) + error)
            value = value * factor.value
        for divisor in denominators:
            value = quiet_divide(value, divisor.value)
            room = np.abs(divisor.value) - divisor.error
            error = quiet_divide(error + np.abs(value) * divisor.error, room)
            nothing_left = ~(room > 0)
            if np.any(nothing_left):
                error = np.where(nothing_left, np.inf, error)
        products = max(sum(not power_of_two(factor) for factor in numerators) - 1, 0)
        divisions = sum(not (self.budget.exact and power_of_two(d, 4)) for d in denominators)
        count = products + self.budget.division_roundings * divisions
        underflow: Any = 0.0
        if self.effects.underflow:
            operations = len(numerators) - 1 + self.budget.division_roundings * len(denominators)
            reach = prod(np.maximum(np.abs(n.value) + n.error, 1.0) for n in numerators) * prod(
                np.maximum(1.0 / np.maximum(np.abs(d.value) - d.error, 1e-300), 1.0)
                for d in denominators
            )
            underflow = operations * reach
            if self.early:
                error = self.uncertain(error, np.where(np.isfinite(value), reach, 0.0))
                error = self.one_root(value, error, numerators, denominators)
        result = self.rounded(
            value,
            error,
            count,
            nonnegative=all(x.nonnegative for x in (*numerators, *denominators)),
            underflow=underflow,
        )
        for place, factor in enumerate(numerators):
            if factor.terms:
                size, met = factor.terms
                others = (*numerators[:place], *numerators[place + 1 :])
                most = [np.abs(n.value) + n.error for n in others]
                scale = prod(most, start=1.0)
                for divisor in denominators:
                    scale = quiet_divide(scale, np.abs(divisor.value) - divisor.error)
                # What is so small that nothing is left of it may be anything; zero leaves nothing.
                none = prod((one > 0 for one in most), start=True)
                size = size * np.where(scale > 0, scale, np.where(none, np.inf, 0.0))
                result.terms = size, met + count
                if self.early:  # a part leaves the range, where the sum of all does not
                    result.error = self.uncertain(result.error, size)
        return result

    def one_root(
        self, value: Any, error: Any, above: tuple[Bound, ...], below: tuple[Bound, ...]
    ) -> Any:
        """What the range does to one root of a quotient, where that of each was asked."""
        for root, other in product((n for n in above if n.rooted), (d for d in below if d.rooted)):
            quotient = quiet_divide(root.value, other.value)
            squared = quotient * quotient
            error = self.uncertain(error, squared)
            small = squared < self.precision.smallest_normal
            part = quiet_divide(self.effects.underflow, squared)
            error = error + np.where(small & (squared > 0), np.abs(value) * part, 0.0)
        return error

    def variance(self, v: Bound, m: Bound) -> Bound:
        """v - m^2; also covers (v + epsilon) - m^2 as far as it rounds like v."""
        square = m.value * m.value
        propagated = (
            v.error
            + 2 * np.abs(m.value) * m.error
            + m.error * m.error
            + self.gamma(1) * (square + np.abs(v.value))
        )
        value = v.value - square
        if self.early:  # inf - inf, whatever the difference would be
            value = np.where(square > self.precision.largest, np.nan, value)
            propagated = self.uncertain(propagated, square)
        return self.rounded(value, propagated, underflow=2.0)

    def shrink(self, x: Bound, c: Bound) -> Bound:
        """x * (1 - c) with 1 - c formed first, or x - c * x.

        Or c * x joins what the parameter loses besides, and x loses their sum, as in Optax: a
        rounding more, of that sum, but none of x * (1 - c).  The subtraction adds what it takes.
        """
        if nothing(x) or nothing(c):
            return x
        factor = 1.0 - c.value
        propagated = x.error * (abs(factor) + c.error) + np.abs(x.value) * c.error
        loss = (abs(c.value) + c.error) * (np.abs(x.value) + x.error)
        propagated = propagated + self.gamma(1) * loss
        if self.early:  # what is lost leaves the range, where x - c x does not
            propagated = self.uncertain(propagated, loss)
        result = self.rounded(x.value * factor, propagated, 3, underflow=2.0)
        result.decay = loss, self.gamma(3) * np.abs(result.value)
        return result

    def clip(self, x: Bound, c: Bound) -> Bound:
        """The nearest number between -c and c: nothing is rounded.

        The smaller of two numbers moves by no more than the one that moves further.
        """
        size, wide = np.abs(x.value), np.abs(c.value)
        inside = size + x.error <= wide - c.error
        outside = size - x.error >= wide + c.error
        error = np.where(inside, x.error, np.where(outside, c.error, np.maximum(x.error, c.error)))
        return Bound(self, np.clip(x.value, -c.value, c.value), error, x.nonnegative)

    def soft_threshold(self, x: Bound, c: Bound) -> Bound:
        """Nothing is left inside the threshold; outside of it one difference is rounded.

        No outcome moves by more than the number and the threshold together: where the interval of
        the number holds the threshold, zero and what is left beyond it are both accepted.  Of nan
        nothing may be left either (``Effects.number``).
        """
        beyond = np.abs(x.value) - c.value
        larger = np.fmax if self.effects.number else np.maximum
        value = np.copysign(larger(beyond, 0.0), x.value)
        inside = beyond + x.error + c.error <= 0
        if self.effects.number:
            inside = inside | np.isnan(beyond)
        propagated = np.where(inside, 0.0, x.error + c.error)
        left = self.rounded(value, propagated, 0 if nothing(c) else 1, nonnegative=x.nonnegative)
        left.error = np.where(inside, 0.0, left.error)
        return left

    def sign(self, x: Bound) -> Bound:
        """-1, 0 or 1; where x may be zero or of the other sign, every outcome is accepted."""
        known = (np.abs(x.value) > x.error) | ((x.value == 0) & np.equal(x.error, 0))
        value = np.sign(x.value)
        if self.effects.number == "chosen":  # it is 0, as a difference of comparisons
            value = np.where(np.isnan(x.value), 0.0, value)
        return Bound(self, value, np.where(known, 0.0, 1.0 + np.abs(value)), x.nonnegative)

    def choose(self, x: Bound, below: Bound, zero: Bound, above: Bound) -> Bound:
        """Where x may be on either side, or on neither, whatever it may be is accepted.

        The outcomes' distances from the one that is shown, with the errors of their own, are the
        error.  An infinity is on its side.  Nan has none: it stays, or (``chosen``) may be any of
        the three.
        """
        value, size = x.value, np.asarray(x.error)
        chosen = np.where(value < 0, below.value, np.where(value > 0, above.value, zero.value))
        open_ = np.isnan(value) | np.isnan(size)
        error: Any = np.zeros(np.shape(chosen))
        for may, outcome in (
            (value - size < 0, below),
            ((value == 0) | (np.isfinite(value) & (np.abs(value) <= size)), zero),
            (value + size > 0, above),
        ):
            far = np.where(outcome.value == chosen, 0.0, np.abs(outcome.value - chosen))
            error = np.maximum(error, np.where(may | open_, far + outcome.error, 0.0))
        if self.effects.number != "chosen":
            chosen = np.where(open_, np.nan, chosen)
        return Bound(self, chosen, error)

    def centralize(self, x: Bound) -> Bound:
        """x minus its mean over all axes but the first, summed in any order; a vector as it is.

        A sum of k terms that are not zero rounds k - 1 times.
        """
        axes = tuple(range(1, np.ndim(x.value)))
        if not axes:
            return x
        own = np.broadcast_to(x.error, np.shape(x.value))
        count = int(np.prod([np.shape(x.value)[axis] for axis in axes]))
        mean = np.mean(x.value, axis=axes, keepdims=True)
        size = np.mean(np.abs(x.value) + own, axis=axes, keepdims=True)
        terms = np.sum((x.value != 0) | (own > 0), axis=axes, keepdims=True)
        exact = self.budget.exact and frexp(count)[0] == 0.5
        roundings = np.maximum(terms - 1, 0) + (0 if exact else self.budget.division_roundings)
        gamma = roundings * self.unit / (1 - roundings * self.unit)
        propagated = own + np.mean(own, axis=axes, keepdims=True) + gamma * size
        if self.early:  # a partial sum leaves the range before the mean would
            propagated = self.uncertain(propagated, count * size + np.zeros(np.shape(x.value)))
        return self.rounded(x.value - mean, propagated, underflow=count + 2.0)

    def squared_norm(self, x: Bound) -> Bound:
        return gathered_bound(self, x, every_axis(x.value))

    def mean_square(self, x: Bound) -> Bound:
        axes = row_axes(x.value)
        return gathered_bound(self, x, axes, mean=True) if axes else self.square(x)


def ratio(a: Any, b: Any) -> Any:
    """a / b, and 0 where both are 0; b is a sum of roots, which is 0 or far above ``LEAST``."""
    return a / np.maximum(b, LEAST)


def quiet_divide(a: Any, b: Any) -> Any:
    """a / b without a warning where b is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(a, b)
