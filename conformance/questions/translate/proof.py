"""Whether two rules take the same steps: refuted by balls, or proved by induction with SymPy.

Two rules with hyperparameters related by expressions walk together if a relation between their
states survives every step.  The relation is: equal averages, and momentum buffers that differ by a
factor.  One symbolic step of the pipeline on both sides shows that it survives, whatever the
gradient, the state, and the step (the bias corrections are free symbols); where the states start
is looked at besides.  Before that, one step is evaluated on balls: results that do not meet refute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

import flint
import sympy

from optimizer_conformance.questions.translate.systems import ClosedForms, Plain
from optimizer_conformance.questions.translate.transformations import (
    BUFFERS,
    FIRST,
    GIVEN,
    RATE,
    SECOND,
    simple,
    ways,
)
from optimizer_conformance.reference.numbers.ball import BITS, working_bits
from optimizer_conformance.reference.numbers.hyper import Hyper
from optimizer_conformance.reference.numbers.system import BEGUN, FORMED_FROM
from optimizer_conformance.reference.rules import STATE, Rule, Stage

BEFORE = sympy.Symbol("previous_learning_rate", positive=True)
# Values at which two formulas are compared: any will do; these have no relation to each other.
POINTS = ("7/5", "3/11", "13/17", "5/19", "23/29", "2/31", "37/41", "43/7", "1/47", "11/53")


@dataclass(frozen=True)
class Relation:
    """How the second rule's hyperparameters follow from the first's.

    expressions  canonical name to an expression in the symbols of the transformations
    buffer       the second rule's momentum buffer is this times the first's
    schedules    whether it also holds while the learning rate changes from step to step
    state        state that has to be put in before the first step: name to decimal
    """

    expressions: Mapping[str, Any]
    buffer: Any
    schedules: bool = False
    state: Mapping[str, str] = field(default_factory=dict)

    @property
    def changing(self) -> tuple[str, ...]:
        """The hyperparameters that take another value at every step."""
        return tuple(name for name, found in self.expressions.items() if not simple(found))


def relation(
    first: Rule, second: Rule, zero: frozenset[str], *, state: bool = True
) -> Relation | None:
    """The simplest way to make ``second`` take the steps of ``first``, or None.

    ``zero`` are the first rule's hyperparameters that are zero (an epsilon of 0 has no place).
    Without ``state`` the states must start alike by themselves.
    """
    if shaped(first) != shaped(second):
        return None  # a mean over other elements: no scalar rule can stand for it
    start = {
        name: tensor.start
        for name, tensor in first.state.items()
        if name in second.state and second.state[name].start != tensor.start
    }
    if start and not state:
        return None
    for expressions, buffer in candidates(first, second):
        if refuted(first, second, expressions, buffer, zero):
            continue
        if proved(first, second, expressions, buffer, zero, changing=False):
            schedules = proved(first, second, expressions, buffer, zero, changing=True)
            return Relation(expressions, buffer, schedules, start)
    return None


def candidates(first: Rule, second: Rule) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every combination of the transformations, those with fewer and simpler changes first."""
    names = second.hyperparameters
    options = [ways(name, first) for name in names]
    both = first.buffer and second.buffer
    found = [
        (dict(zip(names, chosen, strict=True)), buffer)
        for chosen in product(*options)
        for buffer in (BUFFERS if both else BUFFERS[:1])
    ]

    def cost(candidate: tuple[dict[str, Any], Any]) -> tuple[int, int]:
        every = candidate[0].values()
        return (
            sum(not simple(expression) for expression in every),
            sum(not expression.is_Atom for expression in (*every, candidate[1])),
        )

    yield from sorted(found, key=cost)


def steps(first: Rule, second: Rule, *given: Any, **named: Any) -> Iterator[tuple[Any, Any]]:
    """One step of both rules from related states: pairs that must be equal.

    A rule that does something else in its first step takes that one too.
    """
    marks = (True, False) if BEGUN in {*first.coefficients, *second.coefficients} else (True,)
    for begun in marks:
        yield from steps_of(first, second, *given, begun=begun, **named)


