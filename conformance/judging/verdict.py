"""Verdicts: what comparing one case came to, element by element.

No constant decides anything here.  A result is inside the running bound, inside it with
hyperparameters as the implementation holds them, inside the set that overflow and underflow allow,
or it deviates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.conditioning import conditioning
from optimizer_conformance.judging.oracle import (
    RANGE_EFFECTS,
    WIDEST,
    Oracle,
    Question,
    Table,
    inputs_of,
    ordinary,
    reached,
)
from optimizer_conformance.reference.numbers import PRECISIONS, Precision, Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.stored import Rows
from optimizer_conformance.reports.verdicts import EXTREME, Verdict

__all__ = [
    "Divergence", "Judgement", "Observed", "ParameterVerdict", "Verdict", "contradicted", "judge",
    "places",
]  # fmt: skip

TOGETHER = "*"  # the name of all parameters as one line
FAILING_KEPT = 16  # elements of one parameter that are kept one by one; all are counted


@dataclass(frozen=True)
class Divergence:
    """Where a quantity first left every accepted set; values in the working precision.

    element is the parameter's name and the flat index in it; score is in units of the bound, ulp
    in units in the last place at the exact value.  Of complex numbers the quantity names the part.
    """

    step: int
    quantity: str
    parameter: str
    element: int
    observed: float
    expected: float
    score: float
    ulp: float


@dataclass(frozen=True)
class ParameterVerdict:
    """One parameter (in most modes: one regime) of one case.

    condition    the smallest condition number among its ill-posed elements, nan without any
    failing      the first of the elements that deviate
    unconfirmed  ill-posed elements that their condition number does not account for
    """

    name: str
    verdict: Verdict
    score: float
    ulp: float
    counts: tuple[int, ...]
    divergence: Divergence | None = None
    condition: float = float("nan")
    unconfirmed: int = 0
    failing: tuple[Divergence, ...] = ()


@dataclass
class Judgement:
    """One implementation's answer to one question.

    way  in which hyperparameters were held, where only that explains an element
    """

    parameters: list[ParameterVerdict]
    way: Representation = IDEAL
    notes: list[str] = field(default_factory=list)

    @property
    def representation(self) -> str:
        """The way in words; empty where hyperparameters as written explain everything."""
        return str(self.way) if self.way.formats() else ""

    @property
    def worst(self) -> Verdict:
        """Of all parameters."""
        return max((item.verdict for item in self.parameters), default=Verdict.exact)

    @property
    def divergence(self) -> Divergence | None:
        """The first divergence: the earliest step, and there the largest score."""
        found = [item.divergence for item in self.parameters if item.divergence]
        return min(found, key=lambda d: (d.step, -d.score), default=None)


Pick = Callable[[Table], Table]  # the rows of a table that were observed
Observed = dict[str, Array]  # quantity -> float64 values, one row a step, one column an element


def judge(
    oracle: Oracle,
    question: Question,
    observed: Observed,
    *,
    decide_only: bool = False,
    together: bool = False,
) -> Judgement:
    """Compare everything that was observed with the reference.

    ``decide_only`` asks whether it deviates, and not which representation or which end of the range
    explains what is outside the bound: such elements count as ``range``.  ``together`` makes one
    line of all parameters.
    ``observed`` holds each quantity as steps x elements, parameters one after another; quantities
    that the implementation does not show are absent.
    """
    rows, flat, rows_of = arranged(question, observed)
    precision = question.precisions(rows)
    codes, way = classify(oracle, question, flat, rows_of, decide_only, precision)
    table = rows_of(oracle.table(question))
    sizes_ = sizes(flat, table, precision)
    parts = [(TOGETHER, slice(0, flat.shape[1]))] if together else places(question.case)
    parameters = [
        summary(question, name, part, rows, flat, table, codes, *sizes_) for name, part in parts
    ]
    if not decide_only and (codes == Verdict.ill_posed).any():
        parameters = conditioned(oracle, question, parts, parameters, codes)
    return Judgement(parameters, way)


def conditioned(
    oracle: Oracle,
    question: Question,
    parts: list[tuple[str, slice]],
    parameters: list[ParameterVerdict],
    codes: Array,
) -> list[ParameterVerdict]:
    """The same with the condition numbers of what is ill-posed."""
    found = conditioning(oracle, question)
    ill = (codes == Verdict.ill_posed).any(axis=0)
    numbers = np.where(ill, found.number, np.inf)
    return [
        replace(
            item,
            condition=float(numbers[part].min()),
            unconfirmed=int((ill & ~found.confirmed)[part].sum()),
        )
        if ill[part].any()
        else item
        for item, (_, part) in zip(parameters, parts, strict=True)
    ]


def contradicted(oracle: Oracle, question: Question, observed: Observed) -> Array:
    """The elements (columns) of which some step or quantity deviates."""
    _, flat, pick = arranged(question, observed)
    codes, _ = classify(oracle, question, flat, pick, decide_only=True)
    bad: Array = (codes == Verdict.deviates).any(axis=0)
    return bad


def arranged(question: Question, observed: Observed) -> tuple[list[str], Array, Pick]:
    """What was observed as a table's rows, their names, and how to pick them from a table."""
    rows = [name for name in question.quantities if name in observed]
    seen = np.stack([observed[name] for name in rows], axis=1)
    steps, _, elements = seen.shape
    keep = [question.quantities.index(name) for name in rows]

    def pick(table: Table) -> Table:
        if len(keep) == len(question.quantities):
            return table
        shape = (steps, len(question.quantities), elements)
        return table.rows(lambda part: part.reshape(shape)[:, keep].reshape(-1, elements))

    return rows, seen.reshape(-1, elements), pick


