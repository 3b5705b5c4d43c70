"""What is wrong, said in words: each wrong rule as one sentence that a person understands."""

from __future__ import annotations

from typing import Any

import sympy

from optimizer_conformance.mutants.faults import Entered, Watched, WatchedValue
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.reference.numbers.symbolic import (
    QUANTITIES,
    Symbolic,
    definitions,
    equations,
    printed,
    symbols,
)
from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.variants import Variant


def readable(name: str) -> str:
    """A canonical name as prose has it."""
    return name.replace("_", " ")


def choice(observed: Rule, documented: Rule) -> list[str]:
    """One sentence for each choice in which a rule departs from a document."""
    found = []
    for name in observed.differences(documented):
        factor = FACTORS[name]
        stated = factor.says[documented[name]]
        found.append(f"{factor.sentence(observed[name])}; the document says {stated}")
    return found


def another(other: Variant, variant: Variant) -> str:
    """That it is another rule, and how that goes."""
    steps = ", ".join(text for text, _ in equations(other.rule))
    return (
        f"it is another rule, that of {other.identifier}: {steps}; {variant.identifier} has "
        + ", ".join(text for text, _ in equations(variant.rule))
    )


def sentence(mutant: Mutant, documented: Rule) -> str:
    """What a wrong rule does, and what the document says instead."""
    if mutant.said:
        return mutant.said
    if mutant.fault is not None:
        return operation(mutant, documented)
    return "; ".join(choice(mutant.rule, documented))


def late(mutant: Mutant) -> bool:
    """Whether one operation takes what was due a step before."""
    return mutant.fault is not None and mutant.fault.effect == "late"


def operation(mutant: Mutant, documented: Rule) -> str:
    """The equations in which a wrong step departs from the right one."""
    right = dict(zip(*numbered(definitions(documented)), strict=True))
    wrong = dict(zip(*numbered(faulty(mutant)), strict=True))
    pairs = [(wrong[key], right.get(key, "")) for key in wrong if wrong[key] != right.get(key)]
    if not pairs:
        return readable(str(mutant.fault))
    if late(mutant):  # as printed, it is the first step, in which nothing comes yet
        return "; ".join(
            f"in {stated}, what is new is that of the step before" for _, stated in pairs
        )
    return "; ".join(
        f"it computes {done}; the document says {stated}" if stated else f"it computes {done}"
        for done, stated in pairs
    )


def numbered(steps: Any) -> tuple[list[str], list[str]]:
    """The symbols that are defined, and each definition as text."""
    return [str(symbol) for symbol, _ in steps], [text for text, _ in printed(steps)]


def faulty(mutant: Mutant) -> list[tuple[sympy.Symbol, Any]]:
    """A wrong step as symbols and what defines them."""
    inner = Symbolic()
    num: Any = Watched(inner, mutant.fault)
    values = {
        name: WatchedValue(num, sympy.Symbol(symbol, real=True))
        for name, symbol in QUANTITIES.items()
    }
    state = {name: values[name] for name in mutant.rule.state}
    coefficients = Entered(num, symbols(mutant.rule))
    mutant.rule.step(coefficients, state, values["parameter"], values["gradient"], num=num)
    return inner.steps
