"""Many rules on one experiment: each operation that several of them share is carried out once.

:class:`Shared` is a number system around another.  Operations on the same operands give the same
node, so two rules that end in the same node cannot be told apart by this experiment, whatever the
arithmetic.  What an exact zero or one leaves as it was is left out (a momentum buffer that is still
empty, decay of a parameter at zero), so that such rules end in the same node too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.reference.numbers import Bound, BoundArithmetic
from optimizer_conformance.reference.numbers.hyper import hyper
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.system import OPERATIONS, RealFunction
from optimizer_conformance.reference.rules import Rule


class Node:
    """A value that is computed once; ``zero`` and ``one``: exactly and everywhere that."""

    __array_priority__ = 1001
    __slots__ = ("bound", "num", "one", "zero")

    def __init__(self, num: Shared, bound: Bound, *, zero: bool = False, one: bool = False) -> None:
        self.num, self.bound, self.zero, self.one = num, bound, zero, one

    def __neg__(self) -> Node:
        return self if self.zero else self.num.once("-", lambda x: -x, self)

    def __add__(self, other: Node) -> Node:
        if self.zero or other.zero:
            return other if self.zero else self
        return self.num.once("+", lambda x, y: x + y, self, other)

    def __sub__(self, other: Node) -> Node:
        return self if other.zero else self.num.once("−", lambda x, y: x - y, self, other)

    def __mul__(self, other: Node) -> Node:
        for factor, rest in ((self, other), (other, self)):
            if factor.zero:
                return factor
            if factor.one:
                return rest
        return self.num.once("*", lambda x, y: x * y, self, other)


class Shared:
    """``inner`` with a memory."""

    def __init__(self, inner: BoundArithmetic) -> None:
        self.inner = inner
        self.memory: dict[object, Node] = {}

    def once(self, operation: object, carry_out: Callable[..., Bound], *operands: Node) -> Node:
        """The node of an operation on these operands."""
        key = (operation, *map(id, operands))  # nodes live as long as this memory
        found = self.memory.get(key)
        if found is None:
            found = Node(self, carry_out(*(operand.bound for operand in operands)))
            self.memory[key] = found
        return found

    def constant(self, bound: Bound) -> Node:
        """A coefficient; the inner system gives the same bound for the same one."""
        if id(bound) not in self.memory:
            known = bound.error == 0.0
            self.memory[id(bound)] = Node(
                self, bound, zero=known and bound.value == 0.0, one=known and bound.value == 1.0
            )
        return self.memory[id(bound)]

    # The members of reference.numbers -----------------------------------------------------------

    def given(self, values: Array) -> Node:
        """Values that were sent."""
        return Node(self, self.inner.given(values), zero=not values.any())

    def full(self, like: Node, decimal: str) -> Node:
        """A constant array."""
        key = ("full", decimal)
        if key not in self.memory:
            self.memory[key] = Node(self, self.inner.full(like.bound, decimal), zero=decimal == "0")
        return self.memory[key]

    def coefficient(self, kind: str, exact: Fraction) -> Node:
        """A hyperparameter."""
        return self.constant(self.inner.coefficient(kind, exact))

    def complement(self, beta: Fraction) -> Node:
        """1 - beta."""
        return self.constant(self.inner.complement(beta))

    def correction(self, beta: Fraction, count: int) -> Node:
        """1 - beta^count."""
        return self.constant(self.inner.correction(beta, count))

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> Node:
        """A real number."""
        return self.constant(self.inner.real(symbol, function, exact, roundings))

    def define(self, name: str, x: Node) -> Node:
        """What a step keeps is what it was, unless the inner system changes it."""
        key = (name, id(x))
        found = self.memory.get(key)
        if found is None:
            kept = self.inner.define(name, x.bound)
            found = self.memory[key] = x if kept is x.bound else Node(self, kept)
        return found

    def __getattr__(self, name: str) -> Callable[..., Node]:
        """Every other operation is carried out once."""
        if name not in OPERATIONS:
            raise AttributeError(name)
        return partial(self.once, name, getattr(self.inner, name))

    def root(self, x: Node) -> Node:
        """The square root; of one it is one."""
        return x if x.one else self.once("root", self.inner.root, x)

    def maximum(self, x: Node, y: Node) -> Node:
        """The larger; of zero and a sum of squares it is that."""
        if x.zero and y.bound.nonnegative:
            return y
        return self.once("maximum", self.inner.maximum, x, y)

    def average(self, b: Node, c: Node, old: Node, new: Node) -> Node:
        """A moving average; without a memory it is the new value."""
        if b.zero and c.one:
            return new
        return self.once("average", self.inner.average, b, c, old, new)

    def quotient(self, numerators: tuple[Node, ...], denominators: tuple[Node, ...]) -> Node:
        """Factors over divisors, those that are one left out."""
        above = [node for node in numerators if not node.one] or [numerators[0]]
        below = [node for node in denominators if not node.one]
        if len(above) == 1 and not below:
            return above[0]
        count = len(above)
        return self.once(
            ("quotient", count),
            lambda *bounds: self.inner.quotient(bounds[:count], bounds[count:]),
            *above,
            *below,
        )

    def shrink(self, x: Node, c: Node) -> Node:
        """x * (1 - c)."""
        return x if x.zero or c.zero else self.once("shrink", self.inner.shrink, x, c)


def courses(
    rules: Sequence[Rule], experiment: Experiment, num: BoundArithmetic
) -> Iterator[tuple[Node, ...]]:
    """For each rule the parameter after each step of an experiment."""
    shared: Any = Shared(num)
    parameter = shared.given(experiment.parameter)
    gradients = [shared.given(gradient) for gradient in experiment.gradients]
    rates: tuple[str | None, ...] = experiment.rates or (None,) * experiment.steps
    coefficients = [
        hyper(experiment.coefficients, index + 1, num=shared, rate=rate)
        for index, rate in enumerate(rates)
    ]
    with np.errstate(all="ignore"):
        for rule in rules:
            now, state, course = parameter, rule.initial_state(parameter, num=shared), []
            for hold, gradient in zip(coefficients, gradients, strict=True):
                now, state = rule.step(hold, state, now, gradient, num=shared)
                course.append(now)
            yield tuple(course)
