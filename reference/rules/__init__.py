"""Rules of stages: what happens to a gradient on its way to the parameter.

A rule is a row of slots, in the order in which a step passes them; what stands in a slot is a
frozen record, a *stage*, that owns its choices, its state, its hyperparameters, its words and its
formula.  Every formula is written once, over a *number system* (:mod:`reference.numbers`): float64
arrays give the reference value, running bounds the tolerance, SymPy symbols the printed formula.

A documented variant, a mutant and a hypothesis about an implementation differ in nothing but their
rule.  In which respects two rules can differ, their *factors* say (:mod:`reference.rules.factors`).
"""

from optimizer_conformance.reference.numbers.system import Number
from optimizer_conformance.reference.rules.rule import (
    ADABELIEF,
    ADADELTA,
    ADAGRAD,
    ADAGRAD_DA,
    ADAM,
    ADAMAX,
    ADAN,
    ADEMAMIX,
    ADOPT,
    ASGD,
    FACTORS,
    FAMILIES,
    FTRL,
    LION,
    NADAM,
    NADAM_FIXED,
    NADAM_STEADY,
    NOVOGRAD,
    RADAM,
    RMSPROP,
    ROWWISE_ADAGRAD,
    RPROP,
    SGD,
    SIGNSGD,
    SIGNUM,
    STATE,
    SYMBOLS,
    YOGI,
    Impossible,
    Rule,
    State,
    extent,
    possible,
    taken,
    typical,
)
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk

__all__ = [
    "ADABELIEF",
    "ADADELTA",
    "ADAGRAD",
    "ADAGRAD_DA",
    "ADAM",
    "ADAMAX",
    "ADAN",
    "ADEMAMIX",
    "ADOPT",
    "ASGD",
    "FACTORS",
    "FAMILIES",
    "FTRL",
    "LION",
    "NADAM",
    "NADAM_FIXED",
    "NADAM_STEADY",
    "NOVOGRAD",
    "RADAM",
    "RMSPROP",
    "ROWWISE_ADAGRAD",
    "RPROP",
    "SGD",
    "SIGNSGD",
    "SIGNUM",
    "STATE",
    "SYMBOLS",
    "YOGI",
    "Impossible",
    "Kept",
    "Number",
    "Rule",
    "Stage",
    "State",
    "Walk",
    "extent",
    "possible",
    "taken",
    "typical",
]
