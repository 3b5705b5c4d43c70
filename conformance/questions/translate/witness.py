"""The shortest run in which two implementations part: one number and a few gradients."""

from __future__ import annotations

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.oracle import inputs_of
from optimizer_conformance.judging.verdict import Judgement, Observed
from optimizer_conformance.questions.translate.result import ShortestDifference
from optimizer_conformance.questions.translate.trial import flat

Seen = tuple[Case, Judgement, Observed | None, Observed]


def shortest(seen: list[Seen]) -> ShortestDifference | None:
    """The fewest steps, and there the most ulp; None where no judgement deviates.

    ``seen`` are cases, how the second's answers were judged, and what both answered (None: only
    the rule is there, and stands for the first).
    """
    found = [
        witness(case, judgement, first, second)
        for case, judgement, first, second in seen
        if judgement.divergence and not inputs_of(case).rates
    ]
    return min(found, key=lambda item: (len(item.gradients), -item.ulp), default=None)


def witness(
    case: Case, judgement: Judgement, first: Observed | None, second: Observed
) -> ShortestDifference:
    """The element of a case that deviates first."""
    divergence = judgement.divergence
    assert divergence is not None
    inputs = inputs_of(case)
    place = [item.name for item in inputs.parameters].index(divergence.parameter)
    before = sum(item.value.size for item in inputs.parameters[:place])
    value, gradients = flat(inputs)
    row, column = divergence.step - 1, before + divergence.element
    return ShortestDifference(
        case.identifier,
        float(value[column]),
        tuple(float(gradient[column]) for gradient in gradients[: divergence.step]),
        divergence.expected if first is None else float(first["parameter"][row, column]),
        float(second["parameter"][row, column]),
        divergence.expected,
        divergence.ulp,
    )
