"""The harness: cases, workers, verdicts, run folders, and the command line.

The names below are what other programs use; they are imported when they are asked for, because the
command line would otherwise wait for all of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.auditing.examination import audit
    from conformance.auditing.record import Audit
    from conformance.certificates.issue import certify
    from conformance.certificates.record import Certificate
    from conformance.identification import Identification, identify
    from conformance.testing import assert_conforms
    from conformance.translation.result import Translation
    from conformance.translation.session import translate

# What can be imported from here, and where it stands.
PLACES = {
    "Audit": "conformance.auditing.record",
    "Certificate": "conformance.certificates.record",
    "Identification": "conformance.identification",
    "Translation": "conformance.translation.result",
    "assert_conforms": "conformance.testing",
    "audit": "conformance.auditing.examination",
    "certify": "conformance.certificates.issue",
    "identify": "conformance.identification",
    "translate": "conformance.translation.session",
}

__all__ = [
    "Audit",
    "Certificate",
    "Identification",
    "Translation",
    "assert_conforms",
    "audit",
    "certify",
    "identify",
    "translate",
]


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *PLACES})
