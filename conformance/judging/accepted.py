"""What is accepted: by the bound, by a way of holding hyperparameters, at the ends of the range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Protocol, Self, TypeVar

import numpy as np

from optimizer_conformance.judging.oracle import (
    EVERY,
    LOSING,
    WIDEST,
    Oracle,
    Question,
    Table,
    inputs_of,
    ordinary,
    range_effects,
    reached,
)
from optimizer_conformance.reference.numbers import PRECISIONS, Precision, Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.stored import Rows


class Tabular(Protocol):
    """A table, or outcomes like one."""

    def rows(self, take: Callable[[Array], Array]) -> Self:
        """The same with ``take`` applied to each array of elements."""


T = TypeVar("T", bound=Tabular)


class Pick(Protocol):
    """Picks the rows of a table that were observed."""

    def __call__(self, table: T) -> T:
        """Of a table or of outcomes."""
        ...


@dataclass(frozen=True)
class Possible:
    """What was observed, and which of it some legal evaluation gives where no digit is promised."""

    oracle: Oracle
    question: Question
    observed: Array
    pick: Pick

    @cached_property
    def outcome(self) -> Array:
        """Which observed values are among everything that legal evaluations come to."""
        return self.among(losing=False)

    @cached_property
    def lossy(self) -> Array:
        """The same with evaluations that are written so that they lose digits."""
        return self.outcome | self.among(losing=True)

    def among(self, *, losing: bool) -> Array:
        """Which observed values are among the outcomes."""
        every = self.oracle.outcomes(self.question, losing=losing)
        if every is None:
            return np.ones(self.observed.shape, dtype=bool)
        return self.pick(every).holds(self.observed)

    def accepts(self, table: Table, way: Representation) -> Array:
        """Inside the bound of ``way``; where that is infinite, among its outcomes."""
        endless = np.isinf(table.error)
        found = inside(self.observed, table)
        if not endless.any():
            return found
        return found & (~endless | (self.lossy if way.written else self.outcome))


@dataclass(frozen=True)
class Accepted:
    """What one representation accepts: by the bound alone (``held``), or at the range's ends."""

    way: Representation
    held: Array
    ranged: Array

    def covers(self, open_: Array) -> bool:
        """Whether nothing is left over."""
        return not (open_ & ~self.held & ~self.ranged).any()


def accepted(
    oracle: Oracle,
    question: Question,
    possible: Possible,
    open_: Array,
    way: Representation,
) -> Accepted:
    """Of the ``open_`` elements, those that hyperparameters held in ``way`` explain."""
    held = holds(oracle, question, possible, open_, way)
    rest = open_ & ~held
    return Accepted(way, held, within_range(oracle, question, possible, rest, way))


def holds(
    oracle: Oracle,
    question: Question,
    possible: Possible,
    open_: Array,
    way: Representation,
) -> Array:
    """Of the ``open_`` elements, those inside the bound with hyperparameters held in ``way``."""
    if way is IDEAL:
        return np.zeros_like(open_)
    table = possible.pick(oracle.table(question, "none", way))
    found: Array = open_ & inside(possible.observed, table) & ~np.isinf(table.error)
    return found


def within_range(
    oracle: Oracle,
    question: Question,
    possible: Possible,
    open_: Array,
    way: Representation,
) -> Array:
    """Of the ``open_`` elements, those that some effect of the range accepts.

    A finite result where an infinity or nan went in needs a finite reference: none is swallowed.
    """
    found, observed = np.zeros_like(open_), possible.observed
    swallowed = lost_before(oracle, question, observed.shape) & np.isfinite(observed)
    effects = range_effects(question.rule)
    for effect in effects if way not in EVERY else effects[1:]:  # flush covers gradual
        if not (open_ & ~found).any():
            break
        table = possible.pick(oracle.table(question, effect, way))
        found |= open_ & possible.accepts(table, way) & ~(swallowed & np.isnan(table.value))
    return found


def by_some_way(
    oracle: Oracle, question: Question, possible: Possible, open_: Array, widest: Table
) -> Array:
    """Of the ``open_`` elements, those that a way holds where all ways together promise nothing.

    A decay that a format rounds to 1 makes a correction of 0: one way has a number there, all of
    them together have no bound, and its outcomes are those of hyperparameters as written.
    """
    left = open_ & np.isinf(widest.error) & ~possible.accepts(widest, WIDEST)
    found = np.zeros_like(open_)
    for way in oracle.ways(question):
        if not (left & ~found).any():
            break
        found |= holds(oracle, question, possible, left & ~found, way)
    return found


