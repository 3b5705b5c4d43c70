"""Balls of complex numbers: boxes of ``flint.acb``, a ball a part."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np

from optimizer_conformance.reference.numbers.ball import BallArithmetic, Balls, Conditioning, growth
from optimizer_conformance.reference.numbers.complex_bound import Squares
from optimizer_conformance.reference.numbers.hyper import IDEAL, Representation
from optimizer_conformance.reference.numbers.precision import Array


class ComplexBallArithmetic(BallArithmetic):
    """The number system of complex balls; real numbers among them stay ``flint.arb``.

    squares  ``plain`` or ``modulus``, as in :mod:`reference.numbers.complex_bound`
    """

    def __init__(self, squares: Squares = "plain", representation: Representation = IDEAL) -> None:
        super().__init__(representation)
        self.squares = squares

    def given(self, values: Array, *, nonnegative: bool = False) -> Balls:
        if nonnegative and self.squares == "modulus":
            return super().given(np.real(values))
        return np.asarray(TO_BOX(np.real(values), np.imag(values)), dtype=object)

    def square(self, x: Balls) -> Any:
        return MODULUS_SQUARED(x) if self.squares == "modulus" else super().square(x)

    def root(self, x: Balls) -> Any:
        return PRINCIPAL(x) if isinstance(x, np.ndarray) else x.sqrt()

    def variance(self, v: Balls, m: Balls) -> Any:
        return v - self.square(m)

    def columns(self, x: Balls) -> Any:
        """The parts side by side: real, imaginary, real, … (the second of a real number is 0)."""
        return np.stack([REAL(x), IMAG(x)], axis=-1).reshape(-1)


class ComplexConditioning(Conditioning, ComplexBallArithmetic):
    """Condition numbers of complex roots and divisors.

    Across the negative real axis the principal root changes its sign: there the number is the
    modulus over the distance from the axis.
    """

    def __init__(self, squares: Squares) -> None:
        super().__init__()
        self.squares = squares

    def root(self, x: Balls) -> Any:
        self.worst = np.maximum(self.worst, np.asarray(SIGN(x), dtype=np.float64))
        return super().root(x)


def sign(x: Any) -> float:
    """By how much relative errors grow on the way to another sign of the root."""
    if isinstance(x, flint.arb) or not x.is_finite() or not x.real < 0:
        return 0.0
    away = x.imag.abs_lower()
    if not away > 0:
        return float("inf")
    return growth(x) * float(x.abs_upper() / away)


TO_BOX = np.frompyfunc(lambda real, imag: flint.acb(float(real), float(imag)), 2, 1)
MODULUS_SQUARED = np.frompyfunc(lambda x: x.real * x.real + x.imag * x.imag, 1, 1)
PRINCIPAL = np.frompyfunc(lambda x: x.sqrt(), 1, 1)
SIGN = np.frompyfunc(sign, 1, 1)
REAL = np.frompyfunc(lambda x: x.real, 1, 1)
IMAG = np.frompyfunc(lambda x: x.imag, 1, 1)