def classify(
    oracle: Oracle,
    question: Question,
    observed: Array,
    pick: Pick,
    decide_only: bool,
    precision: Precision | Rows | None = None,
) -> tuple[Array, Representation]:
    """A Verdict for every element, and the representation that explains most.

    ``precision`` is that of the rows, where it is not the arithmetic's.
    """
    table = pick(oracle.table(question))
    open_ = ~inside(observed, table)
    codes = np.full(observed.shape, Verdict.rounding, dtype=np.int8)
    if not decide_only:
        nearest = correctly_rounded(observed, table, precision or question.precision)
        codes[nearest] = Verdict.exact
    hopeless = np.isinf(table.error)
    if hopeless.any():
        # An infinite operand also ends in an infinite bound; with it taken as infinite, some of
        # these elements have an answer after all.
        answered = hopeless & ~np.isinf(pick(oracle.table(question, "early")).error)
        open_, hopeless = open_ | answered, hopeless & ~answered
        codes = np.where(hopeless, Verdict.ill_posed, codes)
        open_ &= ~hopeless
    if not open_.any():
        return codes, IDEAL

    strange = lost_before(oracle, question, observed.shape)
    lost = open_ & strange & ~np.isfinite(observed)  # orders of evaluation differ there
    codes = np.where(lost, Verdict.range, codes)
    open_ &= ~lost
    middle = open_ & ordinary(question.case)
    if decide_only:
        contradicted_ = middle & ~inside(observed, pick(oracle.table(question, "flush", WIDEST)))
        if contradicted_.any():
            return np.where(
                contradicted_, Verdict.deviates, np.where(open_, Verdict.range, codes)
            ), IDEAL
        explainable = within_range(oracle, question, observed, pick, open_, WIDEST)
        codes = np.where(open_, Verdict.deviates, codes)
        return np.where(explainable, Verdict.range, codes), IDEAL

    # In the middle of the range, what is outside the bound is the representation's or nobody's.
    likely = oracle.ways(question)[0] if middle.any() else IDEAL
    found = accepted(oracle, question, observed, pick, open_, likely)
    if not found.covers(open_):
        explainable = within_range(oracle, question, observed, pick, open_, WIDEST)
        explainable |= found.held | found.ranged
        lost = open_ & ~explainable
        codes = np.where(lost, Verdict.deviates, codes)
        open_ &= explainable
        # Where nothing explains every element, the representation that holds most will do.
        tries = 1 if lost.any() else None
        found = best_way(oracle, question, observed, pick, open_, found, tries)
    if found.way is not IDEAL:
        oracle.fits(found.way)
    codes = np.where(open_, Verdict.deviates, codes)
    codes = np.where(open_ & found.ranged, Verdict.range, codes)
    codes = np.where(open_ & found.held, Verdict.representation, codes)
    return codes, found.way if (codes == Verdict.representation).any() else IDEAL


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
    observed: Array,
    pick: Pick,
    open_: Array,
    way: Representation,
) -> Accepted:
    """Of the ``open_`` elements, those that hyperparameters held in ``way`` explain."""
    held = holds(oracle, question, observed, pick, open_, way)
    rest = open_ & ~held
    return Accepted(way, held, within_range(oracle, question, observed, pick, rest, way))


def holds(
    oracle: Oracle,
    question: Question,
    observed: Array,
    pick: Pick,
    open_: Array,
    way: Representation,
) -> Array:
    """Of the ``open_`` elements, those inside the bound with hyperparameters held in ``way``."""
    if way is IDEAL:
        return np.zeros_like(open_)
    table = pick(oracle.table(question, "none", way))
    found: Array = open_ & inside(observed, table) & ~np.isinf(table.error)
    return found