def best_way(
    oracle: Oracle,
    question: Question,
    possible: Possible,
    open_: Array,
    first: Accepted,
    tries: int | None,
) -> Accepted:
    """The representation that accepts most of the ``open_`` elements.

    An implementation holds its hyperparameters in one way, so one way has to explain them all.
    Those whose bound alone holds most come first, and only ``tries`` of them are tried at the ends
    of the range (None: all).  ``first`` has been tried already.
    """
    best = first
    if best.covers(open_):
        return best
    held: dict[Representation, int] = {}
    for way in (IDEAL, *oracle.ways(question)):
        if way != first.way:
            held[way] = int(holds(oracle, question, possible, open_, way).sum())
            if held[way] == open_.sum():  # the others hold no more
                break
    for way in sorted(held, key=lambda way: -held[way])[:tries]:
        found = accepted(oracle, question, possible, open_, way)
        if (open_ & (found.held | found.ranged)).sum() > (open_ & (best.held | best.ranged)).sum():
            best = found
        if best.covers(open_):
            break
    return best


def losing(oracle: Oracle, question: Question, possible: Possible, open_: Array) -> Accepted | None:
    """A way of writing the rule that loses digits, where one explains all ``open_`` elements.

    Everything that may lose digits, beside every way of holding hyperparameters, comes first: where
    that leaves something over, nothing needs to be tried.  The way that loses least is taken.
    """

    def by(way: Representation) -> Accepted:
        return accepted(oracle, question, possible, open_, way)

    def refuted(way: Representation) -> bool:
        """Whether an element in the middle of the range is outside, whatever underflows."""
        table = possible.pick(oracle.table(question, "flush", way))
        return bool((middle & ~possible.accepts(table, way)).any())

    middle = open_ & ordinary(question.case)
    if not by(LOSING).covers(open_):
        return None
    ways = (IDEAL, *oracle.ways(question))
    covering: dict[Representation, Accepted | None] = {}
    for count in range(1, len(LOSING.written)):
        for way in ways:
            everything = replace(way, written=oracle.losses(question, way))
            if way not in covering:
                most = None if refuted(everything) else by(everything)
                covering[way] = most if most and most.covers(open_) else None
            if covering[way]:
                for written in combinations(everything.written, count):
                    found = by(replace(way, written=written))
                    if found.covers(open_):
                        return found
    return next(filter(None, covering.values()), None)


def inside(observed: Array, table: Table) -> Array:
    """Within the bound, or the same infinity, or both nan; an infinite bound accepts nan too."""
    accepted: Array = (table.distance(observed) <= table.error) | np.isinf(table.error)
    return accepted


def correctly_rounded(observed: Array, table: Table, precision: Precision | Rows) -> Array:
    """Whether the observed value is certainly the exact result rounded to nearest.

    The exact result is known to within the reference's own error; both ends must round to the
    observed value.  In float64 only a ball can tell.
    """
    same = (observed == table.value) | (np.isnan(observed) & np.isnan(table.value))
    special = same & ~np.isfinite(table.value)
    if precision.name == "float64":
        known: Array = special | (same & ((table.error == 0) | table.certain))
        return known
    own = table.error * (PRECISIONS["float64"].unit_roundoff / precision.unit_roundoff)
    with np.errstate(invalid="ignore"):
        low, high = precision.round(table.value - own), precision.round(table.value + own)
    nearest: Array = special | ((observed == low) & (observed == high))
    return nearest


def lost_before(oracle: Oracle, question: Question, shape: tuple[int, ...]) -> Array:
    """Rows of a table that an infinity or nan has reached: legal orders differ there.

    It came with a gradient, or the rule itself made it of the parameter in an earlier step (0 / 0
    without an epsilon), from where a weight decay of zero carries it into the state or does not.
    """
    steps = reached(inputs_of(question.case).parameters, question.rule.over)
    parameter = oracle.table(question).value[
        len(question.quantities) - 1 :: len(question.quantities)
    ]
    made = np.logical_or.accumulate(~np.isfinite(parameter), axis=0)
    steps = steps | np.concatenate([np.zeros_like(made[:1]), made[:-1]])
    return np.repeat(steps, shape[0] // len(steps), axis=0)
