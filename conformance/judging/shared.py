"""Whether one set of coefficients explains every element.

What coefficients in another format explain is decided element by element, with an interval for
each coefficient.  Formed in float32, 1 - beta^t may be hundreds of units of float32 off, and behind
such an interval a step that is itself computed in float32 hides.  A coefficient is one number for
all elements, though: whatever it was, r = S d + e holds for every observed value at once, where r
is how far it is from the reference, S what moving each coefficient does to it, d by how much each
was moved, and e at most the element's own bound E.  With weights 1/E, and with each d in units of
what it may be, the right d leaves no more than the root of the number of values and moves, and the
d of least squares leaves no more than any other.  Where it leaves more, no coefficients explain
what came.  Terms of second order are lost in the bounds once the rule was run again with d.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.accepted import Pick
from optimizer_conformance.judging.oracle import (
    LOSING,
    Question,
    Table,
    arithmetic,
    effects,
    inputs_of,
    shape_of,
    spread_out,
    walk,
)
from optimizer_conformance.reference.numbers import BoundArithmetic, Representation
from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.settled import SettledArithmetic

STEPS = 4  # of a trajectory that are looked at: each has corrections of its own
ASKED = 64  # elements of one parameter
TURNS = 3  # runs of the rule, each with the coefficients that explained most in the one before


def open_to_doubt(question: Question, way: Representation) -> bool:
    """Whether ``way`` leaves coefficients open by more than float64's own roundings."""
    case = question.case
    narrow = question.precision.name == "float64" and not case.stored and not question.mixes
    return narrow and bool(way.correction or way.written)


@lru_cache(maxsize=256)
def asked(case: Case) -> Array:
    """The columns that are asked: of a large parameter some."""
    found: list[Array] = [np.zeros(0, dtype=int)]
    start = 0
    for parameter in inputs_of(case).parameters:
        stop = start + parameter.value.size * case.width
        if stop > start:
            found.append(np.unique(np.linspace(start, stop - 1, ASKED).astype(int)))
        start = stop
    return np.concatenate(found)


@dataclass(frozen=True)
class MovedRule:
    """The rule with coefficients moved by so much: values and the elements' own errors.

    Rows as in a table, columns those that are asked.
    """

    value: Array
    error: Array
    coefficients: dict[object, Any]

    def rows(self, which: Array) -> tuple[Array, Array]:
        """Values and errors of some rows."""
        return self.value[which], self.error[which]


def settled(question: Question, way: Representation, moved: Mapping[object, Any]) -> MovedRule:
    """Run the rule over the first steps of a case; of later ones nothing is known."""
    precision = question.precision
    number = budget(question.profile, precision.name)
    # What underflows on the way is no coefficient's doing.
    ends = effects("flush", precision.name)
    num = SettledArithmetic(precision, ends, representation=way, budget=number, moved=moved)
    shape = shape_of(question)
    value, error = np.zeros(shape, num.carrier), np.full(shape, np.inf)
    with np.errstate(all="ignore"):
        for place, found in walk(question, num, STEPS):
            value[place] = np.ravel(found.value)
            error[place] = np.ravel(found.error)
    columns = asked(question.case)
    value, error = (
        spread_out(part.reshape(-1, shape[2]), question.case)[:, columns] for part in (value, error)
    )
    coefficients = {key: constant.value for key, constant in num.constants.items()}
    return MovedRule(value, error * num.slack, coefficients)


@dataclass(frozen=True)
class Movable:
    """The rule with every coefficient at its centre, and what moving each does.

    keys     the coefficients that are open
    reach    how far each may be moved
    effects  of moving each so far: rows x columns x coefficients
    """

    start: MovedRule
    keys: list[object]
    reach: Array
    effects: Array


@lru_cache(maxsize=64)
def movable(question: Question, way: Representation) -> Movable:
    """What can be moved, whatever was observed."""
    start = settled(question, way, {})
    reach = {key: far for key, far in farthest(question, start.coefficients).items() if far}
    effects = np.zeros((*start.value.shape, len(reach)), start.value.dtype)
    with np.errstate(all="ignore"):
        for index, (key, far) in enumerate(reach.items()):
            effects[..., index] = settled(question, way, {key: far}).value - start.value
    return Movable(start, list(reach), np.array(list(reach.values())), effects)


