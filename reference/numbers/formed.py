"""How far a constant is off that an implementation forms of its hyperparameters in a format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

from optimizer_conformance.reference.numbers.budget import IEEE, Budget
from optimizer_conformance.reference.numbers.hyper import Representation, held
from optimizer_conformance.reference.numbers.precision import PRECISIONS
from optimizer_conformance.reference.numbers.real import centre
from optimizer_conformance.reference.numbers.system import RealFunction

FOLDED = 4  # roundings: a root, a quotient, a product, and what the other side was rounded to


def gamma(count: int, unit: float) -> float:
    """What ``count`` roundings in a row amount to; infinite where that is everything."""
    return count * unit / (1 - count * unit) if count * unit < 1 else float("inf")


@lru_cache(maxsize=4096)
def power_error(beta: Fraction, count: int, way: Representation, budget: Budget = IEEE) -> float:
    """Error of 1 - beta^count formed in a format, beta already rounded to it; 0 for no format."""
    roughly = {"logarithm", "folded"} & set(way.written)
    if not way.correction or (budget.power <= 1 and not roughly and first_exact(beta, count, way)):
        return 0.0
    unit, base = PRECISIONS[way.correction].unit_roundoff, held(beta, way.correction)
    power, roundings = float(base**count), budget.power_roundings(count)
    if base in (0, 1):  # whose powers are what they are
        roundings = 0
    elif "logarithm" in roughly:
        roundings = max(roundings, budget.logarithm_roundings(float(base), count))
    folded = gamma(FOLDED, unit) * (1 - power) if "folded" in roughly else 0.0
    return gamma(roundings, unit) * power * (1 + unit) + unit * (1 - power) + folded


def formed_real(
    function: RealFunction, exact: Sequence[Fraction], roundings: int
) -> tuple[Callable[[Representation], Fraction], Callable[[Representation], float]]:
    """A real number by how the decays it is formed of are held, and how far it may be off."""

    def at(way: Representation) -> tuple[Fraction, float]:
        return centre(function, tuple(held(value, way.correction) for value in exact))

    def error(way: Representation) -> float:
        value, radius = at(way)
        unit = PRECISIONS[way.correction].unit_roundoff if way.correction else 0.0
        return radius + gamma(roundings, unit) * (abs(float(value)) + radius)

    return (lambda way: at(way)[0]), error


def folded_error(exact: Fraction, dtype: str, way: Representation) -> float:
    """Error of a coefficient that is divided by another folded one in its own format."""
    if "folded" not in way.written or not dtype:
        return 0.0
    return gamma(FOLDED, PRECISIONS[dtype].unit_roundoff) * float(abs(exact))


def first_exact(beta: Fraction, count: int, way: Representation) -> bool:
    """Whether it is 1 - beta itself, of which the format holds both: the difference is exact."""
    return count == 1 and all(held(value, way.correction) == value for value in (beta, 1 - beta))
