"""Slips: how a step goes wrong that is right but for one idea, each a function of a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.mutants.coefficients import Rates, formed
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.mutants.programs import Course, Step, Value, on_gradient, plain
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import PRECISIONS, Hyper
from optimizer_conformance.reference.rules import Rule, State


@dataclass(frozen=True)
class Place:
    """Which parameter of how many a wrong rule is asked for; the first is 0.

    steps    of the optimizer in which it has a gradient, from 1; empty: in all of them
    reloads  after how many steps the optimizer is saved and loaded
    shared   where one counter that every parameter raises has got to, at each of its updates
    unsaved  the same of a counter that begins again where the optimizer is loaded
    """

    index: int = 0
    of: int = 1
    steps: tuple[int, ...] = ()
    reloads: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()
    unsaved: tuple[int, ...] = ()


ALONE = Place()
Make = Callable[[Rule, Fraction, Place], Mutant | None]


def loose(num: Any, x: Value, roundings: int) -> Value:
    """On bounds: ``x`` after so many more roundings.  Elsewhere it is what it is."""
    rounded = getattr(num, "rounded", None)
    if rounded is None:
        return x
    return rounded(x.value, x.error, roundings, nonnegative=x.nonnegative)


# Gradients


def gradient(change: Callable[[Course, Value, Fraction], Value]) -> Make:
    """The right step for a gradient that is changed."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant:
        return of(rule, program=on_gradient(lambda course, g: change(course, g, number)))

    return make


def of(rule: Rule, **wrong: Any) -> Mutant:
    """A wrong rule of which the words stand elsewhere."""
    return Mutant("cause", "cause", rule, **wrong)


def times(course: Course, g: Value, factor: Fraction) -> Value:
    """A gradient times a number that need not be one of the format."""
    if factor == 0:
        return course.num.full(g, "0")
    return g * course.num.coefficient("moment", factor)


def clipped(course: Course, g: Value, most: Fraction) -> Value:
    """No element beyond a number."""
    return course.apply(lambda x: np.clip(x, -float(most), float(most)).astype(x.dtype), g)


