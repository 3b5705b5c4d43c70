"""What a stage is, and the step on its way through the stages."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import Any, ClassVar, Literal, get_args, get_type_hints

from optimizer_conformance.reference.numbers.system import Number, NumberSystem

Shape = Literal["parameter", "row", "column", "tensor", "scalar"]


@dataclass(frozen=True)
class Kept:
    """A tensor that a stage keeps between steps.

    symbol  as the papers write it, in LaTeX
    start   what it holds before the first step, in decimal
    shape   one number an element of the parameter, a row, a column, a tensor of it, or one in all
    squares it gathers squares: never negative, and real where a complex number's square is |g|^2
    """

    symbol: str
    start: str = "0"
    shape: Shape = "parameter"
    squares: bool = False


@dataclass
class Walk:
    """One step on its way: what is known so far.

    num         the number system
    hyper       the coefficients of this step (:mod:`reference.numbers.hyper`)
    state       what the rule kept from the step before, by name
    parameter   before the step; a decay may shrink it on the way
    gradient    what is left of it to descend
    numerators  the update, as a quotient that stays open until something has to be added, ...
    denominators  ... so that a bound covers every order of its products and divisions
    change      what the parameter loses, once that is known
    landing     what the parameter becomes, where that does not depend on what it loses
    after       the parameter after the step, once it is there
    kept        what the rule keeps of this step
    """

    num: NumberSystem
    hyper: Any
    state: Mapping[str, Number]
    parameter: Number
    gradient: Number
    numerators: tuple[Number, ...] = ()
    denominators: tuple[Number, ...] = ()
    change: Number = None
    landing: Number = None
    after: Number = None
    kept: dict[str, Number] = field(default_factory=dict)

    def keep(self, name: str, value: Number) -> Number:
        """Keep a value for the next step."""
        self.kept[name] = self.num.define(name, value)
        return self.kept[name]

    def average(self, name: str, beta: str, new: Number) -> Number:
        """Move a kept average towards ``new``; what is old weighs ``beta``."""
        old, complement = getattr(self.hyper, beta), getattr(self.hyper, f"one_minus_{beta}")
        return self.keep(name, self.num.average(old, complement, self.state[name], new))

    def land(self) -> None:
        """What the parameter becomes, where no stage has said so yet."""
        if self.landing is None:
            if self.change is None:
                self.change = self.closed(self.hyper.rate)
            self.landing = self.parameter - self.change

    def arrive(self) -> Number:
        """The parameter after the step."""
        if self.after is None:
            self.land()
            self.after = self.num.define("parameter", self.landing)
        return self.after

    def closed(self, *factors: Number) -> Number:
        """The open quotient, multiplied with more factors, as one number."""
        numerators = (*factors, *self.numerators)
        if self.denominators:
            return self.num.quotient(numerators, self.denominators)
        return reduce(operator.mul, numerators)


class Stage:
    """What stands in a slot: a frozen dataclass whose fields are its choices.

    takes   the hyperparameters that it takes; no two stages of a rule take the same
    over    how much of a parameter it looks at at once: beyond an element its shape matters
    ordered it compares numbers, which complex ones do not allow
    summed  it adds up squares of several elements; of complex ones no document says which squares
    reciprocal  it divides by the learning rate, whose reciprocal may be formed first
    rate_once   it looks at the learning rate in its first step alone
    """

    takes: ClassVar[tuple[str, ...]] = ()
    over: ClassVar[Shape] = "parameter"
    ordered: ClassVar[bool] = False
    summed: ClassVar[bool] = False
    reciprocal: ClassVar[bool] = False
    rate_once: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Raises ValueError for a choice that the stage does not have."""
        for name, allowed in choices(type(self)).items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {allowed}, not {getattr(self, name)!r}")

    @property
    def shaped(self) -> bool:
        """Whether it looks at more than one element at a time."""
        return self.over != "parameter"

    def hyperparameters(self) -> tuple[str, ...]:
        """The hyperparameters that it takes with these choices."""
        return self.takes

    def coefficients(self) -> tuple[str, ...]:
        """What it multiplies with or adds, formed from them."""
        return self.hyperparameters()

    def needs(self) -> tuple[str, ...]:
        """Coefficients that another stage must form."""
        return ()

    def refuses(self, other: Stage) -> bool:
        """Whether it does not stand in one rule with another stage."""
        return False

    def state(self) -> dict[str, Kept]:
        """What it keeps between steps, in the order in which a step computes it."""
        return {}

    def step(self, walk: Walk) -> None:
        """Carry the step on."""
        raise NotImplementedError


KNOWN: dict[type[Stage], dict[str, tuple[Any, ...]]] = {}


def choices(kind: type[Stage]) -> dict[str, tuple[Any, ...]]:
    """The fields of a stage's class, each with every value that it can have."""
    if kind not in KNOWN:
        hints = get_type_hints(kind)
        KNOWN[kind] = {
            item.name: get_args(hints[item.name]) or (False, True)
            for item in fields(kind)  # type: ignore[arg-type]  # every stage is a dataclass
        }
    return KNOWN[kind]
