"""Numbers of the second implementation, from the expressions that a proof gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sympy

from optimizer_conformance.questions.translate.transformations import FIRST, GIVEN, SECOND

DIGITS = 40  # of a schedule's values before they become float64


def number(expression: Any, decimals: Mapping[str, str], count: int, rate: str = "") -> str:
    """The value at step ``count`` as a decimal; the nearest float64's where it has no end."""
    rationals = {name: Fraction(text) for name, text in decimals.items()}
    if rate:
        rationals["learning_rate"] = Fraction(rate)
    values = {
        GIVEN[name]: sympy.Rational(value.numerator, value.denominator)
        for name, value in rationals.items()
        if name in GIVEN
    }
    for symbol, name in ((FIRST, "beta1"), (SECOND, "decay")):
        beta = rationals.get(name, Fraction(0))
        power = 1 - beta**count
        values[symbol] = sympy.Rational(power.numerator, power.denominator)
    exact = expression.subs(values)
    if exact.is_Rational:
        return written(float(Fraction(int(exact.p), int(exact.q))))
    return written(float(exact.evalf(DIGITS)))


def written(value: float | Decimal) -> str:
    """A number as case identifiers write decimals."""
    return repr(float(value)).replace("e-0", "e-").replace("e+", "e")


def sequence(
    expression: Any, decimals: Mapping[str, str], steps: int, rates: Sequence[str] = ()
) -> tuple[str, ...]:
    """The value at each step, under the first one's learning rates."""
    return tuple(
        number(expression, decimals, step + 1, rates[step] if rates else "")
        for step in range(steps)
    )