def of_norm(course: Course, g: Value, most: Fraction) -> Value:
    """A gradient whose norm is at most a number."""
    values = np.asarray(course.values(g), dtype=np.float64)
    norm = float(np.sqrt(np.sum(values * values)))
    if not norm > float(most) or not np.isfinite(norm):
        return g
    # A sum of squares in any order, its root, a quotient and a product.
    return loose(course.num, times(course, g, most / Fraction(norm)), values.size // 2 + 6)


def signed(course: Course, g: Value, _: Fraction) -> Value:
    """-1, 0 or 1."""
    return course.apply(np.sign, g)


# Rates

EXACTLY = Context(prec=40)


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """A power to forty digits."""
    if exponent.denominator == 1:
        return base**exponent.numerator
    number = EXACTLY.divide(Decimal(base.numerator), Decimal(base.denominator))
    exponent_ = EXACTLY.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
    return Fraction(EXACTLY.power(number, exponent_))


def rate(factor: Callable[[int, Fraction], Fraction]) -> Make:
    """A learning rate times a function of the steps taken so far and a number."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant:
        def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
            given = Fraction(rates[index] if rates else decimals["learning_rate"])
            told = {**decimals, "learning_rate": str(given * factor(count - 1, number))}
            right = formed(told, count, [], index, num)
            # Programs form it in a few operations, some of them in float32.
            return right.replaced(rate=loose(num, right.rate, 4))

        return of(rule, forming=form)

    return make


def warmed(n: int, over: Fraction) -> Fraction:
    """From a part of the rate up to all of it."""
    return min(Fraction(1), Fraction(n + 1) / over)


def run_out(n: int, last: Fraction) -> Fraction:
    """Down to nothing along a line."""
    return max(Fraction(0), 1 - n / last)


# Hyperparameters


def factor_of(name: str) -> Make:
    """One hyperparameter times a number."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        if name not in rule.hyperparameters or (HYPERPARAMETERS[name].share and number > 1):
            return None
        return of(rule, factor=((name, number),))

    return make


def built_in(name: str) -> Make:
    """One hyperparameter that is a number whatever is asked for."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        share = HYPERPARAMETERS[name].share
        if name not in rule.hyperparameters or (share and not 0 <= number < 1):
            return None

        def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
            given = [] if name == "learning_rate" else rates
            return formed({**decimals, name: str(number)}, count, given, index, num)

        return of(rule, forming=form)

    return make


# State


def forgotten(every: Fraction, index: int) -> bool:
    """Whether a state that is lost every so many steps is lost before this one."""
    return index % int(every) == 0


def lost(names: Callable[[Rule], tuple[str, ...]], *, counter: bool = False) -> Make:
    """State that starts anew every so many steps; the counter with it or not."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        which = names(rule)
        if not which or (counter and not rule.counted):
            return None

        def program(
            course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
        ) -> Step:
            if forgotten(number, course.index):
                fresh = rule.initial_state(w, num=course.num)
                state = {**state, **{name: fresh[name] for name in which}}
            return plain(course, rule, hyper, state, w, g)

        changed: dict[str, Any] = {}
        if counter:
            changed["forming"] = counting(lambda count, _: (count - 1) % int(number) + 1)
        return of(rule, program=program, **changed)

    return make


def unsaved(names: Callable[[Rule], tuple[str, ...]]) -> Make:
    """State that is lost when the optimizer is saved and loaded."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        which = names(rule)
        if not which:
            return None

        def program(
            course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
        ) -> Step:
            if course.index in place.reloads:
                fresh = rule.initial_state(w, num=course.num)
                state = {**state, **{name: fresh[name] for name in which}}
            return plain(course, rule, hyper, state, w, g)

        return of(rule, program=program)

    return make


def since_loading(count: int, _: Fraction, place: Place) -> int:
    """A counter that begins again where the optimizer was loaded."""
    return count - max((after for after in place.reloads if after < count), default=0)


def of_optimizer(count: int, _: Fraction, place: Place) -> int:
    """The optimizer's own counter in the place of the parameter's."""
    return place.steps[count - 1] if place.steps else count


def of_all(count: int, _: Fraction, place: Place) -> int:
    """A counter that every parameter raises."""
    return place.shared[count - 1] if place.shared else count


def of_all_since_loading(count: int, _: Fraction, place: Place) -> int:
    """The same, where it is no part of what is saved."""
    return place.unsaved[count - 1] if place.unsaved else count


def everything(rule: Rule) -> tuple[str, ...]:
    """All that a rule keeps."""
    return tuple(rule.state)


def only(name: str) -> Callable[[Rule], tuple[str, ...]]:
    """One tensor, where the rule keeps another besides."""
    return lambda rule: (name,) if name in rule.state and len(rule.state) > 1 else ()


class Instead:
    """A number system of which some operations are others."""

    def __init__(self, num: Any, **operations: Callable[..., Value]) -> None:
        self.num, self.operations = num, operations

    def __getattr__(self, name: str) -> Any:
        if name in self.operations:
            return partial(self.operations[name], self.num)
        return getattr(self.num, name)


def whole(num: Any, b: Value, c: Value, old: Value, new: Value) -> Value:
    """The new value alone."""
    return new


def unweighted(num: Any, b: Value, c: Value, old: Value, new: Value) -> Value:
    """What is new counts in full."""
    return b * old + new


def turned(num: Any, b: Value, c: Value, old: Value, new: Value) -> Value:
    """The weights of old and new in each other's place."""
    return num.average(c, b, old, new)


def averaging(average: Callable[..., Value], *, first: bool = False) -> Make:
    """All averages formed in another way; ``first``: in the first step alone."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        # Of one average alone it is one operation that is wrong, which has its own words.
        if sum(name.startswith("one_minus_") for name in rule.coefficients) < (1 if first else 2):
            return None

        def program(
            course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
        ) -> Step:
            if first and course.index:
                return plain(course, rule, hyper, state, w, g)
            around = course.around(Instead(course.num, average=average))
            return plain(around, rule, hyper, state, w, g)

        return of(rule, program=program)

    return make


def both_epsilons(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
    """Epsilon inside the root as well as where the rule has it."""
    if "epsilon" not in rule.hyperparameters or rule["epsilon"] == "inside":
        return None

    def program(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
        def root(num: Any, x: Value) -> Value:
            return num.root(x + hyper.epsilon)

        return plain(course.around(Instead(course.num, root=root)), rule, hyper, state, w, g)

    return of(rule, program=program)


# Counters and corrections

Count = Callable[[int, Fraction], int]


def counting(count_as: Callable[[int, Place], int], place: Place = ALONE) -> Any:
    """Coefficients of another step than the one that is due."""

    def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
        return formed(decimals, count_as(count, place), rates, index, num)

    return form


def counter(count_as: Callable[[int, Fraction, Place], int]) -> Make:
    """A step counter that goes wrong, of rules that look at one."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        if not rule.counted:
            return None
        return of(rule, forming=counting(lambda count, p: count_as(count, number, p), place))

    return make


def in_format(dtype: str) -> Callable[[int, Fraction, Place], int]:
    """A counter that is raised in a floating format, where it stops at last."""
    top = int(2 / PRECISIONS[dtype].unit_roundoff / 2)
    return lambda count, _, place: min(count, top)


def wrapping(count: int, bits: Fraction, place: Place) -> int:
    """A counter of so many bits, with a sign."""
    half = 1 << (int(bits) - 1)
    return (count + half) % (2 * half) - half


def reciprocal(*names: str) -> Make:
    """Corrections that multiply where they should divide."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        if not set(names) <= set(rule.coefficients):
            return None

        def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
            right = formed(decimals, count, rates, index, num)
            one = num.coefficient("moment", Fraction(1))
            over = {name: num.quotient((one,), (getattr(right, name),)) for name in names}
            return right.replaced(**over)

        return of(rule, forming=form)

    return make


def exchanged(one: str, other: str) -> Make:
    """Two coefficients in each other's place."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant | None:
        if not {one, other} <= {*rule.coefficients, *rule.hyperparameters}:
            return None

        def form(decimals: dict[str, str], count: int, rates: Rates, index: int, num: Any) -> Hyper:
            if one in decimals and other in decimals:
                crossed = {**decimals, one: decimals[other], other: decimals[one]}
                return formed(crossed, count, rates, index, num)
            right = formed(decimals, count, rates, index, num)
            return right.replaced(**{one: getattr(right, other), other: getattr(right, one)})

        return of(rule, forming=form)

    return make


# When a step is taken at all


def standing(still: Callable[[int, Fraction], bool]) -> Make:
    """Steps of which some change nothing."""

    def make(rule: Rule, number: Fraction, place: Place) -> Mutant:
        def program(
            course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
        ) -> Step:
            if still(course.index, number):
                return w, state
            return plain(course, rule, hyper, state, w, g)

        return of(rule, program=program)

    return make


# Groups


def grouped(pick: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Any:
    """What is asked, with other numbers for the groups."""
    return lambda inputs: replace(inputs, groups=pick(inputs.groups)) if inputs.groups else inputs


def right(rule: Rule, number: Fraction, place: Place) -> Mutant:
    """Nothing is wrong with the step itself."""
    return of(rule)
