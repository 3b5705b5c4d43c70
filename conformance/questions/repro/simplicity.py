"""What is simpler: values with few bits near one, hyperparameters with few digits.

Each list holds candidates, simplest first, and only such as are simpler than what stands there:
a search that takes them ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import PRECISIONS

ROUND = (0.0, 1.0, 0.5, 2.0, 0.25, 4.0, 0.125, 8.0)
BITS = (1, 2, 3, 4, 6, 8, 11)  # significant bits to which a value is rounded, fewest first


def weight_of(value: float) -> tuple[float, ...]:
    """How complicated a value is: zero, one, few bits, a small exponent, no sign."""
    if not math.isfinite(value):
        return (3.0, float(math.isnan(value)), 0.0, 0.0)
    if value == 0:
        return (0.0, 0.0, 0.0, float(math.copysign(1, value) < 0))
    fraction = Fraction(value)
    odd = abs(fraction.numerator)
    bits = (odd // (odd & -odd)).bit_length()
    exponent = math.frexp(abs(value))[1] - 1
    return (1.0, float(bits), abs(float(exponent)), float(value < 0))


def simpler_values(value: float, dtype: str) -> Iterator[float]:
    """Values that ``dtype`` holds and that are simpler than ``value``."""
    found: list[float] = [math.copysign(0.0, 1.0)]
    if math.isfinite(value):
        sign = math.copysign(1.0, value)
        found += [sign * number for number in ROUND[1:]]
        found += [sign * to_bits(abs(value), bits) for bits in BITS]
        found += [-number for number in found]
    else:
        found += [1.0, math.inf, -math.inf]
    precision = PRECISIONS[dtype]
    held = (float(precision.round(number)) for number in found)
    limit = weight_of(value)
    simpler = {number: None for number in held if weight_of(number) < limit}
    yield from sorted(simpler, key=weight_of)


def to_bits(value: float, bits: int) -> float:
    """A positive value rounded to so many significant bits; infinite beyond the range."""
    mantissa, exponent = math.frexp(value)
    try:
        return math.ldexp(round(math.ldexp(mantissa, bits)), exponent - bits)
    except OverflowError:
        return math.inf


def digits_of(text: str) -> tuple[int, int, int]:
    """How complicated a decimal is: whether it is a fraction of powers of two, digits, exponent."""
    number = Decimal(text)
    if number == 0:
        return (0, 0, 0)
    exact = Fraction(text)
    dyadic = exact.denominator & (exact.denominator - 1) == 0
    digits = len(number.normalize().as_tuple().digits)
    return (int(not dyadic), digits, abs(number.adjusted()))


def simpler_decimals(name: str, text: str, default: str) -> Iterator[str]:
    """Decimals for a hyperparameter, its default first; none where the default stands there."""
    same = Decimal(default) if default else None
    if same is not None and Decimal(text) == same:
        return
    if default:
        yield default
    here = digits_of(text)
    # Halves are held exactly in every dtype, so that nobody can take the rounding of a
    # hyperparameter for the cause.
    yield from (other for other in HYPERPARAMETERS[name].simple if digits_of(other) < here)
