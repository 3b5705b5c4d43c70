"""A step as questions to the oracle: cases of arrays that were given."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer_conformance.cases.given import GIVEN, GivenCase, given
from optimizer_conformance.cases.inputs import Input
from optimizer_conformance.judging.oracle import Question
from optimizer_conformance.questions.steps.names import GRADIENT, MASTER, PARAMETER
from optimizer_conformance.questions.steps.request import StepRequest
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule

TOGETHER = 1 << 15  # elements that are judged at once: what stays in a core's cache


def parts(asked: StepRequest) -> Iterator[slice]:
    """Pieces of the flat arrays; a rule that looks at a whole row gets everything at once."""
    size = asked.size
    step = size if asked.variant.rule.shaped else TOGETHER
    for start in range(0, size, max(step, 1)):
        yield slice(start, min(start + step, size))


def questions(
    asked: StepRequest, part: slice | Array
) -> Iterator[tuple[Question, dict[str, tuple[str, Array]]]]:
    """What is asked of a piece: question, and quantity of the rule to name and observed values.

    A master parameter and its narrow copy are one quantity in two formats, so two questions.
    """
    seen = {
        name: (name, item.values(part))
        for name, item in asked.after.items()
        if name not in (GRADIENT, MASTER, PARAMETER)
    }
    if asked.moved in asked.after:
        seen[PARAMETER] = asked.moved, asked.after[asked.moved].values(part)
    yield question(asked, case(asked, part)), seen
    if asked.master:
        kept = {**dict(asked.stored), PARAMETER: asked.before[PARAMETER].format}
        copy = case(asked, part, tuple(kept.items()))
        yield (
            question(asked, copy),
            {PARAMETER: (PARAMETER, asked.after[PARAMETER].values(part))},
        )


def case(
    asked: StepRequest, part: slice | Array, stored: tuple[tuple[str, str], ...] | None = None
) -> GivenCase:
    """One step from the state that was there."""
    whole = asked.variant.rule.shaped
    shape = asked.before[PARAMETER].shape

    def values(name: str) -> Array:
        found = asked.before[name].values(part)
        return found.reshape(shape) if whole else found

    state = {name: values(name) for name in asked.variant.rule.state if name in asked.before}
    start = Input(GIVEN, values(asked.moved), [values(GRADIENT)], state)
    return given(
        asked.variant.family,
        sorted(asked.variant.features),
        asked.arithmetic,
        asked.decimals,
        start,
        asked.taken,
        asked.stored if stored is None else stored,
    )


def question(asked: StepRequest, case: GivenCase, rule: Rule | None = None) -> Question:
    """The rule over a piece."""
    decimals = tuple(sorted(asked.decimals.items()))
    return Question(rule or asked.variant.rule, decimals, case, profile=asked.device)
