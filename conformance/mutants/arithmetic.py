"""The number system of a working precision: the pipeline as an implementation would carry it out.

``Working("float32", style)`` has the members of :mod:`reference.numbers`; every operation is
rounded to the precision, in an order that the style allows.  Complex numbers are NumPy's: their
products by parts, quotients by Smith's method, principal roots of the C library.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from math import exp, log
from typing import Any

import numpy as np

from optimizer_conformance.mutants.rounding import STORAGE, fused, rounder
from optimizer_conformance.mutants.styles import PLAIN, Style
from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reference.numbers.complex_bound import Squares
from optimizer_conformance.reference.numbers.hyper import held, kept_in, one_minus_power
from optimizer_conformance.reference.numbers.precision import (
    COMPONENTS,
    PRECISIONS,
    Array,
    Precision,
    component,
)
from optimizer_conformance.reference.numbers.real import enclosed
from optimizer_conformance.reference.numbers.system import RealFunction

# What a step names and does not keep.
UNKEPT = ("gradient", "update", "root_before", "mean", "fast", "forward")


class Number:
    """A value in working precision.

    array    values in storage format (a scalar for coefficients)
    factors  the two arrays whose rounded product it is, so that a sum may be fused with it
    ratio    numerator and divisor, where it is their rounded quotient
    decay    of a parameter that was shrunk: it as it was and what it loses, so that what is
             subtracted next may join the loss
    parts    the two numbers whose sum it is, so that they may be subtracted one after the other
    """

    __array_priority__ = 1000
    __slots__ = ("array", "decay", "factors", "num", "parts", "ratio")

    def __init__(
        self,
        num: Working,
        array: Any,
        factors: tuple[Any, Any] | None = None,
        ratio: tuple[Any, Any] | None = None,
        decay: tuple[Number, Number] | None = None,
    ) -> None:
        self.num, self.array, self.factors, self.ratio = num, array, factors, ratio
        self.decay = decay
        self.parts: tuple[Number, Number] | None = None

    def __neg__(self) -> Number:
        return Number(self.num, -self.array)

    def __add__(self, other: Number) -> Number:
        return self.num.kept_apart(self.num.sum(self, other), self, other)

    def __sub__(self, other: Number) -> Number:
        if self.decay:
            whole, loss = self.decay
            return whole - (loss + other)
        if other.parts:
            return self.num.sum(self.num.sum(self, other.parts[0], -1), other.parts[1], -1)
        return self.num.sum(self, other, -1)

    def __mul__(self, other: Number) -> Number:
        return self.num.product(self, other)


class Working:
    """One implementation's arithmetic: a precision and a style; ``seed`` draws among the orders.

    ``dtype`` may be complex: then the precision is that of its parts, and ``squares`` says what the
    square of a complex number is.
    """

    def __init__(
        self, dtype: str, style: Style = PLAIN, seed: int = 0, squares: Squares = "plain"
    ) -> None:
        self.complex, self.squares = dtype in COMPONENTS, squares
        self.dtype, self.style = component(dtype), style
        dtype = self.dtype
        self.between = style.intermediate or dtype
        self.storage = np.dtype(STORAGE[self.between])
        self.round = rounder(self.between)
        if self.complex:
            self.round = self.as_it_is
        self.keep = rounder(dtype)
        self.keep_state = rounder(style.state) if style.state else self.keep
        self.random = random.Random(seed)
        self.budget = budget(style.profile, dtype)
        self.rows = False  # whether a vector is a row to what looks at rows
        self.stream = np.random.Generator(np.random.Philox(key=seed))

    def as_it_is(self, values: Any) -> Any:
        """NumPy has rounded already; real numbers among complex ones stay real."""
        wide = np.result_type(self.storage, np.complex64)
        return np.asarray(values, dtype=wide if np.iscomplexobj(values) else self.storage)

    def pick(self, orders: tuple[str, ...]) -> str:
        """One of the orders that the style allows."""
        return orders[0] if len(orders) == 1 else self.random.choice(orders)

    def fuses(self) -> bool:
        """Whether this product and sum become one operation."""
        chance = self.style.fused
        return chance == 100 or (chance > 0 and self.random.randrange(100) < chance)

    # Inputs ---------------------------------------------------------------------------------

    def given(self, values: Array) -> Number:
        """Float64 or complex128 values that the precision holds exactly."""
        stored = self.as_it_is(values) if self.complex else np.asarray(values).astype(self.storage)
        return Number(self, self.flushed(stored))

    def full(self, like: Number, decimal: str) -> Number:
        return Number(self, np.full(np.shape(like.array), float(decimal), self.storage))

    def scalar(self, exact: Fraction | float) -> Number:
        """A coefficient, rounded once."""
        value = PRECISIONS[self.between].round(float(exact))
        return Number(self, self.flushed(value.astype(self.storage)))

    def coefficient(self, kind: str, exact: Fraction) -> Number:
        return self.scalar(held(exact, kept_in(self.style.held, kind)))

    def complement(self, beta: Fraction) -> Number:
        way = self.style.held.moments
        return self.scalar(held(1 - held(beta, way), way))

    def correction(self, beta: Fraction, count: int) -> Number:
        way = self.style.held.correction
        if not way:
            return self.scalar(one_minus_power(beta, count))
        rounded = PRECISIONS[way].round
        power = self.power(float(held(beta, way)), count, PRECISIONS[way])
        return self.scalar(float(rounded(1.0 - power)))

    def power(self, base: float, count: int, precision: Precision) -> float:
        """base^count, formed in one of the ways that the style allows."""
        rounded, how, power = precision.round, self.pick(self.style.powers), base
        if how == "products" or base == 1:
            for _ in range(count - 1):
                power = float(rounded(power * base))
            return power
        if how == "logarithm":
            return float(rounded(exp(rounded(count * float(rounded(log(base)))))))
        power = float(rounded(base**count))
        off = self.random.choice((-1, 1)) if how == "a unit off" else 0
        return power + off * float(precision.quantum(np.asarray(power)))

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> Number:
        way = self.style.held.correction
        return self.scalar(float(enclosed(function, [held(value, way) for value in exact])))

    # Operations -----------------------------------------------------------------------------

    def flushed(self, array: Any) -> Any:
        """Subnormal values as signed zeros, where the style flushes."""
        if not self.style.flush:
            return array
        tiny = np.abs(array) < PRECISIONS[self.between].smallest_normal
        return np.where(tiny, np.copysign(np.zeros_like(array), array), array)

    def result(self, array: Any, *remembered: Any) -> Number:
        """One rounding."""
        return Number(self, self.flushed(self.round(array)), *remembered)

    def sum(self, x: Number, y: Number, sign: int = 1) -> Number:
        """x + y or x - y, fused with a product where there is one and the style fuses."""
        left, right = x.array, y.array if sign > 0 else -y.array
        for product, other, turn in ((y, left, sign), (x, right, 1)):
            if product.factors is not None and not self.complex and self.fuses():
                a, b = product.factors
                exact = fused(a if turn > 0 else -a, b, other, self.between)
                return Number(self, self.flushed(exact))
        return self.result(left + right)

    def product(self, x: Number, y: Number) -> Number:
        """x * y, remembering the factors."""
        found = self.result(x.array * y.array, (x.array, y.array))
        for parted, other in ((x, y), (y, x)):
            if parted.parts:
                self.kept_apart(found, *(part * other for part in parted.parts))
        return found

    def kept_apart(self, found: Number, x: Number, y: Number) -> Number:
        """The sum of two numbers, remembering both, where the style takes them one by one."""
        if self.style.parted:
            found.parts = x, y
        return found

    def divide(self, x: Number, y: Number) -> Number:
        """x / y; where a device has no exact division, by the reciprocal."""
        if self.budget.reciprocal > 0.5:
            return x * self.reciprocal(y)
        return self.result(x.array / y.array, None, (x.array, y.array))

    def reciprocal(self, x: Number) -> Number:
        """1 / x."""
        return self.off(self.result(self.storage.type(1) / x.array), self.budget.reciprocal)

    def off(self, x: Number, ulp: float) -> Number:
        """A correctly rounded result moved by whole units, to at most ``ulp`` from the exact one.

        Units below a power of two are half as large; those are taken.
        """
        most = int(ulp - 0.5)
        if most == 0:
            return x
        below = np.nextafter(x.array, self.storage.type(0))
        unit = below - np.nextafter(below, self.storage.type(0))
        moves = self.stream.integers(-most, most + 1, np.shape(x.array)).astype(self.storage)
        ordinary = np.isfinite(x.array) & (np.abs(x.array) > PRECISIONS[self.dtype].smallest_normal)
        moved = np.where(ordinary, x.array + moves * unit, x.array)
        return Number(self, moved.astype(self.storage))

    def square(self, x: Number) -> Number:
        if self.squares == "modulus" and np.iscomplexobj(x.array):
            real, imag = (Number(self, part) for part in (x.array.real, x.array.imag))
            return real * real + imag * imag
        return self.product(x, x)

    def root(self, x: Number) -> Number:
        if x.ratio is not None and self.pick(self.style.root) == "apart":
            above, below = (self.rooted(part) for part in x.ratio)
            return self.divide(above, below)
        return self.rooted(x.array)

    def rooted(self, array: Any) -> Number:
        """A root, as far off as the device allows."""
        return self.off(self.result(np.sqrt(array)), self.budget.root)

    def maximum(self, x: Number, y: Number) -> Number:
        return Number(self, self.larger(x.array, y.array))

    def larger(self, x: Any, y: Any) -> Any:
        """The larger of two arrays' numbers; of a number and nan as the style has it."""
        return np.fmax(x, y) if self.style.number else np.maximum(x, y)

    # Composites -----------------------------------------------------------------------------

    def define(self, name: str, x: Number) -> Number:
        """What is stored is rounded to its own format; the L2 gradient is an intermediate.

        It is a sum, but none of old and new: it is taken as one number.
        """
        if name == "gradient":
            x.parts = None
        if name in UNKEPT or self.between == self.dtype:
            return x
        keep = self.keep if name == "parameter" else self.keep_state
        return Number(self, keep(x.array))

    def average(self, b: Number, c: Number, old: Number, new: Number) -> Number:
        order = self.pick(self.style.average)
        if order == "from the new":
            return new + b * (old - new)
        if order == "interpolated from the new" and b.array >= c.array:
            order = "interpolated"  # only the smaller weight may be used alone
        if order == "interpolated":
            return old + c * (new - old)
        if order == "interpolated from the new":
            return new + b * (old - new)
        if order == "weighted first" and new.factors is not None:
            left, right = (Number(self, factor) for factor in new.factors)
            return b * old + (c * left) * right
        return b * old + c * new

    def quotient(self, numerators: tuple[Number, ...], denominators: tuple[Number, ...]) -> Number:
        for place, factor in enumerate(numerators):
            if factor.parts:
                left, right = (
                    self.quotient(
                        (*numerators[:place], part, *numerators[place + 1 :]), denominators
                    )
                    for part in factor.parts
                )
                return self.kept_apart(self.sum(left, right), left, right)
        order = self.pick(self.style.quotient)
        if order == "shuffled":
            return self.shuffled(numerators, denominators)
        if order == "scalars first":
            return self.scalars_first(numerators, denominators)
        if order == "one division":
            return self.over(self.multiplied(numerators), self.multiplied(denominators), order)
        value = self.multiplied(numerators)
        for divisor in denominators:
            value = self.over(value, divisor, order)
        return value

    def multiplied(self, factors: tuple[Number, ...]) -> Number:
        """The product from left to right."""
        value = factors[0]
        for factor in factors[1:]:
            value = value * factor
        return value

    def over(self, x: Number, y: Number, order: str = "") -> Number:
        """x / y, or x times the rounded reciprocal of y."""
        return x * self.reciprocal(y) if order == "reciprocals" else self.divide(x, y)

    def scalars_first(
        self, numerators: tuple[Number, ...], denominators: tuple[Number, ...]
    ) -> Number:
        """Everything without elements is folded into one number before it meets an array."""
        above = [x for x in numerators if np.ndim(x.array) == 0]
        below = [x for x in denominators if np.ndim(x.array) == 0]
        arrays = [x for x in numerators if np.ndim(x.array)]
        divisors = [x for x in denominators if np.ndim(x.array)]
        if not arrays or not (above or below):
            return self.divide(self.multiplied(numerators), self.multiplied(denominators))
        folded = self.multiplied(tuple(above)) if above else self.scalar(1.0)
        if below:
            folded = self.divide(folded, self.multiplied(tuple(below)))
        if self.style.folded:
            folded = Number(self, rounder(self.style.folded)(folded.array).astype(self.storage))
        value = self.multiplied(tuple(arrays))
        for divisor in divisors:
            value = self.divide(value, divisor)
        return folded * value

    def shuffled(self, numerators: tuple[Number, ...], denominators: tuple[Number, ...]) -> Number:
        """Pairs are multiplied or divided at random until one number is left."""
        items = [(x, True) for x in numerators] + [(x, False) for x in denominators]
        while len(items) > 1:
            self.random.shuffle(items)
            (x, above), (y, other) = items.pop(), items.pop()
            if above == other:
                items.append((x * y, above))
            else:
                over = self.pick(("", "reciprocals"))
                items.append((self.over(x, y, over) if above else self.over(y, x, over), True))
        ((value, above),) = items
        return value if above else self.reciprocal(value)

    def variance(self, v: Number, m: Number) -> Number:
        return v - self.square(m)

    def shrink(self, x: Number, c: Number) -> Number:
        way = self.pick(self.style.shrink)
        if way == "factor":
            return x * (self.scalar(1.0) - c)
        loss = c * x
        shrunk = x - loss
        return Number(self, shrunk.array, decay=(x, loss)) if way == "joined" else shrunk

    def clip(self, x: Number, c: Number) -> Number:
        return Number(self, np.clip(x.array, -c.array, c.array))

    def soft_threshold(self, x: Number, c: Number) -> Number:
        left = (Number(self, np.abs(x.array)) - c).array
        return Number(self, np.copysign(self.larger(left, np.zeros_like(left)), x.array))

    def sign(self, x: Number) -> Number:
        return Number(self, np.sign(x.array))

    def choose(self, x: Number, below: Number, zero: Number, above: Number) -> Number:
        side, rest = x.array, np.where(x.array == 0, zero.array, x.array)
        found = np.where(side < 0, below.array, np.where(side > 0, above.array, rest))
        return Number(self, found)

    def centralize(self, x: Number) -> Number:
        if np.ndim(x.array) < 2:
            return x
        rows = np.reshape(x.array, (np.shape(x.array)[0], -1))
        total = self.total([Number(self, column) for column in rows.T])
        mean = self.divide(total, self.scalar(float(rows.shape[1])))
        return x - Number(self, in_place(mean.array, x.array))

    def squared_norm(self, x: Number) -> Number:
        total = self.summed_squares(np.reshape(x.array, (1, -1)))
        if self.pick(self.style.root) == "apart":
            norm = self.rooted(total.array)
            total = norm * norm
        return Number(self, np.array(np.broadcast_to(total.array, np.shape(x.array))))

    def mean_square(self, x: Number) -> Number:
        if np.ndim(x.array) < 2:
            return self.square(x)
        rows = np.reshape(x.array, (np.shape(x.array)[0], -1))
        mean = self.divide(self.summed_squares(rows), self.scalar(float(rows.shape[1])))
        return Number(self, np.array(np.broadcast_to(in_place(mean.array, x.array), x.array.shape)))

    def summed_squares(self, rows: Array) -> Number:
        """The sum of the squares of every row; nothing of an empty one."""
        columns = [self.square(Number(self, column)) for column in rows.T]
        return self.total(columns) if columns else Number(self, np.zeros(len(rows), self.storage))

    def total(self, columns: list[Number]) -> Number:
        """The sum of every row, in an order that the style allows."""
        order = self.pick(self.style.total)
        if order == "backwards":
            columns.reverse()
        if order == "eight lanes":
            columns = [in_turn(columns[lane::8]) for lane in range(min(8, len(columns)))]
        if order != "pairwise":
            return in_turn(columns)
        while len(columns) > 1:
            pairs = [a + b for a, b in zip(columns[::2], columns[1::2], strict=False)]
            columns = pairs + columns[2 * len(pairs) :]
        return columns[0]


def in_place(rows: Array, like: Array) -> Array:
    """One number a row, in a shape that meets the rows of an array."""
    found: Array = rows.reshape(-1, *(1,) * (np.ndim(like) - 1))
    return found


def in_turn(terms: list[Number]) -> Number:
    """The sum from left to right."""
    value = terms[0]
    for term in terms[1:]:
        value = value + term
    return value
