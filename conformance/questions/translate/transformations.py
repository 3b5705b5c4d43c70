"""What a hyperparameter of the second rule may be, in terms of the first rule's: data.

Each entry is one way in which rules are known to express the same number differently.  Which of
them hold for two given rules is decided by :mod:`questions.translate.proof`, never here.
"""

from __future__ import annotations

from typing import Any

import sympy

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.rules import Rule

# The first rule's hyperparameters, and the bias corrections 1 - beta1^t and 1 - beta2^t of its
# step.  Independent of each other: what holds for any values holds at every step.
GIVEN = {name: sympy.Symbol(name, positive=True) for name in HYPERPARAMETERS}
RATE, EPSILON, WEIGHT_DECAY = (GIVEN[n] for n in ("learning_rate", "epsilon", "weight_decay"))
FIRST, SECOND = sympy.symbols("c1 c2", positive=True)
CORRECTED = RATE * sympy.sqrt(SECOND) / FIRST
ONE = sympy.Integer(1)

# Plain first: what changes nothing is preferred to what needs arithmetic, that to a schedule.
# What is not named here has no other way than itself.
WAYS: dict[str, tuple[Any, ...]] = {
    "learning_rate": (
        RATE,
        CORRECTED,  # epsilon hat with its bias corrections in the rate (Kingma and Ba, section 2)
        RATE * FIRST / sympy.sqrt(SECOND),
        RATE / FIRST,
        RATE * FIRST,
        RATE * sympy.sqrt(SECOND),
        RATE / sympy.sqrt(SECOND),
    ),
    "epsilon": (
        EPSILON,
        EPSILON * sympy.sqrt(SECOND),  # outside the corrected root, as seen from the raw one
        EPSILON / sympy.sqrt(SECOND),
        EPSILON * SECOND,  # the same under the root
        EPSILON / SECOND,
    ),
    "weight_decay": (
        WEIGHT_DECAY,
        WEIGHT_DECAY * RATE,  # decay x rate, given to a rule that does not multiply by the rate
        WEIGHT_DECAY / RATE,
        WEIGHT_DECAY * sympy.sqrt(SECOND) / FIRST,
        WEIGHT_DECAY * FIRST / sympy.sqrt(SECOND),
        WEIGHT_DECAY * CORRECTED,
        WEIGHT_DECAY * sympy.sqrt(SECOND),
        WEIGHT_DECAY / sympy.sqrt(SECOND),
    ),
}
# What the second rule has and the first lacks: the value at which it does nothing.
IDLE: dict[str, Any] = {
    name: sympy.Rational(record.idle) for name, record in HYPERPARAMETERS.items() if record.idle
}
# The second rule's momentum buffer in terms of the first's, under the rate of the same step.
BUFFERS = (ONE, 1 / RATE, RATE)


def ways(name: str, first: Rule) -> tuple[Any, ...]:
    """The expressions that are tried for the second rule's hyperparameter ``name``.

    None where the first rule says nothing of it and no value makes it idle.
    """
    if name in first.hyperparameters:
        return WAYS.get(name, (GIVEN[name],))
    return (IDLE[name],) if name in IDLE else ()


def simple(expression: Any) -> bool:
    """Whether it is the same number at every step."""
    return not expression.has(FIRST, SECOND)
