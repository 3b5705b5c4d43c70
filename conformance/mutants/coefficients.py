"""Coefficients of a step formed wrongly: one formed from another's decay, off by a step, late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from optimizer_conformance.reference.numbers import Hyper
from optimizer_conformance.reference.numbers.hyper import coefficient, exact, hyper, one_minus_power
from optimizer_conformance.reference.numbers.real import centre
from optimizer_conformance.reference.numbers.system import RealFunction

Rates = list[str]
Forming = Callable[[dict[str, str], int, Rates, int, Any], Hyper]


def formed(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
    """The coefficients of step ``count``, the ``index``-th of the case, as they should be."""
    return hyper(decimals, count, num=num, rate=rates[index] if rates else None)


def from_another(*changed: str, source: str) -> Forming:
    """``changed`` coefficients formed from the decay rate ``source``."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        right = formed(decimals, count, rates, index, num)
        both = {**decimals, "decay": decimals[source], "beta1": decimals[source]}
        wrong = formed(both, count, rates, index, num)
        return right.replaced(**{name: getattr(wrong, name) for name in changed})

    return form


def counted(name: str, shift: int | None) -> Forming:
    """A bias correction whose power is ``shift`` steps off, or for ever that of the first step."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        right = formed(decimals, count, rates, index, num)
        other = formed(decimals, 1 if shift is None else count + shift, rates, index, num)
        return right.replaced(**{name: getattr(other, name)})

    return form


def scheduled(shift: int | None) -> Forming:
    """The learning rate of another step; None: always that of the first."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        place = 0 if shift is None else min(max(index + shift, 0), max(len(rates) - 1, 0))
        return formed(decimals, count, rates, place, num)

    return form


class Exactly:
    """As much of a number system as coefficients ask for, in exact fractions."""

    def coefficient(self, kind: str, exact: Fraction) -> Fraction:
        """The number itself."""
        return exact

    def complement(self, beta: Fraction) -> Fraction:
        """1 - beta."""
        return 1 - beta

    def correction(self, beta: Fraction, count: int) -> Fraction:
        """1 - beta^count."""
        return one_minus_power(beta, count)

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> Fraction:
        """A fraction nearer to it than any format could tell."""
        return centre(function, tuple(exact))[0]


EXACT: Any = Exactly()


def scaled(name: str, factor: Fraction) -> Forming:
    """One derived coefficient times a factor, and nothing else."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        right = formed(decimals, count, rates, index, num)
        given = {known: exact(decimal) for known, decimal in decimals.items()}
        value = coefficient(EXACT, name, given, count)
        if value is None:  # not yet there
            return right
        return right.replaced(**{name: num.coefficient("moment", value * factor)})

    return form


def turned(name: str) -> Forming:
    """A coefficient with the other sign."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        right = formed(decimals, count, rates, index, num)
        return right.replaced(**{name: -getattr(right, name)})

    return form


def powered(name: str, *, root: bool = False) -> Forming:
    """A coefficient squared, or its root."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        right = formed(decimals, count, rates, index, num)
        value = getattr(right, name)
        return right.replaced(**{name: num.root(value) if root else num.square(value)})

    return form


def alterations(names: set[str]) -> dict[str, Forming]:
    """Every alteration of the coefficients ``names`` that a rule has."""
    found: dict[str, Forming] = {
        "learning rate one step late": scheduled(-1),
        "learning rate one step early": scheduled(1),
        "learning rate never changed": scheduled(None),
        "learning rate squared": powered("rate"),
        "epsilon's sign": turned("epsilon"),
        "epsilon squared": powered("epsilon"),
        "root of epsilon": powered("epsilon", root=True),
    }
    if "beta1" in names:
        found |= {
            "beta1 in place of decay": from_another("decay", "one_minus_decay", source="beta1"),
            "decay in place of beta1": from_another("beta1", "one_minus_beta1", source="decay"),
            "1 - beta1 in place of 1 - decay": from_another("one_minus_decay", source="beta1"),
            "1 - decay in place of 1 - beta1": from_another("one_minus_beta1", source="decay"),
        }
    for name, source in (("correction1", "decay"), ("correction2", "beta1")):
        if name in names:
            found |= {
                f"{name} of the step before": counted(name, -1),
                f"{name} of the step after": counted(name, 1),
                f"{name} of the first step": counted(name, None),
            }
            if "beta1" in names:
                found[f"{name} from {source}"] = from_another(name, source=source)
    if "weight_decay" in names:
        found["weight decay squared"] = powered("weight_decay")
        found["weight decay's sign"] = turned("weight_decay")
    if "momentum" in names:
        found["momentum squared"] = powered("momentum")
        found["momentum's sign"] = turned("momentum")
    return found
