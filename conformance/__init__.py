"""The harness: cases, workers, verdicts, run folders, and the command line.

The names below are what other programs use; they are imported when they are asked for, because the
command line would otherwise wait for all of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer_conformance.pytest.assertion import assert_conforms, assert_step
    from optimizer_conformance.questions.audit.audit import audit
    from optimizer_conformance.questions.audit.record import Audit
    from optimizer_conformance.questions.certify.issue import certify
    from optimizer_conformance.questions.certify.record import Certificate
    from optimizer_conformance.questions.identify import Identification, identify
    from optimizer_conformance.questions.steps.judge import judge_step
    from optimizer_conformance.questions.steps.probes import Probe, probe_inputs
    from optimizer_conformance.questions.steps.record import StepVerdict
    from optimizer_conformance.questions.steps.stream import judge_stream
    from optimizer_conformance.questions.translate.result import Translation
    from optimizer_conformance.questions.translate.translate import translate
    from optimizer_conformance.workers.interpreters import interpreter_with

# What can be imported from here, and where it stands.
PLACES = {
    "Audit": "optimizer_conformance.questions.audit.record",
    "Certificate": "optimizer_conformance.questions.certify.record",
    "Identification": "optimizer_conformance.questions.identify",
    "Probe": "optimizer_conformance.questions.steps.probes",
    "StepVerdict": "optimizer_conformance.questions.steps.record",
    "Translation": "optimizer_conformance.questions.translate.result",
    "assert_conforms": "optimizer_conformance.pytest.assertion",
    "assert_step": "optimizer_conformance.pytest.assertion",
    "audit": "optimizer_conformance.questions.audit.audit",
    "certify": "optimizer_conformance.questions.certify.issue",
    "identify": "optimizer_conformance.questions.identify",
    "interpreter_with": "optimizer_conformance.workers.interpreters",
    "judge_step": "optimizer_conformance.questions.steps.judge",
    "judge_stream": "optimizer_conformance.questions.steps.stream",
    "probe_inputs": "optimizer_conformance.questions.steps.probes",
    "translate": "optimizer_conformance.questions.translate.translate",
}

__all__ = [
    "Audit",
    "Certificate",
    "Identification",
    "Probe",
    "StepVerdict",
    "Translation",
    "assert_conforms",
    "assert_step",
    "audit",
    "certify",
    "identify",
    "interpreter_with",
    "judge_step",
    "judge_stream",
    "probe_inputs",
    "translate",
]


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *PLACES})
