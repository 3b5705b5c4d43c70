"""Formats and rounding, against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.numbers.precision import bfloat16_bits, from_bits, to_bits

doubles = st.floats(allow_nan=False, allow_infinity=False, width=64)
NARROW = ["float16", "bfloat16", "float32"]


def rounded(value: float, precision) -> float:
    """``value`` rounded to nearest, ties to even, with integers alone."""
    exact = abs(Fraction(value))
    if exact == 0:
        return value
    exponent = precision.minimum
    while Fraction(2) ** (exponent + 1) <= exact:
        exponent += 1
    quantum = Fraction(2) ** (exponent - precision.bits + 1)
    units = exact / quantum
    whole = units.numerator // units.denominator
    rest = units - whole
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2):
        whole += 1
    result = whole * quantum
    largest = Fraction(2) ** precision.maximum * (2 - Fraction(2) ** (1 - precision.bits))
    magnitude = float("inf") if result > largest else float(result)
    return float(np.copysign(magnitude, value))


@pytest.mark.parametrize("name", NARROW)
@given(value=st.one_of(doubles, st.floats(-1e5, 1e5), st.floats(-1e-37, 1e-37)))
@example(value=0.0)
@example(value=-0.0)
@example(value=65520.0)
@example(value=3.4028235677973366e38)
@example(value=2.0**-133)
@example(value=2.0**-134)
@example(value=3 * 2.0**-135)
@example(value=2.0**-25)
def test_rounds_to_nearest_even(name, value):
    precision = PRECISIONS[name]
    found = float(precision.round(value))
    wanted = rounded(value, precision)
    assert found == wanted
    assert np.signbit(found) == np.signbit(wanted)


@given(bits=st.integers(0, 0x7F7F), numerator=st.integers(0, 8), negative=st.booleans())
def test_bfloat16_ties_between_neighbours_go_to_even(bits, numerator, negative):
    """Every eighth of the way from one bfloat16 (subnormal ones too) to the next."""
    low, high = (
        float(from_bits(np.array([n], dtype=np.uint16), "bfloat16")[0]) for n in (bits, bits + 1)
    )
    if np.isinf(high):
        high = 2.0**128
    value = low + (high - low) * numerator / 8
    value = -value if negative else value
    assert float(PRECISIONS["bfloat16"].round(value)) == rounded(value, PRECISIONS["bfloat16"])


@given(bits=st.integers(0, 0x7F7F), nudge=st.sampled_from([-1, 1]))
def test_bfloat16_sees_a_double_just_beside_a_tie(bits, nudge):
    """What float32 would round to the tie itself must still go to its own side."""
    low, high = from_bits(np.array([bits, bits + 1], dtype=np.uint16), "bfloat16")
    if np.isinf(high):
        return
    middle = (low + high) / 2
    beside = float(np.nextafter(middle, np.inf if nudge > 0 else -np.inf))
    assert float(PRECISIONS["bfloat16"].round(beside)) == (high if nudge > 0 else low)


def test_every_bfloat16_survives_the_round_trip():
    bits = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    with np.errstate(invalid="ignore"):  # signalling nan among them
        values = from_bits(bits, "bfloat16")
    number = ~np.isnan(values)
    assert (bfloat16_bits(values)[number] == bits[number]).all()
    assert np.isnan(from_bits(bfloat16_bits(values[~number]), "bfloat16")).all()


def test_every_float16_survives_the_round_trip():
    bits = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    values = from_bits(bits.view(np.float16), "float16")
    number = ~np.isnan(values)
    assert (to_bits(values, "float16").view(np.uint16)[number] == bits[number]).all()


@pytest.mark.parametrize("name", PRECISIONS)
@given(values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=8))
def test_rounding_twice_is_rounding_once(name, values):
    once = PRECISIONS[name].round(np.array(values))
    assert (PRECISIONS[name].round(once) == once).all()
    assert (from_bits(to_bits(once, name), name) == once).all()


@pytest.mark.parametrize(("name", "dtype"), [("float16", np.float16), ("float32", np.float32)])
def test_the_constants_are_those_of_numpy(name, dtype):
    precision, info = PRECISIONS[name], np.finfo(dtype)
    assert precision.unit_roundoff == info.eps / 2
    assert precision.largest == float(info.max)
    assert precision.smallest_normal == float(info.smallest_normal)
    assert precision.smallest_subnormal == float(info.smallest_subnormal)


def test_float64_is_the_machine_double():
    precision, info = PRECISIONS["float64"], np.finfo(np.float64)
    assert precision.largest == float(info.max)
    assert precision.smallest_subnormal == float(info.smallest_subnormal)
    assert precision.unit_roundoff == float(info.eps) / 2


def test_bfloat16_is_the_upper_half_of_float32():
    precision = PRECISIONS["bfloat16"]
    assert precision.unit_roundoff == 2.0**-8
    assert precision.largest == float.fromhex("0x1.fep127")
    assert precision.smallest_subnormal == 2.0**-133


@given(value=st.floats(min_value=1e-37, max_value=1e38))
def test_the_quantum_is_the_distance_between_neighbours(value):
    value = float(np.float32(value))
    above = float(np.nextafter(np.float32(value), np.float32(np.inf)))
    assert float(PRECISIONS["float32"].quantum(np.array(value))) == above - value


@pytest.mark.parametrize("precision", PRECISIONS.values(), ids=PRECISIONS)
def test_the_quantum_never_falls_below_the_smallest_subnormal(precision):
    floor = precision.smallest_subnormal
    tiny = np.array([floor, -floor, precision.smallest_normal])
    assert (precision.quantum(tiny) == floor).all()


@pytest.mark.parametrize("precision", PRECISIONS.values(), ids=PRECISIONS)
def test_the_quantum_at_zero_is_the_smallest_subnormal(precision):
    assert float(precision.quantum(np.array(0.0))) == precision.smallest_subnormal


def test_a_signalling_nan_of_bfloat16_is_read_without_a_warning():
    (value,) = from_bits(np.array([0x7F81], dtype=np.uint16), "bfloat16")
    assert np.isnan(value)


def test_nan_and_infinities_stay():
    for precision in PRECISIONS.values():
        found = precision.round(np.array([np.nan, np.inf, -np.inf]))
        assert np.isnan(found[0])
        assert found[1] == np.inf
        assert found[2] == -np.inf
