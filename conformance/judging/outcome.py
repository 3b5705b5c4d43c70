"""What came of a parameter beside its verdict: nan, an infinity, no movement, and since when.

Where no digit is promised a verdict takes whatever can come out.  What did come out is a fact all
the same, and of two implementations not the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.oracle import Question, Table, inputs_of, reached
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.hyper import held
from optimizer_conformance.reference.numbers.precision import Array, parts
from optimizer_conformance.reference.rules.stage import Shape
from optimizer_conformance.reports.outcomes import Came, Lost, OutcomeKind
from optimizer_conformance.reports.verdicts import EXTREME, Verdict

# At each verdict: whether it is of the ends of the range.
IS_EXTREME = np.array([verdict in EXTREME for verdict in Verdict])
KEPT = 8  # last values of elements of which no digit is promised, to be compared with others'


@dataclass(frozen=True)
class ParameterOutcome:
    """What came of one parameter of one case.

    came    nan, infinite, exploded, still or, where no digit is promised, finite
    values  the last values of the first elements of which no digit is promised
    """

    came: tuple[Came, ...] = ()
    values: tuple[float, ...] = ()

    @property
    def strange(self) -> bool:
        """Whether nobody would want it."""
        return any(item.what is not OutcomeKind.finite for item in self.came)

    @property
    def words(self) -> str:
        """As the column ``outcome`` has it."""
        return "; ".join(map(str, self.came))


NOTHING = ParameterOutcome()


def outcomes_of(
    question: Question, shown: Array, table: Table, codes: Array, parts: list[slice]
) -> list[ParameterOutcome]:
    """Of the parameter in each of these columns; one row a step, the others of it alone."""
    start = start_of(question.case)
    clean = clean_steps(question.case, question.rule.over)
    with np.errstate(all="ignore"):
        flags = {
            OutcomeKind.nan: np.isnan(shown) & clean,
            OutcomeKind.infinite: np.isinf(shown) & clean,
            OutcomeKind.exploded: exploded(question, shown, start) & clean,
        }
        # One step that is lost to an overflow is no standstill.
        still = clean.all(axis=0) & (len(shown) > 1)
        still &= never_moves(question, shown, table.value, start)
        flags[OutcomeKind.still] = still[np.newaxis]
        flags[OutcomeKind.finite] = IS_EXTREME[codes] & np.isfinite(shown)
    flags = {what: flag for what, flag in flags.items() if flag.any()}
    endless = np.isinf(table.error[-1])
    width, found = question.case.width, []
    for part in parts:
        came = [seen(what, f[:, part], width) for what, f in flags.items() if f[:, part].any()]
        open_ = np.flatnonzero(endless[part])[:KEPT]
        values = tuple(float(x) for x in shown[-1, part][open_])
        found.append(ParameterOutcome(tuple(came), values))
    return found


def seen(what: OutcomeKind, columns: Array, width: int) -> Came:
    """Since when, and in how many elements; a complex one has two of the columns."""
    flag: Array = np.logical_or.reduce(columns.reshape(len(columns), -1, width), axis=2)
    step = 0 if what is OutcomeKind.still else int(np.argmax(flag.any(axis=1))) + 1
    return Came(what, step, int(flag.any(axis=0).sum()), flag.shape[1])


@lru_cache(maxsize=64)
def clean_steps(case: Case, over: Shape) -> Array:
    """Where no infinite or nan gradient has arrived: steps x elements."""
    found: Array = ~reached(inputs_of(case).parameters, over)
    return found


@lru_cache(maxsize=64)
def start_of(case: Case) -> Array:
    """The parameters before the first step, one column an element."""
    everything = inputs_of(case).parameters
    return np.concatenate([np.ravel(parts(np.ravel(item.value))) for item in everything])


def exploded(question: Question, shown: Array, start: Array) -> Array:
    """Finite, and what it was and the rate together are below its last digit."""
    rate = float(Fraction(dict(question.decimals)["learning_rate"]))
    least = (np.abs(start) + rate) / question.precision.unit_roundoff
    found: Array = np.isfinite(shown) & np.isfinite(least) & (np.abs(shown) > least)
    return found


def never_moves(question: Question, shown: Array, value: Array, start: Array) -> Array:
    """Elements that are at every step what they were, where the formula leaves that number."""
    away = np.abs(value[-1] - start) > question.precision.quantum(start)
    found: Array = (shown == start).all(axis=0) & np.isfinite(value[-1]) & away
    return found


def vanished(question: Question) -> Iterator[Lost]:
    """The hyperparameters that are 0 or 1 in the format and were not written so."""
    for name, decimal in question.decimals:
        if name in question.rule.hyperparameters:
            lost = collapsed(name, Fraction(decimal), question.precision.name)
            yield from [lost] if lost else []


def collapsed(name: str, exact: Fraction, dtype: str) -> Lost | None:
    """That a hyperparameter is 0 or 1 in a format; None where it is not, or is meant."""
    kept = held(exact, dtype)
    if kept == exact or kept not in (0, 1):
        return None
    return Lost(f"{HYPERPARAMETERS[name].words} {float(exact):g}", str(kept))
