"""For a project's own tests: ``assert_conforms(MyAdam, "torch-adam")``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer_conformance.questions.audit.audit import audit
from optimizer_conformance.questions.audit.record import Audit, place
from optimizer_conformance.questions.steps.judge import judge_step
from optimizer_conformance.questions.steps.record import StepVerdict
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.workers.process import REQUEST_LIMIT

__all__ = ["assert_conforms", "assert_step"]


def assert_conforms(
    optimizer: Any,
    variant: str,
    *,
    python: str | Path | None = None,
    kind: str = "",
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    dtypes: Sequence[str] = (),
    profile: str = "audit",
    seed: int = 0,
    defaults: bool = True,
    limit: float = REQUEST_LIMIT,
) -> Audit:
    """Fail unless an optimizer computes what a documented variant says, element by element.

    ``optimizer`` is the class or function itself, run in this process, or a TARGET, run in one of
    its own; ``variant`` is one of ``conformance list variants``; the rest as
    :func:`conformance.audit` has it.  Returns what was found where it conforms.

    Raises AssertionError that says in words what is wrong and where it was seen first; AuditError
    or SubjectError where nothing could be compared.
    """
    __tracebackhide__ = True
    found = audit(
        optimizer,
        variant,
        python=python,
        kind=kind,
        mapping=mapping,
        options=options,
        dtypes=dtypes,
        profile=profile,
        seed=seed,
        defaults=defaults,
        limit=limit,
    )
    if not found.conforms:
        raise AssertionError(explained(found))
    return found


def assert_step(
    rule: str | Rule | Variant,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    hyperparameters: Mapping[str, Any] | None = None,
    count: int = 1,
    formats: Mapping[str, str] | None = None,
    device: str = "ieee",
) -> StepVerdict:
    """Fail unless what lies between arrays is one step of a rule, element by element.

    Everything as :func:`conformance.judge_step` has it, whose verdict is returned where the step
    conforms.

    Raises AssertionError that says in words what is wrong and which elements deviate; StepError
    for arrays that make no step.
    """
    __tracebackhide__ = True
    found = judge_step(
        rule,
        before=before,
        after=after,
        hyperparameters=hyperparameters,
        count=count,
        formats=formats,
        device=device,
    )
    if not found.conforms:
        raise AssertionError(str(found))
    return found


def explained(found: Audit) -> str:
    """An audit as the message of a failing test."""
    lines = [f"{found.target} {found.relation}: {found.verdict}"]
    lines += [f"  {text}" for text in found.why]
    if found.first_divergence:
        lines.append(f"  first divergence: {place(found.first_divergence)}")
    if found.nearest:
        lines.append(f"  documents with the rule that it follows: {', '.join(found.nearest)}")
    lines += [f"  assumed: {text}" for text in found.remarks]
    return "\n".join(lines)