def steps_of(
    first: Rule,
    second: Rule,
    expressions: Mapping[str, Any],
    buffer: Any,
    values: Mapping[str, Any],
    evaluate: Any,
    num: Any,
    previous: Any,
    *,
    begun: bool,
) -> Iterator[tuple[Any, Any]]:
    """The same for the first step, or for one of the others.

    ``values`` holds what the first rule's symbols and quantities are; ``evaluate`` makes a number
    of an expression; ``previous`` is the learning rate of the step before.
    """
    one = evaluate(sympy.Integer(1))

    def coefficients(rule: Rule, value: Any) -> Hyper:
        exact = {name: value(name) for name in rule.hyperparameters}
        beta1 = exact.get("beta1")
        # What changes with the step is some function of these; a proof does not ask which.
        scheduled = {
            name: sum(((place + 2 + shift) * exact[h] for shift, h in enumerate(of)), start=one)
            for place, (name, of) in enumerate(FORMED_FROM.items())
            if name in rule.coefficients
        }
        return Hyper(num, exact, None).replaced(
            # 1 - 0^t is 1, whatever else the corrections are.
            correction1=one if beta1 is None or beta1 == 0 else values["c1"],
            correction2=values["c2"],
            **{**scheduled, BEGUN: one if begun else None},
        )

    own = {name: values[f"{name}_"] for name in first.state}
    other = {
        name: own.get(name, values[f"{name}_"]) for name in second.state
    }  # what the first lacks is multiplied by zero: any number will do
    if "momentum" in own and "momentum" in other:
        other["momentum"] = evaluate(buffer.subs(RATE, previous)) * own["momentum"]
    after_first, state_first = first.step(
        coefficients(first, lambda name: values[name]),
        own,
        values["parameter"],
        values["gradient"],
        num=num,
    )
    after_second, state_second = second.step(
        coefficients(second, lambda name: evaluate(expressions[name])),
        other,
        values["parameter"],
        values["gradient"],
        num=num,
    )
    yield after_first, after_second
    for name, value in state_first.items():
        if name in state_second:
            factor = evaluate(buffer) if name == "momentum" else one
            yield factor * value, state_second[name]


def shaped(rule: Rule) -> list[Stage]:
    """Its stages that look at more than one element at a time."""
    return [stage for stage in rule.stages if stage.shaped]


def refuted(
    first: Rule, second: Rule, expressions: Mapping[str, Any], buffer: Any, zero: frozenset[str]
) -> bool:
    """Whether exact results of one step from related states certainly differ."""
    num = Plain()
    with working_bits(BITS):
        values = points(zero)

        def evaluate(expression: Any) -> Any:
            return compiled(expression)(*(values[name] for name in ARGUMENTS))

        pairs = steps(first, second, expressions, buffer, values, evaluate, num, previous=RATE)
        return any(a.is_finite() and b.is_finite() and not a.overlaps(b) for a, b in pairs)


ARGUMENTS = (*GIVEN, "c1", "c2")


@lru_cache(maxsize=256)
def compiled(expression: Any) -> Any:
    """An expression as a function of balls, in the order of ``ARGUMENTS``."""

    def number(node: Any) -> Any:
        if node.is_Rational:
            return flint.arb(flint.fmpq(int(node.p), int(node.q)))
        raise TypeError(node)

    def built(node: Any, values: Mapping[str, Any]) -> Any:
        if node.is_Symbol:
            return values[node.name]
        if node.is_Mul:
            result = flint.arb(1)
            for part in node.args:
                result *= built(part, values)
            return result
        if node.is_Pow:
            base = built(node.base, values)
            return (
                base.sqrt() ** int(2 * node.exp)
                if not node.exp.is_Integer
                else base ** int(node.exp)
            )
        return number(node)

    return lambda *values: built(expression, dict(zip(ARGUMENTS, values, strict=True)))


def points(zero: frozenset[str]) -> dict[str, Any]:
    """A ball for every symbol and quantity."""
    names = (*ARGUMENTS, "parameter", "gradient", *STATES)
    values = {}
    for index, name in enumerate(names):
        numerator, _, denominator = POINTS[index % len(POINTS)].partition("/")
        shift = index // len(POINTS)
        exact = flint.fmpq(int(numerator) + shift, int(denominator))
        values[name] = flint.arb(0) if name in zero else flint.arb(exact)
    # The centred form needs a second moment far above the squared mean, corrected or not.
    values["second_moment_"] = flint.arb(10**6)
    # Nothing is learned of a step that a limit cuts, nor of a number that a threshold takes whole.
    values["least_step"], values["largest_step"] = flint.arb(10) ** -6, flint.arb(10**6)
    values["l1"] /= 1000
    return values


STATES = tuple(f"{name}_" for name in STATE)


def proved(
    first: Rule,
    second: Rule,
    expressions: Mapping[str, Any],
    buffer: Any,
    zero: frozenset[str],
    *,
    changing: bool,
) -> bool:
    """Whether the relation survives one step, for every state, gradient and step count."""
    nothing = {GIVEN[name]: sympy.Integer(0) for name in zero if name in GIVEN}
    values: dict[str, Any] = {
        **{name: symbol.subs(nothing) for name, symbol in GIVEN.items()},
        "c1": FIRST,
        "c2": SECOND,
        **{
            name: sympy.Symbol(f"{name}'", positive="second" in name, real=True)
            for name in ("parameter", "gradient", *STATES)
        },
    }
    pairs = steps(
        first,
        second,
        expressions,
        buffer,
        values,
        lambda expression: expression.subs(nothing),
        ClosedForms(),
        previous=BEFORE if changing else RATE,
    )
    return all(equal(a, b) for a, b in pairs)


def equal(a: Any, b: Any) -> bool:
    """Whether two expressions are certainly the same function."""
    above, _ = sympy.fraction(sympy.together(a - b))
    return bool(sympy.expand(above) == 0)
