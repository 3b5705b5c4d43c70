"""What an implementation really computes: the rule that explains its answers, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import combinations, product
from typing import Any, get_args, get_type_hints

import numpy as np

from optimizer_conformance.cases.case import MAIN_DTYPE
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import Answer, question_for
from optimizer_conformance.judging.oracle import Oracle, ordinary
from optimizer_conformance.judging.verdict import contradicted
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.pipeline import Choices, consistent, state_names
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reference.words import difference

# Modes in which a rule's formula is in question, not its defaults or who is exempt from decay.
FORMULA_MODES = (
    "injected",
    "origin",
    "trajectory",
    "rate-change",
    "restored",
    "separation",
)
NO_RULE = "no documented rule and none that differs from the claimed one in two choices explains it"


@dataclass(frozen=True)
class Explanation:
    """The rule that explains every answer, and the documented variant that states it, if any.

    partly  it explains only those elements that the claimed rule does not
    """

    choices: Choices | None
    nearest: str = ""
    partly: bool = False

    def why(self, documented: Variant) -> str:
        """Where the rule departs from a document, in words; empty when it does not."""
        if self.choices is None:
            return NO_RULE
        words = difference(self.choices, documented.choices)
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
    documented = [Explanation(item.choices, item.identifier) for item in (claimed, *others)]
    hypotheses = [Explanation(choices) for choices in neighbours(claimed.choices)]
    found: dict[Choices | None, Explanation] = {}
    for item in (*documented, *hypotheses):
        found.setdefault(item.choices, item)
    # The fewest differences first; a documented rule before one that nobody states.
    candidates = sorted(found.values(), key=lambda item: distance(claimed, item))
    left = [left_over(oracle, claimed, Explanation(claimed.choices), pair) for pair in main]

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
    assert candidate.choices is not None
    question = question_for(replace(claimed, choices=candidate.choices), unit, answer.defaults)
    error = oracle.table(question).error
    return bool((np.isfinite(error).all(axis=0) & mask).any())


def distance(claimed: Variant, candidate: Explanation) -> int:
    """In how many choices a candidate differs from the claimed rule."""
    assert candidate.choices is not None
    return len(claimed.choices.differences(candidate.choices))


def left_over(
    oracle: Oracle, claimed: Variant, candidate: Explanation, pair: tuple[Unit, Answer]
) -> Array:
    """The elements of one answer that a candidate contradicts, in state or in parameters.

    Where the range ends, implementations of one rule differ: those elements name no rule.
    """
    unit, answer = pair
    assert candidate.choices is not None
    question = question_for(replace(claimed, choices=candidate.choices), unit, answer.defaults)
    found: Array = contradicted(oracle, question, answer.observed) & ordinary(unit.case)
    return found


def neighbours(choices: Choices) -> Iterator[Choices]:
    """Rules that differ in one choice, then in two; the moments that exist stay the same."""
    fixed = {"first_moment", "centered"}
    fixed |= {"momentum", "nesterov"} if choices.momentum == "none" else set()
    fixed |= {"weight_decay"} if choices.weight_decay == "none" else set()
    options = {name: values for name, values in alternatives().items() if name not in fixed}
    for count in (1, 2):
        for names in combinations(options, count):
            for values in product(*(options[name] for name in names)):
                other = replace(choices, **dict(zip(names, values, strict=True)))
                if len(choices.differences(other)) == count and alike(other, choices):
                    yield other


def alike(other: Choices, choices: Choices) -> bool:
    """Whether a neighbour is a rule at all, and has the same state tensors."""
    return consistent(other) and state_names(other) == state_names(choices)


def alternatives() -> dict[str, tuple[Any, ...]]:
    """Every value that each choice can take."""
    hints = get_type_hints(Choices)
    return {field.name: get_args(hints[field.name]) or (False, True) for field in fields(Choices)}
