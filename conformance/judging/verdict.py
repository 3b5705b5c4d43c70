"""Verdicts: what comparing one case came to, element by element.

No constant decides anything here.  A result is inside the running bound, inside it with
hyperparameters as the implementation holds them, inside the set that overflow and underflow allow,
or it deviates.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.accepted import (
    Pick,
    Possible,
    T,
    accepted,
    best_way,
    by_some_way,
    correctly_rounded,
    inside,
    losing,
    lost_before,
    within_range,
)
from optimizer_conformance.judging.conditioning import conditioning
from optimizer_conformance.judging.oracle import (
    LOSING,
    WIDEST,
    Oracle,
    Question,
    Table,
    inputs_of,
    ordinary,
)
from optimizer_conformance.judging.outcome import IS_EXTREME, NOTHING, ParameterOutcome, outcomes_of
from optimizer_conformance.judging.shared import beyond_any, open_to_doubt
from optimizer_conformance.reference.numbers import Precision, Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.stored import Rows
from optimizer_conformance.reports.verdicts import Verdict

__all__ = [
    "Divergence", "Judgement", "Observed", "ParameterVerdict", "Verdict", "contradicted", "judge",
    "places",
]  # fmt: skip

TOGETHER = "*"  # the name of all parameters as one line
ANYHOW = replace(IDEAL, written=LOSING.written)  # hyperparameters about as written
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
    outcome      what came of the parameter, where that is not what was promised
    score        against the bound that judged; ``written``: against the one for hyperparameters as
                 they were written
    """

    name: str
    verdict: Verdict
    score: float
    ulp: float
    counts: tuple[int, ...]
    divergence: Divergence | None = None
    condition: float = float("nan")
    unconfirmed: int = 0
    outcome: ParameterOutcome = NOTHING
    written: float = 0.0
    failing: tuple[Divergence, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """One implementation's answer to one question.

    way  in which hyperparameters were held, where only that explains an element
    """

    parameters: tuple[ParameterVerdict, ...]
    way: Representation = IDEAL
    notes: tuple[str, ...] = ()

    @property
    def representation(self) -> str:
        """The way in words; empty where hyperparameters as written explain everything."""
        return str(self.way) if self.way != IDEAL else ""

    @property
    def worst(self) -> Verdict:
        """Of all parameters."""
        return max((item.verdict for item in self.parameters), default=Verdict.exact)

    @property
    def divergence(self) -> Divergence | None:
        """The first divergence: the earliest step, and there the largest score."""
        found = [item.divergence for item in self.parameters if item.divergence]
        return min(found, key=lambda d: (d.step, -d.score), default=None)


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
    bits = hashlib.blake2b(digest_size=16)
    for values in observed.values():
        bits.update(np.ascontiguousarray(values).data)
    shown = tuple((name, values.shape) for name, values in observed.items())
    return oracle.once(
        (question, decide_only, together, shown, bits.digest()),
        lambda: compared(oracle, question, observed, decide_only, together),
    )


def compared(
    oracle: Oracle, question: Question, observed: Observed, decide_only: bool, together: bool
) -> Judgement:
    """The same, with nothing remembered."""
    rows, flat, rows_of = arranged(question, observed)
    precision = question.precisions(rows)
    codes, way = classify(oracle, question, flat, rows_of, decide_only, precision)
    table = rows_of(oracle.table(question))
    written, ulp = sizes(flat, table, precision)
    # Where no digit was promised and yet nobody can give what came, no bound is wide enough.
    written = np.where((codes == Verdict.deviates) & np.isinf(table.error), np.inf, written)
    score = written
    if way != IDEAL:
        judged, _ = sizes(flat, rows_of(oracle.table(question, "none", way)), precision)
        score = np.where(codes == Verdict.representation, judged, written)
    sizes_ = score, ulp, written
    parts = [(TOGETHER, slice(0, flat.shape[1]))] if together else places(question.case)
    parameters = [
        summary(question, name, part, rows, flat, table, codes, *sizes_) for name, part in parts
    ]
    if not decide_only and (codes == Verdict.ill_posed).any():
        parameters = conditioned(oracle, question, parts, parameters, codes)
    if not decide_only and not together:
        parameters = told_outcomes(question, observed, table, codes, rows, parts, parameters)
    return Judgement(tuple(parameters), way)


def told_outcomes(
    question: Question,
    observed: Observed,
    table: Table,
    codes: Array,
    rows: list[str],
    parts: list[tuple[str, slice]],
    parameters: list[ParameterVerdict],
) -> list[ParameterVerdict]:
    """The same with what came of each parameter."""
    own = slice(rows.index("parameter"), None, len(rows))
    of_parameter = table.rows(lambda part: part[own])
    places_ = [part for _, part in parts]
    found = outcomes_of(question, observed["parameter"], of_parameter, codes[own], places_)
    return [replace(item, outcome=came) for item, came in zip(parameters, found, strict=True)]


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

    def pick(table: T) -> T:
        if len(keep) == len(question.quantities):
            return table
        kept = np.arange(steps * len(question.quantities)).reshape(steps, -1)[:, keep].ravel()
        return table.rows(lambda part: part[kept])

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
    possible = Possible(oracle, question, observed, pick)
    open_ = ~(inside(observed, table) | np.isinf(table.error))
    codes = np.full(observed.shape, Verdict.rounding, dtype=np.int8)
    if not decide_only:
        nearest = correctly_rounded(observed, table, precision or question.precision)
        codes[nearest] = Verdict.exact
    hopeless = impossible = np.isinf(table.error)
    if hopeless.any():
        # An infinite operand also ends in an infinite bound; with it taken as infinite, some of
        # these elements have an answer after all.
        answered = hopeless & ~np.isinf(pick(oracle.table(question, "early")).error)
        open_, hopeless = open_ | answered, hopeless & ~answered
        impossible = hopeless & ~possible.outcome
        codes = np.where(hopeless, Verdict.ill_posed, codes)
        codes = np.where(impossible, Verdict.deviates, codes)
        open_ &= ~hopeless
    if not (open_.any() or (impossible.any() and not decide_only)):
        return codes, IDEAL

    strange = lost_before(oracle, question, observed.shape)
    lost = open_ & strange & ~np.isfinite(observed)  # orders of evaluation differ there
    codes = np.where(lost, Verdict.range, codes)
    open_ &= ~lost
    if decide_only:
        return decided(oracle, question, possible, open_, codes), IDEAL

    # In the middle of the range, what is outside the bound is the representation's or nobody's.
    middle = (open_ & ordinary(question.case)).any()
    likely = oracle.ways(question)[0] if middle else IDEAL
    found = accepted(oracle, question, possible, open_, likely)
    if impossible.any() or not found.covers(open_):
        widest = pick(oracle.table(question, "flush", WIDEST))
        explainable = by_some_way(oracle, question, possible, open_, widest)
        explainable |= within_range(oracle, question, possible, open_, WIDEST)
        explainable |= found.held | found.ranged
        lost = open_ & ~explainable
        # Where nothing explains every element, the representation that holds most will do.
        tries = 1 if lost.any() else None
        best = best_way(oracle, question, possible, open_ & explainable, found, tries)
        found = best
        if impossible.any() or not best.covers(open_):
            found = losing(oracle, question, possible, open_ | impossible) or best
        if found.way.written:
            codes = np.where(impossible, Verdict.ill_posed, codes)
        else:
            codes = np.where(lost, Verdict.deviates, codes)
            open_ &= explainable
    if found.way.formats() and not found.way.written:
        oracle.fits(found.way)
    codes = np.where(open_, Verdict.deviates, codes)
    codes = np.where(open_ & found.ranged, Verdict.range, codes)
    codes = np.where(open_ & found.held, Verdict.representation, codes)
    if open_to_doubt(question, found.way) and not (codes == Verdict.deviates).any():
        left = beyond_any(question, observed, codes <= Verdict.representation, pick, found.way)
        codes = np.where(left, Verdict.deviates, codes)
    told = found.way.written or (codes == Verdict.representation).any()
    return codes, found.way if told else IDEAL


def decided(
    oracle: Oracle, question: Question, possible: Possible, open_: Array, codes: Array
) -> Array:
    """The verdicts with those of ``open_`` elements: they deviate, or something explains them."""
    widest = possible.pick(oracle.table(question, "flush", WIDEST))
    held = by_some_way(oracle, question, possible, open_, widest)
    middle = open_ & ordinary(question.case)
    contradicted_ = middle & ~possible.accepts(widest, WIDEST) & ~held
    if contradicted_.any():
        told = np.where(open_, Verdict.range, codes)
        return np.where(contradicted_, Verdict.deviates, told)
    explainable = held | within_range(oracle, question, possible, open_, WIDEST)
    told = np.where(open_, Verdict.deviates, codes)
    told = np.where(explainable, Verdict.range, told)
    if (
        open_to_doubt(question, ANYHOW)
        and (open_ & explainable).any()
        and not (told == Verdict.deviates).any()
    ):
        usable = np.where(open_, middle, codes <= Verdict.representation)
        left = beyond_any(question, possible.observed, usable, possible.pick, ANYHOW)
        told = np.where(left, Verdict.deviates, told)
    return told


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
    written: Array,
) -> ParameterVerdict:
    """One line for the elements of ``part``."""
    inside_ = codes[:, part]
    counts = np.bincount(inside_.ravel(), minlength=len(Verdict))
    # What the ends of the range did is no measure of rounding.
    where = ~IS_EXTREME[inside_]
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
        written=float(written[:, part].max(where=where, initial=0.0)),
    )