def at(question: Question, way: Representation, open_: Movable, moved: Array) -> MovedRule:
    """The rule with its coefficients moved by so much of what they may be."""
    return settled(question, way, dict(zip(open_.keys, moved * open_.reach, strict=True)))


def nearby(question: Question, way: Representation, open_: Movable, moved: Array) -> Array:
    """What moving each coefficient does from where they are now.

    A rate and a correction beside it do nearly the same: of a move of both, against each other,
    what an effect is off by is more than what is left, unless it is taken there and to both sides.
    """
    found = np.zeros_like(open_.effects)
    with np.errstate(all="ignore"):
        for index, step in enumerate(np.eye(len(moved))):
            beyond, before = (at(question, way, open_, moved + s * step) for s in (1, -1))
            found[..., index] = (beyond.value - before.value) / 2
    return found


def farthest(question: Question, centre: Mapping[object, Any]) -> dict[object, float]:
    """How far each coefficient may be from ``centre``, however hyperparameters are held."""
    corrected, precision = question.rule.corrected, question.precision.name
    num = arithmetic(precision, "none", LOSING, corrected, question.profile)
    assert isinstance(num, BoundArithmetic)
    with np.errstate(all="ignore"):
        for _ in walk(question, num, STEPS):  # forms them all
            pass
    known = {key: num.constants[key] for key in centre}
    return {key: abs(float(c.value - centre[key])) + float(c.error) for key, c in known.items()}


def beyond_any(
    question: Question, observed: Array, usable: Array, pick: Pick, way: Representation
) -> Array:
    """Of the ``usable`` observed values, those that are left where no coefficients explain all.

    ``way`` is how hyperparameters are held about, and how the rule is written.
    """
    columns, beyond = asked(question.case), np.zeros(observed.shape, dtype=bool)
    observed = observed[:, columns]
    usable = usable[:, columns] & np.isfinite(observed)
    open_ = movable(question, way)
    lines = np.arange(len(open_.start.value))[:, np.newaxis]
    rows = pick(Table(lines, lines)).value[:, 0]
    value, error = open_.start.rows(rows)
    effects, moved = open_.effects[rows], np.zeros(len(open_.keys))
    with np.errstate(all="ignore"):
        known = usable & np.isfinite(error) & np.isfinite(effects).all(axis=-1)
    for _ in range(TURNS):
        # What everybody gets exactly is known to the last bit of the carrier.
        own = np.maximum(error, np.abs(value) * np.finfo(value.dtype).eps)
        known = known & np.isfinite(own) & (own > 0)
        if not known.any():
            return beyond
        far = (observed[known] - value[known]) / own[known]
        best, left = fitted(far, effects[known] / own[known, np.newaxis], moved)
        if not left.any():
            return beyond
        moved = moved + best
        value, error = at(question, way, open_, moved).rows(rows)
        effects = nearby(question, way, open_, moved)[rows]
    of_asked = np.zeros(observed.shape, dtype=bool)
    of_asked[known] = left
    beyond[:, columns] = of_asked
    return beyond


def fitted(far: Array, effects: Array, moved: Array) -> tuple[Array, Array]:
    """The moves that explain ``far``, and what they leave over by more than 1.

    values: far (values), effects (values, coefficients), in units of each value's own bound and of
    as much as each coefficient may be moved; they have been ``moved`` by so much.
    Nothing is left where the moves of least squares leave no more than all bounds together.
    """
    far, effects = far.astype(np.float64), effects.astype(np.float64)
    every = np.ones(far.shape, dtype=bool)

    def fit(taken: Array, weight: float) -> Array:
        matrix = np.concatenate([effects[taken], weight * np.eye(len(moved))])
        target = np.concatenate([far[taken], -weight * moved])
        found: Array = np.linalg.lstsq(matrix, target, rcond=None)[0]
        return found

    moves = fit(every, 1.0)
    rest = np.concatenate([far - effects @ moves, moved + moves])
    if np.linalg.norm(rest) <= np.sqrt(rest.size):
        return moves, ~every
    # Moves that wrong elements have bent blame all: what is far off is set aside, ever closer.
    size = float(np.abs(far).max())
    taken = every
    while size > 1:
        moves = fit(taken, size)
        taken, size = np.abs(far - effects @ moves) <= size, size / 2
    moves = fit(taken, 1.0)
    return moves, np.abs(far - effects @ moves) > 1
