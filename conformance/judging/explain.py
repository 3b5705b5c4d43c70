"""What an implementation really computes: the rule that explains its answers, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, product

import numpy as np

from optimizer_conformance.cases.case import MAIN_DTYPE
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import Answer, question_for
from optimizer_conformance.judging.oracle import Oracle, inputs_of, ordinary
from optimizer_conformance.judging.verdict import contradicted
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import FACTORS, Impossible, Rule
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reports.records import Cause

# Modes in which a rule's formula is in question, not its defaults or who is exempt from decay.
FORMULA_MODES = (
    "injected",
    "origin",
    "trajectory",
    "rate-change",
    "restored",
    "separation",
)
SINGLE = "float64 parameters are computed in float32"
NO_MORE_EXACT = "float64 parameters come out no more exact than in float32"
NO_RULE = "no documented rule and none that differs from the claimed one in two choices explains it"


@dataclass(frozen=True)
class Explanation:
    """The rule that explains every answer, and the documented variant that states it, if any.

    partly  it explains only those elements that the claimed rule does not
    """

    rule: Rule | None
    nearest: str = ""
    partly: bool = False

    @property
    def cause(self) -> Cause:
        """What a deviation is put down to where the rule departs from a document."""
        if self.rule is None:
            return Cause.unexplained
        return Cause.partly if self.partly else Cause.rule

    def why(self, documented: Variant) -> str:
        """Where the rule departs from a document, in words; empty when it does not."""
        if self.rule is None:
            return NO_RULE
        words = difference(self.rule, documented.rule)
        return f"some elements, by their place: {words}" if self.partly and words else words


Answers = list[tuple[Unit, Answer]]


def explain(
    oracle: Oracle, claimed: Variant, answers: Answers, others: list[Variant]
) -> Explanation:
    """The first rule that no answer contradicts: documented ones, then neighbours of the claim.

    ``answers`` that contradict the claim come first.  A rule is named only from answers in the main
    dtype: in others the range and the representation blur the differences.  Where none explains
    every element, one is sought for the elements that the claimed rule leaves over.
    """
    usable = [pair for pair in answers if pair[0].case.mode in FORMULA_MODES]
    main = [pair for pair in usable if pair[0].case.dtype == MAIN_DTYPE] or usable
    if not main:
        return Explanation(None)
    documented = [Explanation(item.rule, item.identifier) for item in (claimed, *others)]
    complex_ = any(unit.case.width > 1 for unit, _ in main)
    rules = (rule for rule in neighbours(claimed.rule) if not (complex_ and rule.real))
    hypotheses = [Explanation(rule) for rule in rules]
    found: dict[Rule | None, Explanation] = {}
    for item in (*documented, *hypotheses):
        found.setdefault(item.rule, item)
    # The fewest differences first; a documented rule before one that nobody states.
    candidates = sorted(found.values(), key=lambda item: distance(claimed, item))
    left = [left_over(oracle, claimed, Explanation(claimed.rule), pair) for pair in main]

    def promises(candidate: Explanation) -> bool:
        return any(
            promised(oracle, claimed, candidate, pair, mask)
            for mask, pair in zip(left, main, strict=True)
        )

    contradicted_ = any(mask.any() for mask in left)
    for candidate in candidates:
        if not any(left_over(oracle, claimed, candidate, pair).any() for pair in main) and (
            not contradicted_ or promises(candidate)
        ):
            return candidate
    for candidate in candidates:
        if not any(
            (mask & left_over(oracle, claimed, candidate, pair)).any()
            for mask, pair in zip(left, main, strict=True)
        ) and promises(candidate):
            return replace(candidate, partly=True)
    return Explanation(None)


def promised(
    oracle: Oracle, claimed: Variant, candidate: Explanation, pair: tuple[Unit, Answer], mask: Array
) -> bool:
    """Whether a candidate says anything of some element in ``mask``.

    A rule that is ill-posed there (0 / 0, where a lone element is centralised) contradicts nothing
    and explains nothing.
    """
    unit, answer = pair
    assert candidate.rule is not None
    question = question_for(replace(claimed, rule=candidate.rule), unit, answer.defaults)
    error = oracle.table(question).error
    return bool((np.isfinite(error).all(axis=0) & mask).any())


def distance(claimed: Variant, candidate: Explanation) -> int:
    """In how many choices a candidate differs from the claimed rule."""
    assert candidate.rule is not None
    return len(claimed.rule.differences(candidate.rule))


def left_over(
    oracle: Oracle, claimed: Variant, candidate: Explanation, pair: tuple[Unit, Answer]
) -> Array:
    """The elements of one answer that a candidate contradicts, in state or in parameters.

    Where the range ends, implementations of one rule differ: those elements name no rule.
    """
    unit, answer = pair
    assert candidate.rule is not None
    question = question_for(replace(claimed, rule=candidate.rule), unit, answer.defaults)
    found: Array = contradicted(oracle, question, answer.observed) & ordinary(unit.case)
    return found


@lru_cache(maxsize=256)
def neighbours(rule: Rule) -> tuple[Rule, ...]:
    """Rules that differ in one factor, then in two, and keep and take the same."""
    return tuple(_neighbours(rule))


def _neighbours(rule: Rule) -> Iterator[Rule]:
    options = {name: factor.values for name, factor in FACTORS.items() if not factor.given}
    for count in (1, 2):
        for names in combinations(options, count):
            for values in product(*(options[name] for name in names)):
                try:
                    other = rule.having(**dict(zip(names, values, strict=True)))
                except Impossible:
                    continue
                if len(rule.differences(other)) == count and alike(other, rule):
                    yield other


def alike(other: Rule, rule: Rule) -> bool:
    """Whether a rule keeps what another keeps, and takes nothing that the other does not take."""
    return tuple(other.state) == tuple(rule.state) and set(rule.hyperparameters).issuperset(
        other.hyperparameters
    )


def narrowed(oracle: Oracle, variant: Variant, unit: Unit, answer: Answer) -> str:
    """What a float64 answer is that float32 arithmetic explains, in words; empty where it does not.

    Computed in float32 are numbers of that format: the parameters, or the first steps of those
    that stood at zero.  Others come out no more exact: scalars in float32 are enough for that.
    """
    question = question_for(variant, unit, answer.defaults)
    middle = ordinary(unit.case)
    alone = contradicted(oracle, replace(question, working="float32"), answer.observed)
    if (alone & middle).any():
        return ""
    start = np.concatenate([np.ravel(p.value) for p in inputs_of(unit.case).parameters])
    observed = answer.observed["parameter"]
    row = question.quantities.index("parameter")
    due = oracle.table(question).value[row :: len(question.quantities)]
    for step, where in ((-1, middle), (0, middle & (start == 0))):
        values = observed[step]
        with np.errstate(over="ignore"):
            telling = where & np.isfinite(values) & (due[step] != due[step].astype(np.float32))
            if telling.any() and (values == values.astype(np.float32))[telling].all():
                return SINGLE
    return NO_MORE_EXACT
