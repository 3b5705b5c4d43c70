"""What came out of an optimizer beside the verdict, and what a format makes of its defaults."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from optimizer_conformance.judging.execution import question_for
from optimizer_conformance.judging.outcome import collapsed, vanished
from optimizer_conformance.questions.audit.conduct import Tried
from optimizer_conformance.reference.numbers.precision import component
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reports.outcomes import OutcomeKind

if TYPE_CHECKING:
    from optimizer_conformance.questions.audit.preparation import Ready


def strange(variant: Variant, found: Tried) -> Iterator[str]:
    """What nobody wants, once a dtype, with the first case where it was seen; dtypes together."""
    told: set[tuple[str, str]] = set()
    dtypes: dict[tuple[str, str, str], list[str]] = {}
    for unit, answer, judgement in found.judged:
        for item in judgement.parameters:
            unwanted = (
                one.words() for one in item.outcome.came if one.what is not OutcomeKind.finite
            )
            words = "; ".join(sorted(unwanted))
            if not words or (words, unit.case.dtype) in told:
                continue
            told.add((words, unit.case.dtype))
            question = question_for(variant, unit, answer.defaults)
            why = "".join(f"; {lost} in {question.precision.name}" for lost in vanished(question))
            dtypes.setdefault((words, item.name, why), []).append(unit.case.dtype)
    for (words, name, why), among in dtypes.items():
        yield f"{words}, in {', '.join(among)} with {name} gradients{why}"


def defaults(variant: Variant, prepared: Ready) -> Iterator[str]:
    """The defaults of its own that are 0 or 1 in a format that it takes, and were not meant so."""
    own = prepared.subject.defaults
    for dtype in prepared.subject.implementation.dtypes:
        for name in variant.rule.hyperparameters:
            value = own.get(name)
            if not isinstance(value, int | float) or isinstance(value, bool):
                continue
            if lost := collapsed(name, Fraction(str(value)), component(dtype)):
                yield f"its default: {lost} in {component(dtype)}"
