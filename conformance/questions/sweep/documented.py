"""Which documented rule an implementation is judged by."""

from __future__ import annotations

from optimizer_conformance.cases.plan import claimed_variants
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reference.variants.record import Variant
from optimizer_conformance.workers.subject import Subject, SubjectError


def documented(asked: Subject, told: OptimizerSetting, against: str) -> Variant:
    """The variant that is judged by: the one that is named, or what its document states."""
    if against and against not in VARIANTS:
        raise SubjectError(f"no variant {against!r}{nearest.variants(against, VARIANTS)}")
    claimed = claimed_variants(asked.implementation, told.features)
    if not against and len(claimed) != 1:
        several = ", ".join(item.identifier for item in claimed) or "no rule"
        raise SubjectError(f"its document states {several}: say --against VARIANT")
    variant = VARIANTS[against] if against else claimed[0]
    if variant.features != set(told.features) or variant.family != asked.implementation.family:
        options = ", ".join(told.features) or "no options"
        raise SubjectError(f"{variant.identifier} is no rule of {asked.name} with {options}")
    return variant
