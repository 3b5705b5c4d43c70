"""One operation of a step done wrong, whatever the step is evaluated on.

:class:`Watched` is a number system around another.  It counts the operations that the pipeline asks
for, so that the places where a fault can sit come from the formulas themselves, and does one of
them wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers import FLOAT64, Hyper
from optimizer_conformance.reference.numbers.hyper import hyper
from optimizer_conformance.reference.numbers.system import OPERATIONS
from optimizer_conformance.reference.rules import Rule

Value = Any  # of the number system inside


@dataclass(frozen=True)
class Site:
    """One operation of a step: which kind, the how manyth of its kind, and for which quantity."""

    operation: str
    ordinal: int
    quantity: str
    numerators: int = 0
    denominators: int = 0


@dataclass(frozen=True)
class Mutation:
    """What is done at a site instead.

    side, index  of a quotient: which factor or divisor it is done to
    """

    site: Site
    effect: str
    side: str = ""
    index: int = 0

    def __str__(self) -> str:
        which = f" {self.side} {self.index}" if self.side else ""
        where = f"{self.site.quantity}, {self.site.operation} {self.site.ordinal}"
        return f"{where}: {self.effect}{which}"


class WatchedValue:
    """A value inside a :class:`Watched` system; operators are operations like all others."""

    __array_priority__ = 1001
    __slots__ = ("inner", "num")

    def __init__(self, num: Watched, inner: Value) -> None:
        self.num, self.inner = num, inner

    def __neg__(self) -> WatchedValue:
        return self.num.perform("turn", self)

    def __add__(self, other: WatchedValue) -> WatchedValue:
        return self.num.perform("add", self, other)

    def __sub__(self, other: WatchedValue) -> WatchedValue:
        return self.num.perform("subtract", self, other)

    def __mul__(self, other: WatchedValue) -> WatchedValue:
        return self.num.perform("multiply", self, other)


class Watched:
    """``inner`` with every operation counted, and one of them wrong."""

    def __init__(self, inner: Any, fault: Mutation | None = None) -> None:
        self.inner, self.fault = inner, fault
        self.seen: Counter[str] = Counter()
        self.pending: list[Site] = []
        self.sites: list[Site] = []
        self.memory: Value = None

    def begin(self) -> None:
        """A new step: operations are counted from the start."""
        self.seen.clear()

    def perform(self, operation: str, *arguments: Any) -> WatchedValue:
        """Carry out an operation, rightly or not."""
        ordinal = self.seen[operation]
        self.seen[operation] += 1
        inner = [inside(argument) for argument in arguments]
        site = self.fault.site if self.fault else None
        if site and (site.operation, site.ordinal) == (operation, ordinal):
            assert self.fault is not None
            return WatchedValue(self, self.wrong(operation, self.fault, inner))
        counts = [len(item) for item in inner if isinstance(item, tuple)] or [0, 0]
        self.pending.append(Site(operation, ordinal, "", *counts))
        return WatchedValue(self, RIGHT[operation](self.inner, *inner))

    def wrong(self, operation: str, fault: Mutation, arguments: list[Any]) -> Value:
        """The result of the faulty operation."""
        if fault.effect == "late":
            last = arguments[-1] if operation == "average" else arguments[0]
            if isinstance(last, tuple):
                last = RIGHT["quotient"](self.inner, *arguments)
            before = self.inner.full(last, "0") if self.memory is None else self.memory
            self.memory = last
            if operation == "average":
                return self.inner.average(*arguments[:-1], before)
            return before
        if operation == "quotient":
            return wrong_quotient(self.inner, fault, *arguments)
        return WRONG[operation][fault.effect](self.inner, *arguments)

    # The members of reference.numbers -----------------------------------------------------------

    def given(self, values: Any) -> WatchedValue:
        return WatchedValue(self, self.inner.given(values))

    def full(self, like: WatchedValue, decimal: str) -> WatchedValue:
        return WatchedValue(self, self.inner.full(like.inner, decimal))

    def define(self, name: str, x: WatchedValue) -> WatchedValue:
        found = self.perform("store", x)
        self.pending, ready = [], self.pending
        self.sites += [
            Site(s.operation, s.ordinal, name, s.numerators, s.denominators) for s in ready
        ]
        return WatchedValue(self, self.inner.define(name, found.inner))

    def __getattr__(self, name: str) -> Callable[..., WatchedValue]:
        if name not in OPERATIONS:
            raise AttributeError(name)
        return partial(self.perform, name)


def inside(argument: Any) -> Any:
    """What a number system takes: the value, or a tuple of them."""
    if isinstance(argument, tuple):
        return tuple(item.inner for item in argument)
    return argument.inner


class Entered:
    """Coefficients of the inner system as entries."""

    def __init__(self, num: Watched, coefficients: Hyper) -> None:
        self._num, self._coefficients = num, coefficients

    def __getattr__(self, name: str) -> WatchedValue | None:
        inner = getattr(self._coefficients, name)
        found = inner if inner is None else WatchedValue(self._num, inner)
        setattr(self, name, found)
        return found


def carried_out(name: str) -> Callable[..., Value]:
    """An operation of a number system as a function of the system too."""
    return lambda num, *arguments: getattr(num, name)(*arguments)


RIGHT: dict[str, Callable[..., Value]] = {
    "turn": lambda num, x: -x,
    "add": lambda num, x, y: x + y,
    "subtract": lambda num, x, y: x - y,
    "multiply": lambda num, x, y: x * y,
    "store": lambda num, x: x,
    **{name: carried_out(name) for name in OPERATIONS},
}
# operation -> effect -> what is computed instead
WRONG: dict[str, dict[str, Callable[..., Value]]] = {
    "turn": {"dropped": lambda num, x: x},
    "add": {
        "first term dropped": lambda num, x, y: y,
        "second term dropped": lambda num, x, y: x,
        "first term doubled": lambda num, x, y: x + x + y,
        "second term doubled": lambda num, x, y: x + y + y,
        "second term's sign": lambda num, x, y: x - y,
        "larger term instead of the sum": lambda num, x, y: num.maximum(x, y),
    },
    "subtract": {
        "first term dropped": lambda num, x, y: -y,
        "second term dropped": lambda num, x, y: x,
        "second term doubled": lambda num, x, y: x - y - y,
        "second term's sign": lambda num, x, y: x + y,
    },
    "multiply": {
        "first factor dropped": lambda num, x, y: y,
        "second factor dropped": lambda num, x, y: x,
        "first factor twice": lambda num, x, y: x * x * y,
        "second factor twice": lambda num, x, y: x * y * y,
    },
    "store": {"late": lambda num, x: x},
    "square": {
        "dropped": lambda num, x: x,
        "twice": lambda num, x: num.square(num.square(x)),
        "cube": lambda num, x: num.square(x) * x,
        "doubled": lambda num, x: num.square(x + x),
    },
    "root": {
        "dropped": lambda num, x: x,
        "twice": lambda num, x: num.root(num.root(x)),
    },
    "maximum": {
        "first": lambda num, x, y: x,
        "second": lambda num, x, y: y,
        "sum": lambda num, x, y: x + y,
        "smaller": lambda num, x, y: -num.maximum(-x, -y),
    },
    "average": {
        "old term dropped": lambda num, b, c, old, new: c * new,
        "new term dropped": lambda num, b, c, old, new: b * old,
        "old term unweighted": lambda num, b, c, old, new: old + c * new,
        "new term unweighted": lambda num, b, c, old, new: b * old + new,
        "weights exchanged": lambda num, b, c, old, new: num.average(c, b, old, new),
        "new term's sign": lambda num, b, c, old, new: b * old - c * new,
        "applied twice": lambda num, b, c, old, new: num.average(
            b, c, num.average(b, c, old, new), new
        ),
        "old weight twice": lambda num, b, c, old, new: b * b * old + c * new,
        "new weight twice": lambda num, b, c, old, new: b * old + c * c * new,
        "late": lambda num, b, c, old, new: new,
    },
    "variance": {
        "mean dropped": lambda num, v, m: v,
        "mean's sign": lambda num, v, m: v + m * m,
        "mean not squared": lambda num, v, m: v - m,
        "mean doubled": lambda num, v, m: v - m * m - m * m,
    },
    "shrink": {
        "dropped": lambda num, x, c: x,
        "sign": lambda num, x, c: x + c * x,
        "twice": lambda num, x, c: num.shrink(num.shrink(x, c), c),
        "not of the parameter": lambda num, x, c: x - c,
    },
    "clip": {
        "dropped": lambda num, x, c: x,
        "at twice the bound": lambda num, x, c: num.clip(x, c + c),
        "above alone": lambda num, x, c: -num.maximum(-x, -c),
        "below alone": lambda num, x, c: num.maximum(x, -c),
    },
    "soft_threshold": {
        "dropped": lambda num, x, c: x,
        "by twice the threshold": lambda num, x, c: num.soft_threshold(x, c + c),
        "past zero": lambda num, x, c: x - num.sign(x) * c,
        "away from zero": lambda num, x, c: x + num.clip(x, c),
        "cut off alone": lambda num, x, c: num.choose(
            num.soft_threshold(x, c), x, num.full(x, "0"), x
        ),
    },
    "sign": {
        "dropped": lambda num, x: x,
        "turned": lambda num, x: -num.sign(x),
    },
    "choose": {
        "above as below": lambda num, x, below, zero, above: num.choose(x, below, zero, below),
        "below as above": lambda num, x, below, zero, above: num.choose(x, above, zero, above),
        "sides exchanged": lambda num, x, below, zero, above: num.choose(x, above, zero, below),
        "zero as above": lambda num, x, below, zero, above: num.choose(x, below, above, above),
        "zero as below": lambda num, x, below, zero, above: num.choose(x, below, below, above),
    },
    "centralize": {
        "dropped": lambda num, x: x,
        "mean alone": lambda num, x: x - num.centralize(x),
        "mean twice": lambda num, x: num.centralize(x) + num.centralize(x) - x,
    },
    "squared_norm": {
        "of each element": lambda num, x: num.square(x),
        "not squared": lambda num, x: num.root(num.squared_norm(x)),
        "of each row, as a mean": lambda num, x: num.mean_square(x),
        "doubled": lambda num, x: num.squared_norm(x) + num.squared_norm(x),
        "without itself": lambda num, x: num.squared_norm(x) - num.square(x),
    },
    "mean_square": {
        "of each element": lambda num, x: num.square(x),
        "of the tensor, as a sum": lambda num, x: num.squared_norm(x),
        "as a root": lambda num, x: num.root(num.mean_square(x)),
        "doubled": lambda num, x: num.mean_square(x) + num.mean_square(x),
    },
}


WRONG["sum"] = WRONG["add"]


def wrong_quotient(
    num: Any, fault: Mutation, above: tuple[Value, ...], below: tuple[Value, ...]
) -> Value:
    """A factor or divisor left out, used twice, or on the other side."""
    terms = {"factor": list(above), "divisor": list(below)}
    mine, other = terms[fault.side], terms["divisor" if fault.side == "factor" else "factor"]
    if fault.index >= len(mine):  # a factor that other steps have, as a rectification
        return num.quotient(above, below)
    term = mine[fault.index]
    if fault.effect == "twice":
        mine.append(term)
    else:
        del mine[fault.index]
        if fault.effect == "inverted":
            other.append(term)
    factors, divisors = tuple(terms["factor"]), tuple(terms["divisor"])
    if not factors:
        one = num.full(above[0], "1")
        factors = (one,)
    if not divisors:
        return (
            factors[0] if len(factors) == 1 else num.quotient(factors, (num.full(below[0], "1"),))
        )
    return num.quotient(factors, divisors)


def effects(site: Site) -> list[Mutation]:
    """What may go wrong at a site."""
    if site.operation == "quotient":
        found = [
            Mutation(site, what, side, index)
            for side, count in (("factor", site.numerators), ("divisor", site.denominators))
            for index in range(count)
            for what in ("dropped", "twice", "inverted")
        ]
        return [*found, Mutation(site, "late")]
    return [Mutation(site, effect) for effect in WRONG[site.operation]]


LATER = 30  # a step by which whatever waits for steps is there


def faults(rule: Rule, decimals: dict[str, str]) -> list[Mutation]:
    """Every fault that one step of a rule has room for."""
    num = Watched(FLOAT64)
    coefficients = Entered(num, hyper(decimals, LATER, num=FLOAT64))
    start = WatchedValue(num, np.ones((2, 2)))
    rule.step(coefficients, rule.initial_state(start, num=num), start, start, num=num)
    return [fault for site in num.sites for fault in effects(site)]
