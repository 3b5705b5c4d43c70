"""Proofs that a limit on the gradient changes no parameter: only signs of it are looked at."""

from __future__ import annotations

from typing import Any

import sympy

from optimizer_conformance.mutants.equivalence import Equations, Inline
from optimizer_conformance.reference.numbers.symbolic import QUANTITIES, STEP, choose, symbols
from optimizer_conformance.reference.rules import Rule


class Signs(Inline):
    """Symbols of which signs are taken factor by factor, and limits and signs case by case."""

    def clip(self, x: Any, c: Any) -> Any:
        """Each case within the limit; zero is."""
        if isinstance(x, choose):
            return self.by_case(x, lambda case: self.clip(case, c))
        return super().clip(x, c) if x != 0 else x

    def sign(self, x: Any) -> Any:
        """The sign of each case, and the product of the factors' signs."""
        if isinstance(x, choose):
            return self.by_case(x, self.sign)
        if isinstance(x, sympy.Mul):
            return sympy.Mul(*map(self.sign, x.args))
        return super().sign(x)

    def choose(self, x: Any, below: Any, zero: Any, above: Any) -> Any:
        """By the sign of x, and nothing else of it."""
        return super().choose(self.sign(x), below, zero, above)

    def by_case(self, x: Any, change: Any) -> Any:
        """The choice among what becomes of its cases."""
        decided, *cases = x.args
        return super().choose(decided, *map(change, cases))


def limited_alike(one: Rule, other: Rule) -> bool:
    """Whether two rules differ in a limit alone, and no parameter shows it at any step.

    By induction: what the one remembers is what the other does, or that within the limit.  It is so
    at the start, where both are zero, and a step from there leaves it so: the equations are, as
    they are written, the same.
    """
    if one.differences(other) != ["clip"]:
        return False
    limited, free = (one, other) if one["clip"] else (other, one)
    num, limit = Signs(), symbols(limited).clip
    values = {name: sympy.Symbol(symbol, real=True) for name, symbol in QUANTITIES.items()}
    for count in (1, STEP):
        theirs = stepped(free, num, values, count)
        mine = stepped(limited, num, values, count)
        apart = {name for name in mine if mine[name] != theirs[name]}
        if "parameter" in apart or any(free.state[name].start != "0" for name in apart):
            return False
        within = {name: num.clip(values[name], limit) for name in apart}
        mine = stepped(limited, num, {**values, **within}, count)
        bounded = {name: num.clip(theirs[name], limit) for name in apart}
        if mine != {**theirs, **bounded}:
            return False
    return True


def stepped(rule: Rule, num: Any, values: Equations, count: Any) -> Equations:
    """Parameter and state after a step from these values."""
    state = {name: values[name] for name in rule.state}
    found, after = rule.step(
        symbols(rule, count), state, values["parameter"], values["gradient"], num=num
    )
    return {**after, "parameter": found}
