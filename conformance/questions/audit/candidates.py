"""What may be the cause: wrong rules near the document's, other rules, and the table of causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import numpy as np

from optimizer_conformance.mutants.causes import CAUSES, KnownCause, Place, placed, wrong_rules
from optimizer_conformance.mutants.mutants import Mutant, mutants
from optimizer_conformance.mutants.programs import NARROWER, Course, Program, narrowing, plain
from optimizer_conformance.questions.audit import words
from optimizer_conformance.questions.audit.evidence import Candidate, Testimony, of_mutant
from optimizer_conformance.reference.numbers import Hyper
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule, State
from optimizer_conformance.reference.variants import VARIANTS, Variant

ROUNDS = 12  # of a search for a number: each doubles its digits near the end
SLOPE = 1e-3  # of the number: over less, what is seen of it may be rounding
FITTING = 1e-3  # of the deviation may be left unexplained where a number has been found
Value = object


def listed(variant: Variant, evidence: Testimony) -> Iterator[Candidate]:
    """Every wrong rule that needs no number to be sought, the most telling kinds first."""
    decimals, rule = dict(evidence.question.decimals), variant.rule
    yield from others(variant, decimals)
    for cause in CAUSES:
        for number, _ in wrong_rules(cause, rule):
            yield of_cause(cause, rule, number)
    wrong = [
        m for m in mutants(rule, decimals, evidence.question.case.dtype) if m.kind != "constant"
    ]
    # What a whole step does late is said in plainer words than what one of its operations does.
    for mutant in sorted(wrong, key=words.late):
        yield of_mutant(mutant, partial(words.sentence, mutant, rule))
    for mutant in kept_narrow(rule, evidence.question.case.dtype):
        yield of_mutant(mutant, partial(words.sentence, mutant, rule))


def of_cause(cause: KnownCause, rule: Rule, number: Fraction) -> Candidate:
    """A row of the table with its number."""
    return Candidate(
        "cause",
        partial(placed, cause, rule, number),
        partial(cause.said, number),
        cause.apart,
        cause.sent,
        cause.words,
    )


def others(variant: Variant, decimals: dict[str, str]) -> Iterator[Candidate]:
    """Documented rules of any family that get along with the numbers that were sent."""
    found: dict[Rule, Variant] = {variant.rule: variant}
    for other in VARIANTS.values():
        fits = set(other.rule.hyperparameters) <= set(decimals) and not other.rule.shaped
        if fits and other.rule not in found:
            found[other.rule] = other
            mutant = Mutant(f"the rule of {other.identifier}", "rule", other.rule)
            yield of_mutant(mutant, partial(words.another, other, variant))


def sought(variant: Variant, sample: Testimony) -> Iterator[Candidate]:
    """Causes of the table with the number that makes them fit a sample."""
    for cause in CAUSES:
        if not cause.sought:
            continue
        make = partial(of_cause, cause, variant.rule)
        tried = [number for number, _ in wrong_rules(cause, variant.rule)]
        if tried and (near := fitted(cause, variant.rule, make, tried, sample)) is not None:
            room = (n for n in simple(near) if cause.make(variant.rule, n, Place()) is not None)
            yield from map(make, room)


def fitted(
    cause: KnownCause,
    rule: Rule,
    make: Callable[[Fraction], Candidate],
    tried: list[Fraction],
    sample: Testimony,
) -> float | None:
    """The number with which a cause leaves least unexplained, by Gauss-Newton from the best."""
    where = sample.bad & np.isfinite(sample.away)
    scale = sample.away[where]

    def residual(number: float) -> Array:
        value = Fraction(number)
        if cause.make(rule, value, Place()) is None:
            return np.full(scale.size, np.inf)
        found: Array = (sample.observed - sample.values(make(value)))[where] / scale
        return np.where(np.isfinite(found), found, 1e9)

    def cost(number: float) -> float:
        return float(np.median(np.abs(residual(number)))) if scale.size else np.inf

    current = min((float(number) for number in tried), key=cost)
    least = cost(current)
    for _ in range(ROUNDS):
        small = SLOPE * (abs(current) or 1.0)
        slope = (residual(current + small) - residual(current - small)) / (2 * small)
        usable = np.isfinite(slope) & (np.abs(slope) > 0)
        if not usable.any():
            break
        step = float(np.median(-residual(current)[usable] / slope[usable]))
        step = float(np.clip(step, -0.9 * abs(current), 3 * abs(current) or 1.0))
        for _ in range(5):
            if (now := cost(current + step)) < least:
                break
            step /= 2
        else:
            break
        current, least = current + step, now
    return current if least < FITTING else None


def simple(number: float) -> Iterator[Fraction]:
    """Numbers that a person would have written near one that was found, the simplest first."""
    found: dict[Fraction, None] = {}
    for digits in range(6):
        found[Fraction(f"{number:.{digits}e}")] = None
    for most in (4, 16, 64):
        found[Fraction(number).limit_denominator(most)] = None
    near = [value for value in found if abs(value - Fraction(number)) <= abs(number) * 1e-3]
    yield from near


def kept_narrow(rule: Rule, dtype: str) -> Iterator[Mutant]:
    """A state tensor rounded to a narrower format before the step goes on with it."""
    for narrow in NARROWER[dtype]:
        for name in rule.state:
            words_ = f"{name} kept in {narrow}"
            said = f"{words.readable(name)} is kept in {narrow}"
            yield Mutant(words_, "storage", rule, program=narrowed(name, narrow), said=said)


def narrowed(name: str, dtype: str) -> Program:
    """The step in a number system that rounds one quantity where it is defined."""

    def program(
        course: Course, rule: Rule, hyper: Hyper, state: State, w: object, g: object
    ) -> tuple[object, State]:
        around = course.around(Defining(course, name, narrowing(dtype)))
        return plain(around, rule, hyper, state, w, g)

    return program


class Defining:
    """A number system in which one quantity is changed where it is defined."""

    def __init__(self, course: Course, name: str, change: Callable[[Array], Array]) -> None:
        self.course, self.name, self.change = course, name, change

    def __getattr__(self, name: str) -> object:
        return getattr(self.course.num, name)

    def define(self, name: str, x: object) -> object:
        """As the inner system does, and rounded."""
        found = self.course.num.define(name, x)
        return self.course.apply(self.change, found) if name == self.name else found
