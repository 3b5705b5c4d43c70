"""Coefficients of a step formed wrongly: one formed from another's decay, off by a step, late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Alteration:
    """One way of forming coefficients wrongly.

    form   that way
    said   what it does, as a sentence
    of     the coefficients without which it is none; empty: every rule has them
    """

    form: Forming
    said: str
    of: tuple[str, ...] = ()


RATE_BEFORE, FIRST_RATE = scheduled(-1), scheduled(None)  # at the first step both are right
EVERYWHERE = {
    "learning rate one step late": Alteration(
        RATE_BEFORE, "each step uses the learning rate of the step before"
    ),
    "learning rate one step early": Alteration(
        scheduled(1), "each step uses the learning rate of the step after"
    ),
    "learning rate never changed": Alteration(
        FIRST_RATE, "a learning rate that changes later is ignored"
    ),
    "learning rate squared": Alteration(
        powered("rate"), "the learning rate is applied twice (squared)"
    ),
    "epsilon's sign": Alteration(
        turned("epsilon"), "epsilon is subtracted; the document adds it", ("epsilon",)
    ),
    "epsilon squared": Alteration(
        powered("epsilon"), "epsilon is squared before it is added", ("epsilon",)
    ),
    "root of epsilon": Alteration(
        powered("epsilon", root=True),
        "the root of epsilon is added in the place of epsilon",
        ("epsilon",),
    ),
    "beta1 in place of decay": Alteration(
        from_another("decay", "one_minus_decay", source="beta1"),
        "the second moment is averaged with beta1; the document says beta2",
        ("beta1", "decay"),
    ),
    "decay in place of beta1": Alteration(
        from_another("beta1", "one_minus_beta1", source="decay"),
        "the first moment is averaged with beta2; the document says beta1",
        ("beta1", "decay"),
    ),
    "1 - beta1 in place of 1 - decay": Alteration(
        from_another("one_minus_decay", source="beta1"),
        "squared gradients are weighted with 1 - beta1; the document says 1 - beta2",
        ("beta1", "one_minus_decay"),
    ),
    "1 - decay in place of 1 - beta1": Alteration(
        from_another("one_minus_beta1", source="decay"),
        "gradients are weighted with 1 - beta2; the document says 1 - beta1",
        ("beta1", "decay"),
    ),
}
LATER = {
    "weight decay squared": Alteration(
        powered("weight_decay"), "weight decay is squared", ("weight_decay",)
    ),
    "weight decay's sign": Alteration(
        turned("weight_decay"),
        "weight decay has the wrong sign: parameters grow",
        ("weight_decay",),
    ),
    "momentum squared": Alteration(
        powered("momentum"), "momentum is applied twice (squared)", ("momentum",)
    ),
    "momentum's sign": Alteration(turned("momentum"), "momentum has the wrong sign", ("momentum",)),
}
# Corrections, the decay that each is not formed from, and what they are called.
CORRECTIONS = {
    "correction1": ("decay", "first", "beta2", "beta1"),
    "correction2": ("beta1", "second", "beta1", "beta2"),
}
SHIFTS: dict[str, tuple[int | None, str]] = {
    "step before": (-1, "counts one step too few (its power is that of the step before)"),
    "step after": (1, "counts one step too many (its power is that of the step after)"),
    "first step": (None, "is always that of the first step"),
}


def called(name: str) -> str:
    """A coefficient as a sentence has it."""
    if name in CORRECTIONS:
        return f"the {CORRECTIONS[name][1]} moment's bias correction"
    return name.replace("_", " ").replace("one minus ", "1 - ")


def alterations(names: set[str]) -> dict[str, Alteration]:
    """Every alteration of the coefficients ``names`` that a rule has."""
    found = dict(EVERYWHERE)
    for name, (source, _, wrong, right) in CORRECTIONS.items():
        if name not in names:
            continue
        for when, (shift, said) in SHIFTS.items():
            words = f"{called(name)} {said}"
            found[f"{name} of the {when}"] = Alteration(counted(name, shift), words)
        found[f"{name} from {source}"] = Alteration(
            from_another(name, source=source),
            f"{called(name)} is formed from {wrong}; the document says {right}",
            ("beta1", "decay"),
        )
    found |= LATER
    return {words: one for words, one in found.items() if names.issuperset(one.of)}
