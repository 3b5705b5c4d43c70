"""Wrong rules, built from the pipeline's own data.

A mutant differs from a documented rule in one respect: a choice, a constant, a coefficient, one
operation of the step, or the course of the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

from optimizer_conformance.mutants.coefficients import (
    Forming,
    alterations,
    called,
    formed,
    scaled,
)
from optimizer_conformance.mutants.faults import Mutation, faults
from optimizer_conformance.mutants.programs import Program, plain, programs
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import IDEAL, Representation
from optimizer_conformance.reference.numbers.complex_bound import Squares
from optimizer_conformance.reference.numbers.hyper import FORMS
from optimizer_conformance.reference.numbers.precision import COMPONENTS
from optimizer_conformance.reference.numbers.system import COUNTED, FORMED_FROM, MARKS
from optimizer_conformance.reference.rules import FACTORS, Rule

# What a mutant with a stage that the rule lacks computes with: what does something.
BORROWED = {
    name: next(text for text in (record.usual, *record.drawn[""]) if text != record.idle)
    for name, record in HYPERPARAMETERS.items()
}
SIZES = tuple(range(1, 7))  # powers of ten: relative 1e-1 ... 1e-6
DERIVED = tuple(name for name in FORMS if name.startswith("one_minus_") or name in COUNTED - MARKS)
PREFIX = "the square of a complex gradient is "
HELD = {"rate": "learning rate", "scalars": "epsilon, momentum", "moments": "decay rates"}


@dataclass(frozen=True)
class Mutant:
    """One wrong rule.

    identifier  unique for one rule
    kind        choice, constant, coefficient, operation, course or storage
    choices     of the wrong rule
    factor      hyperparameter to what it is multiplied with
    squares     of complex gradients, where they are others than the rule's
    said        what it does as a sentence, where its choices and equations do not say it
    scaled      the derived coefficient that alone is off
    fault, forming, program, held, arithmetic  what else is done wrongly
    """

    identifier: str
    kind: str
    rule: Rule
    factor: tuple[tuple[str, Fraction], ...] = ()
    fault: Mutation | None = None
    forming: Forming = formed
    program: Program = plain
    held: Representation = IDEAL
    arithmetic: str = ""
    squares: Squares | None = None
    said: str = ""
    scaled: str = ""
    borrowed: dict[str, str] = field(default_factory=dict, hash=False)

    def decimals(self, given: dict[str, str]) -> dict[str, str]:
        """The hyperparameters that it computes with."""
        values = {**self.borrowed, **given}
        for name, factor in self.factor:
            values[name] = times(values[name], factor)
        return values

    def rates(self, given: list[str]) -> list[str]:
        """The learning rate of each step, where the case changes it."""
        factor = dict(self.factor).get("learning_rate", Fraction(1))
        return [times(rate, factor) for rate in given]


def times(decimal: str, factor: Fraction) -> str:
    """A hyperparameter multiplied exactly; a fraction is as good as a decimal to the reference."""
    return str(Fraction(decimal) * factor)


def mutants(
    rule: Rule, decimals: dict[str, str], dtype: str, squares: Squares = "plain"
) -> list[Mutant]:
    """Every mutant of a rule whose hyperparameters are named in ``decimals``.

    ``squares`` are the rule's own; they matter where ``dtype`` is complex.
    """
    found = [
        *square_mutants(rule, dtype, squares),
        *choice_mutants(rule, dtype),
        *constant_mutants(rule, decimals),
        *coefficient_mutants(rule, decimals),
        *operation_mutants(rule, decimals),
        *course_mutants(rule, decimals, dtype),
        *storage_mutants(rule, decimals, dtype),
    ]
    assert len({mutant.identifier for mutant in found}) == len(found)
    return found


def square_mutants(rule: Rule, dtype: str, squares: Squares) -> Iterator[Mutant]:
    """Another square of a complex number."""
    if dtype in COMPONENTS:
        for other in get_args(Squares):
            if other != squares:
                words = f"squares of complex numbers: {other}, not {squares}"
                said = f"{PREFIX}{other}; the document says {squares}"
                yield Mutant(words, "choice", rule, squares=other, said=said)


def choice_mutants(rule: Rule, dtype: str) -> Iterator[Mutant]:
    """Each factor with each other value that leaves a rule; real numbers alone are compared."""
    for name, factor in FACTORS.items():
        if factor.given:
            continue
        for other in rule.neighbours(name):
            if dtype in COMPONENTS and other.real:
                continue
            words = f"{factor.words(other[name])}, not {factor.says[rule[name]]}"
            yield Mutant(words, "choice", other, borrowed=BORROWED)


def used(rule: Rule, decimals: dict[str, str]) -> list[str]:
    """The hyperparameters that a rule has."""
    return [name for name in decimals if name in rule.hyperparameters]


def factors(value: Fraction, *, below_one: bool = False) -> Iterator[tuple[str, Fraction]]:
    """1 ± 10^-1 … 1 ± 10^-6; a decay rate stays below one."""
    for size in SIZES:
        for sign in (1, -1):
            factor = 1 + sign * Fraction(Decimal(10) ** -size)
            if not below_one or value * factor < 1:
                yield f"1 {'+' if sign > 0 else '-'} 1e-{size}", factor


def constant_mutants(rule: Rule, decimals: dict[str, str]) -> Iterator[Mutant]:
    """Each hyperparameter off by a relative 10^-1 … 10^-6, to either side."""
    for name in used(rule, decimals):
        below_one = HYPERPARAMETERS[name].share
        for words, factor in factors(Fraction(99, 100), below_one=below_one):
            said = f"{called(name)} is multiplied with {float(factor):.10g}"
            pair = ((name, factor),)
            yield Mutant(f"{name} × ({words})", "constant", rule, factor=pair, said=said)


def coefficient_mutants(rule: Rule, decimals: dict[str, str]) -> Iterator[Mutant]:
    """Coefficients formed wrongly, and the derived ones off on their own."""
    present = set(rule.coefficients)
    for words, one in alterations(present).items():
        yield Mutant(words, "coefficient", rule, forming=one.form, said=one.said)
    for name in DERIVED:
        if name in present:
            for words, factor in factors(Fraction(1, 2)):
                yield Mutant(
                    f"{name} alone × ({words})",
                    "coefficient",
                    rule,
                    forming=scaled(name, factor),
                    said=f"{called(name)} is off by a factor of {words}",
                    scaled=name,
                )


def operation_mutants(rule: Rule, decimals: dict[str, str]) -> Iterator[Mutant]:
    """Each operation of a step done wrongly in each way."""
    for fault in faults(rule, decimals):
        yield Mutant(str(fault), "operation", rule, fault=fault)


def course_mutants(rule: Rule, decimals: dict[str, str], dtype: str) -> Iterator[Mutant]:
    """Right stages in a wrong course."""
    for words, wrong in programs(rule, dtype).items():
        if not (dtype in COMPONENTS and wrong.extreme):
            said = wrong.said or words
            yield Mutant(words, wrong.kind, rule, program=wrong.program, said=said)


def storage_mutants(rule: Rule, decimals: dict[str, str], dtype: str) -> Iterator[Mutant]:
    """Coefficients, or all arithmetic, in a format that is too narrow."""
    narrow = {"float64": ("float32", "bfloat16"), "float32": ("bfloat16", "float16")}
    for format_ in narrow.get(dtype, ()):
        words = f"all arithmetic in {format_}"
        yield Mutant(words, "storage", rule, arithmetic=format_, said=words)
    if dtype == "bfloat16":
        return
    for name, words in HELD.items():
        fields = ("scalars", "momentum") if name == "scalars" else (name,)
        if not any(HYPERPARAMETERS[each].held in fields for each in used(rule, decimals)):
            continue
        formats: dict[str, Any] = dict.fromkeys(fields, "bfloat16")
        held = Representation(**formats)
        said = f"{words} is held in bfloat16"
        yield Mutant(f"{words} held in bfloat16", "storage", rule, held=held, said=said)
    formed = COUNTED.intersection(rule.coefficients) - MARKS
    if any(FORMED_FROM.get(name, (name,)) for name in formed):
        held = Representation(correction="bfloat16")
        said = "bias correction is formed in bfloat16"
        yield Mutant("bias correction formed in bfloat16", "storage", rule, held=held, said=said)


__all__ = ["Mutant", "mutants"]
