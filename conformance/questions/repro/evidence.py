"""What would have been right: the exact result from balls, and where every legal result lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np

from optimizer_conformance.cases.case import Written
from optimizer_conformance.judging.execution import Answer
from optimizer_conformance.judging.oracle import WIDEST, Question, Table, balls, evaluate
from optimizer_conformance.questions.repro.bench import CaseJudge, Shown, Sign
from optimizer_conformance.reference.numbers import PRECISIONS, BallArithmetic
from optimizer_conformance.reference.numbers.ball import BITS, working_bits
from optimizer_conformance.reference.numbers.hyper import IDEAL

DIGITS = 20  # of the exact result; two more than tell every float64
# Tables from the widest to the narrowest, and what their intervals allow for.
TABLES = {
    "any order of operations, hyperparameters held in {dtype} or as written, underflow to zero": (
        "flush",
        WIDEST,
    ),
    "any order of operations, hyperparameters held in {dtype} or as written": ("none", WIDEST),
    "any order of operations, hyperparameters as written": ("none", IDEAL),
}


class NotShownError(Exception):
    """A shrunk case is not evidence: no single interval excludes what was observed."""


@dataclass(frozen=True)
class ObservedNumber:
    """One number against the interval that holds every legal result.

    exact     the exact result in decimal digits
    nearest   the same rounded to the dtype
    low, high  the first and last float64 that may be right; both nan where only nan is
    covers    what the interval allows for, in words
    observed  what came out
    score     its distance in units of the bound
    explained what the rule that explains it gives in exact arithmetic; None without one
    """

    quantity: str
    step: int
    element: int
    exact: str
    nearest: float
    low: float
    high: float
    covers: str
    observed: float
    score: float
    explained: str | None = None


def evidence(bench: CaseJudge, case: Written, shown: Shown, sign: Sign) -> ObservedNumber:
    """The evidence of a shrunk case.  Raises NotShownError where there is none."""
    assert shown.answer is not None
    found = shown.divergence
    question = bench.question(case, shown.answer)
    row = (found.step - 1) * len(question.quantities) + question.quantities.index(found.quantity)
    limits = {
        words: interval(evaluate(question, effect, way), row, found.element)
        for words, (effect, way) in TABLES.items()
    }
    covers = next((name for name in limits if not inside(found.observed, limits[name])), None)
    if covers is None:
        raise NotShownError(
            f"{found.observed!r} is inside the interval of every effect taken by itself"
        )
    low, high = limits[covers]
    ball = exact(question, row, found.element)
    nearest = float(PRECISIONS[question.precision.name].round(np.float64(float(ball.mid()))))
    return ObservedNumber(
        quantity=found.quantity,
        step=found.step,
        element=found.element,
        exact=digits(ball),
        nearest=nearest,
        low=low,
        high=high,
        covers=covers.format(dtype=case.dtype),
        observed=found.observed,
        score=found.score,
        explained=explained(bench, case, shown.answer, sign, row, found.element),
    )


def interval(table: Table, row: int, element: int) -> tuple[float, float]:
    """The first and the last float64 inside the bound; both nan where nan is the answer."""
    value, error = float(table.value[row, element]), float(table.error[row, element])
    low = float(table.low[row, element]) if table.low.ndim else 0.0
    if not math.isfinite(value):
        return value, value
    if not math.isfinite(error):
        return -math.inf, math.inf
    centre = Fraction(value) + Fraction(low)
    return upwards(centre - Fraction(error)), -upwards(-centre - Fraction(error))


def upwards(number: Fraction) -> float:
    """The smallest float64 that is not below a rational."""
    nearest = float(number)
    return nearest if Fraction(nearest) >= number else math.nextafter(nearest, math.inf)


def inside(observed: float, limits: tuple[float, float]) -> bool:
    """Whether a result is inside an interval; an interval without ends accepts nan too."""
    low, high = limits
    if math.isnan(low):
        return math.isnan(observed)
    if (low, high) == (-math.inf, math.inf):
        return True
    return low <= observed <= high


def exact(question: Question, row: int, element: int) -> flint.arb:
    """The exact result as a ball."""
    with working_bits(BITS):
        found: flint.arb = balls(question, BallArithmetic())[row, element]
    return found


def digits(ball: flint.arb) -> str:
    """A ball's digits, all of them certain."""
    with working_bits(BITS):
        text: str = ball.str(DIGITS, radius=False) if ball.is_finite() else str(float(ball.mid()))
    return text


def explained(
    bench: CaseJudge, case: Written, answer: Answer, sign: Sign, row: int, element: int
) -> str | None:
    """What the rule that explains the observation gives there."""
    other = bench.explaining(bench.question(case, answer), sign) if sign.changes else None
    return digits(exact(other, row, element)) if other else None
