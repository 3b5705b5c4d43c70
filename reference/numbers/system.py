"""Number systems: what a formula of :mod:`reference.rules` can be evaluated on.

A number system is an object with the members of :class:`NumberSystem`; values of it also take
``+ - *`` and unary ``-``.  Beside the operators stand the few composites in which implementations
legitimately differ in the order of evaluation: a bound must cover every order, so the order may not
be fixed by the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Number = Any  # whatever the system computes with; arrays of numbers keep their parameter's shape


# Gets a way to lift decimals into an arithmetic with + - * ** and the numbers, lifted.
RealFunction = Callable[..., Any]
Exact = Any  # a Fraction; where symbols or source code are computed with, what stands for one


class NumberSystem(Protocol):
    """What a step may ask for.

    Coefficients are scalars.  Every other value has the shape of the parameter, or one that
    broadcasts to it.
    """

    # Coefficients -----------------------------------------------------------------------------

    def coefficient(self, kind: str, exact: Exact) -> Number:
        """A hyperparameter: ``kind`` is ``rate``, ``moment``, or its own name; it says how an
        implementation may hold it."""

    def complement(self, beta: Exact) -> Number:
        """1 - beta."""

    def correction(self, beta: Exact, count: Any) -> Number:
        """1 - beta^count, for a step from 1 on."""

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Exact], roundings: int
    ) -> Number:
        """A real number that is no fraction, formed from the step count.

        ``function`` gets a way to lift a decimal into its arithmetic, and the ``exact`` numbers
        lifted; an implementation forms it with at most so many ``roundings``.  ``symbol`` is what
        the papers call it, in LaTeX.
        """

    # What a step starts from and keeps ----------------------------------------------------------

    def full(self, like: Number, decimal: str) -> Number:
        """A constant shaped like ``like``."""

    def define(self, name: str, x: Number) -> Number:
        """x, under the name that the step gives it (the printed formula needs it)."""

    # Operations: those of OPERATIONS -------------------------------------------------------------

    def square(self, x: Number) -> Number:
        """x * x."""

    def root(self, x: Number) -> Number:
        """The square root."""

    def sum(self, x: Number, y: Number) -> Number:
        """x + y, of which what is taken later may be taken term by term: w - r (x + y) is also
        written (w - r x) - r y."""

    def maximum(self, x: Number, y: Number) -> Number:
        """The larger, element by element."""

    def average(self, b: Number, c: Number, old: Number, new: Number) -> Number:
        """b * old + c * new, where c = 1 - b: also written old + c * (new - old)."""

    def quotient(self, numerators: tuple[Number, ...], denominators: tuple[Number, ...]) -> Number:
        """The product of ``numerators`` over the product of ``denominators``, in any order."""

    def variance(self, v: Number, m: Number) -> Number:
        """v - m * m; v - |m|^2 where v is real and m complex."""

    def shrink(self, x: Number, c: Number) -> Number:
        """x * (1 - c), or x - c * x."""

    def centralize(self, x: Number) -> Number:
        """x minus its mean over all axes but the first; where there is no other axis, x itself."""

    def squared_norm(self, x: Number) -> Number:
        """The sum of all squares of a tensor, in the place of each element; also as its norm,
        squared."""

    def mean_square(self, x: Number) -> Number:
        """The mean of the squares over all axes but the first, in the place of each element; where
        there is no other axis, the squares."""

    def clip(self, x: Number, c: Number) -> Number:
        """The nearest number to x between -c and c, element by element."""

    def soft_threshold(self, x: Number, c: Number) -> Number:
        """x, drawn to zero by c, element by element; zero where x is no further from it."""

    def sign(self, x: Number) -> Number:
        """-1, 0 or 1, element by element."""

    def choose(self, x: Number, below: Number, zero: Number, above: Number) -> Number:
        """One of three, element by element, as x is below zero, zero or above it."""


# What a wrapper around a number system forwards; ``quotient`` takes tuples of values.
OPERATIONS = (
    "square",
    "root",
    "sum",
    "maximum",
    "average",
    "quotient",
    "variance",
    "shrink",
    "centralize",
    "squared_norm",
    "mean_square",
    "clip",
    "soft_threshold",
    "sign",
    "choose",
)

# Coefficients of Dozat's schedule of momentum, and all that change from step to step: how an
# implementation holds these is a matter of its own.
SCHEDULED = (
    "schedule_next",
    "one_minus_schedule",
    "schedule_correction",
    "schedule_correction_next",
)
# The same with a decay of 1, and with momentum that has no schedule.
FAST = tuple(f"fast_{name}" for name in SCHEDULED)
STEADY = ("beta1", "one_minus_beta1", "correction1", "correction1_next")
# RAdam's factor, with the length from which on there is one; None before.
RECTIFIED = ("rectified_beyond_5", "rectified_beyond_4")
# ADOPT's limit: the fourth root of the count of earlier steps, or of all.
LIMITS = ("limit_of_earlier", "limit_of_all")
# What one of so many steps is, and what the others are.
SHARES = ("share_of_step", "one_minus_share_of_step")
# What is left of ASGD's rate, and what its mean moves by; None where it follows the parameter.
FALLEN = ("fallen_share",)
MEANS = ("share_of_mean", "one_minus_share_of_mean")
# The count of steps itself.
COUNT = "count"
# One at every so many steps, and None between them.
SYNCHRONIZED = "synchronized"
# One from the second step on, and None at the first.
BEGUN = "begun"
# Those that only say which kind of step it is.
MARKS = {BEGUN, SYNCHRONIZED}
# What else changes with the step, and the hyperparameters that it is formed from.
FORMED_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SCHEDULED, ("beta1", "momentum_decay")),
    **dict.fromkeys(FAST, ("beta1",)),
    **dict.fromkeys(RECTIFIED, ("decay",)),
    "correction1_next": ("beta1",),
    "correction3": ("beta3",),
    **dict.fromkeys(LIMITS, ()),
    **dict.fromkeys(SHARES, ()),
    **dict.fromkeys(FALLEN, ("learning_rate", "fading", "power")),
    **dict.fromkeys(MEANS, ("delay",)),
    COUNT: (),
    SYNCHRONIZED: ("period",),
    BEGUN: (),
}
COUNTED = {"correction1", "correction2", *FORMED_FROM}