def within_range(
    oracle: Oracle,
    question: Question,
    observed: Array,
    pick: Pick,
    open_: Array,
    way: Representation,
) -> Array:
    """Of the ``open_`` elements, those that some effect of the range accepts.

    A finite result where an infinity or nan went in needs a finite reference: none is swallowed.
    """
    found = np.zeros_like(open_)
    swallowed = lost_before(oracle, question, observed.shape) & np.isfinite(observed)
    effects = RANGE_EFFECTS if way is not WIDEST else RANGE_EFFECTS[1:]  # flush covers gradual
    if question.rule["amsgrad"] != "none":
        effects = (*effects, "number")
    for effect in effects:
        if not (open_ & ~found).any():
            break
        table = pick(oracle.table(question, effect, way))
        found |= open_ & inside(observed, table) & ~(swallowed & np.isnan(table.value))
    return found


def best_way(
    oracle: Oracle,
    question: Question,
    observed: Array,
    pick: Pick,
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
    ways = [way for way in (IDEAL, *oracle.ways(question)) if way != first.way]
    held = {way: holds(oracle, question, observed, pick, open_, way).sum() for way in ways}
    for way in sorted(ways, key=lambda way: -held[way])[:tries]:
        found = accepted(oracle, question, observed, pick, open_, way)
        if (open_ & (found.held | found.ranged)).sum() > (open_ & (best.held | best.ranged)).sum():
            best = found
        if best.covers(open_):
            break
    return best


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
    steps = reached(inputs_of(question.case).parameters, rows=question.rule.shaped)
    parameter = oracle.table(question).value[
        len(question.quantities) - 1 :: len(question.quantities)
    ]
    made = np.logical_or.accumulate(~np.isfinite(parameter), axis=0)
    steps = steps | np.concatenate([np.zeros_like(made[:1]), made[:-1]])
    return np.repeat(steps, shape[0] // len(steps), axis=0)


def sizes(observed: Array, table: Table, precision: Precision | Rows) -> tuple[Array, Array]:
    """The distance from the reference in units of the bound, and in ulp of the precision."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        distance = table.distance(observed)
        score = np.where(distance == 0, 0.0, distance / table.error)
        ulp = distance / precision.quantum(np.where(np.isfinite(table.value), table.value, 0.0))
    infinite = np.isnan(score)
    return np.where(infinite, np.inf, score), np.where(np.isnan(ulp), np.inf, ulp)


def places(case: Case) -> list[tuple[str, slice]]:
    """Where each parameter's elements stand."""
    found, start = [], 0
    for parameter in inputs_of(case).parameters:
        stop = start + parameter.value.size * case.width
        found.append((parameter.name, slice(start, stop)))
        start = stop
    return found


def summary(
    question: Question,
    name: str,
    part: slice,
    rows: list[str],
    observed: Array,
    table: Table,
    codes: Array,
    score: Array,
    ulp: Array,
) -> ParameterVerdict:
    """One line for the elements of ``part``."""
    inside_ = codes[:, part]
    counts = np.bincount(inside_.ravel(), minlength=len(Verdict))
    # What the ends of the range did is no measure of rounding.
    where = ~np.isin(inside_, EXTREME)
    worst = Verdict(int(np.flatnonzero(counts).max(initial=0)))
    divergence, failing = None, []
    if worst is Verdict.deviates:

        def at(row: int, column: int) -> Divergence:
            parameter, place = next(
                (parameter, place)
                for parameter, place in places(question.case)
                if place.start <= column < place.stop
            )
            element, part = divmod(column - place.start, question.case.width)
            named = ("", ".real", ".imag")[question.case.width - 1 + part]
            return Divergence(
                row // len(rows) + 1,
                rows[row % len(rows)] + named,
                parameter,
                element,
                float(observed[row, column]),
                float(table.value[row, column]),
                float(score[row, column]),
                float(ulp[row, column]),
            )

        bad = inside_ == Verdict.deviates
        row = int(np.argmax(bad.any(axis=1)))
        column = part.start + int(np.argmax(np.where(bad[row], score[row, part], -1.0)))
        divergence = at(row, column)
        if name != TOGETHER:
            first = zip(*(where_[:FAILING_KEPT] for where_ in np.nonzero(bad)), strict=True)
            failing = [at(int(row), part.start + int(column)) for row, column in first]
    return ParameterVerdict(
        name,
        worst,
        float(score[:, part].max(where=where, initial=0.0)),
        float(ulp[:, part].max(where=where, initial=0.0)),
        tuple(int(count) for count in counts),
        divergence,
        failing=tuple(failing),
    )
