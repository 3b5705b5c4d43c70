"""Proofs that a mutant is no mutant: its step is the documented one in real numbers."""

from __future__ import annotations

from typing import Any

import sympy

from optimizer_conformance.mutants.coefficients import FIRST_RATE, RATE_BEFORE
from optimizer_conformance.mutants.faults import Entered, Watched, WatchedValue
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.mutants.programs import (
    KEPT_AT_ZERO,
    LARGEST_FOR_INFINITE,
    SKIPPED_AT_ZERO,
    FrozenAverages,
    old_moments,
)
from optimizer_conformance.reference.numbers.symbolic import QUANTITIES, Symbolic, symbols
from optimizer_conformance.reference.numbers.system import MARKS
from optimizer_conformance.reference.rules import Rule

Equations = dict[str, Any]
GRADIENT = sympy.Symbol(QUANTITIES["gradient"], real=True)


class Inline(Symbolic):
    """Symbols in which a definition is put in wherever it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.clipped: dict[Any, Any] = {}

    def define(self, name: str, x: Any) -> Any:
        """The expression itself."""
        return x

    def clip(self, x: Any, c: Any) -> Any:
        """Remembers what was clipped."""
        found = super().clip(x, c)
        self.clipped[found] = x
        return found

    def sign(self, x: Any) -> Any:
        """A number has its sign on whichever side of a positive limit it lies."""
        return super().sign(self.clipped.get(x, x))


def one_step(rule: Rule, mutant: Mutant | None = None) -> Equations:
    """Parameter and state after a step, as expressions of those before it."""
    inline = Inline()
    num: Any = inline
    coefficients: Any = symbols(rule)
    values = {name: sympy.Symbol(symbol, real=True) for name, symbol in QUANTITIES.items()}
    if mutant and mutant.fault:
        num = Watched(inline, mutant.fault)
        values = {name: WatchedValue(num, value) for name, value in values.items()}
        coefficients = Entered(num, coefficients)
    state = {name: values[name] for name in rule.state}
    parameter, after = rule.step(
        coefficients, state, values["parameter"], values["gradient"], num=num
    )
    found = {**after, "parameter": parameter}
    return {name: getattr(value, "inner", value) for name, value in found.items()}


def starting(rule: Rule) -> Equations:
    """The same of the very first step, from the state before it."""
    values = {name: sympy.Symbol(symbol, real=True) for name, symbol in QUANTITIES.items()}
    num: Any = Inline()
    state = rule.initial_state(values["parameter"], num=num)
    hyper = symbols(rule, 1)
    parameter, after = rule.step(hyper, state, values["parameter"], values["gradient"], num=num)
    # Sums stand as they are written, and of 0 + 0 SymPy takes no common factor.
    return {name: value.doit() for name, value in {**after, "parameter": parameter}.items()}


def alike(mine: Equations, theirs: Equations) -> bool:
    """Whether two steps give the same parameter and the same state."""
    if mine.keys() != theirs.keys() or any(differ(mine[key], theirs[key]) for key in mine):
        return False
    return all(equal(mine[key], theirs[key]) for key in mine)


def frozen(rule: Rule) -> Any:
    """The parameter after a step that looks at averages and sums as they were before it."""
    values = {name: sympy.Symbol(symbol, real=True) for name, symbol in QUANTITIES.items()}
    state = {name: values[name] for name in rule.state}
    num: Any = FrozenAverages(Inline(), rule, state)
    return rule.step(symbols(rule), state, values["parameter"], values["gradient"], num=num)[0]


def equal(left: Any, right: Any) -> bool:
    """Whether two expressions are the same function."""
    if left == right:
        return True
    if differ(left, right):
        return False
    return bool(sympy.simplify(left - right) == 0)


def differ(left: Any, right: Any) -> bool:
    """Whether two expressions are not the same number at one of two points: cheaply told."""
    if left == right:
        return False
    difference = left - right
    known = sorted(difference.free_symbols, key=str)
    for order in (known, known[::-1]):
        point = {
            symbol: sympy.Rational(index + 2, 7 + 3 * index) for index, symbol in enumerate(order)
        }
        value = sympy.N(difference.subs(point), 30)
        if value.is_number and value != 0:
            return True
    return False


def limited(rule: Rule, step: Equations) -> bool:
    """Whether every gradient beyond a limit, infinite ones too, does what the limit does."""
    if rule.clipped is None:
        return False
    limit = symbols(rule).clip
    beyond = limit + sympy.Symbol("excess", nonnegative=True)
    return all(
        equal(value.subs(GRADIENT, sign * far), value.subs(GRADIENT, sign * limit))
        for value in step.values()
        for sign in (1, -1)
        for far in (beyond, sympy.oo)
    )


def first_step(rule: Rule) -> set[str]:
    """What tells a rule that a step is one of a kind, such as the first: no symbol shows it."""
    return MARKS.intersection(rule.coefficients)


def begin_otherwise(one: Rule, other: Rule) -> bool:
    """Whether the first steps of two rules are of a kind of their own, and not the same."""
    marked = first_step(one) | first_step(other)
    return bool(marked) and not alike(starting(one), starting(other))


def proof(rule: Rule, mutant: Mutant) -> str:  # noqa: PLR0911 - one a reason
    """Why a mutant of a rule is equivalent to it; empty where that was not proved."""
    right = one_step(rule)
    if mutant.forming in (RATE_BEFORE, FIRST_RATE):
        rate = symbols(rule).rate
        later = any(value.has(rate) for value in right.values())
        return "" if later else "after the first step the rule no longer looks at eta (SymPy)"
    if mutant.program is KEPT_AT_ZERO or (mutant.program is SKIPPED_AT_ZERO and not rule.state):
        kept = sympy.Symbol(QUANTITIES["parameter"], real=True)
        still = equal(right["parameter"].subs(GRADIENT, 0), kept)
        return "with g = 0 the rule gives w' = w (SymPy)" if still else ""
    if mutant.program is LARGEST_FOR_INFINITE:
        return "beyond c the rule no longer looks at g (SymPy)" if limited(rule, right) else ""
    if mutant.kind == "choice":
        if not mutant.rule.starts_like(rule) or begin_otherwise(rule, mutant.rule):
            return ""
        wrong = one_step(mutant.rule)
    elif mutant.program is old_moments:
        wrong = {**right, "parameter": frozen(rule)}
    elif mutant.fault and mutant.fault.effect != "late":
        wrong = one_step(rule, mutant)
    else:
        return ""
    if all(name in wrong and equal(right[name], wrong[name]) for name in right):
        return "the equations of the step are equal (SymPy)"
    return ""
