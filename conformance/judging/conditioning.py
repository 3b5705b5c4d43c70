"""Why a result is called ill-posed: its condition number, and whether that accounts for it.

The bound promises nothing once a divisor or a root's operand may be zero.  That is a statement of
the bound; balls confirm it.  The condition number says by how much relative errors of the inputs
and of what a step keeps can grow; where it turns the bound's own relative errors into 100 % and
more, no digit of the result can be expected of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer_conformance.judging.oracle import Oracle, Question, condition
from optimizer_conformance.reference.numbers.precision import Array


@dataclass(frozen=True)
class ConditionNumbers:
    """For each element (column) whose bound becomes infinite; others have nan and False.

    number     condition number of the first result of which nothing is promised
    confirmed  whether it accounts for that
    """

    number: Array
    confirmed: Array


def conditioning(oracle: Oracle, question: Question) -> ConditionNumbers:
    """Condition numbers where ``question`` is ill-posed."""
    table = oracle.table(question)
    hopeless = np.isinf(table.error)
    numbers = condition(question)
    columns = np.arange(hopeless.shape[1])
    first = np.argmax(hopeless, axis=0)
    number = np.where(hopeless.any(axis=0), numbers[first, columns], np.nan)

    # What had gone into it by then: the largest relative error of what that step and earlier ones
    # kept, and up to five roundings more (bias correction, its constant, and the difference) until
    # the root is taken.
    with np.errstate(all="ignore"):
        relative = np.where(hopeless, 0.0, table.error / np.abs(table.value))
    relative = np.where(np.isfinite(relative), relative, 0.0)
    before = np.maximum.accumulate(relative, axis=0)[first, columns]
    grown = number * (before + 5 * question.precision.unit_roundoff)
    return ConditionNumbers(number, grown >= 1)
