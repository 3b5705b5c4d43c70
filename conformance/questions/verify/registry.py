"""What decides claims: decisions, and the registry of checks.

A check is a function of (parameters, context) that executes something and says what it found.  Its
parameters are a msgspec Struct, so that a claims file is validated when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from optimizer_conformance.reports.claim_records import VERDICTS, Decision, Reading

if TYPE_CHECKING:
    from optimizer_conformance.questions.verify.context import Context

__all__ = ["CHECKS", "VERDICTS", "Check", "Decision", "Reading", "check", "decided"]

Decide = Callable[[Any, "Context"], Decision]


class Check(NamedTuple):
    """A registered check."""

    parameters: type[msgspec.Struct]
    decide: Decide


CHECKS: dict[str, Check] = {}


def check(name: str, parameters: type[msgspec.Struct]) -> Callable[[Decide], Decide]:
    """Register a function under ``name``."""

    def register(decide: Decide) -> Decide:
        if name in CHECKS:
            raise ValueError(f"two checks are called {name}")
        CHECKS[name] = Check(parameters, decide)
        return decide

    return register


def decided(held: bool, observed: str, **about: Any) -> Decision:
    """Confirmed where it held, otherwise contradicted."""
    return Decision(verdict="confirmed" if held else "contradicted", observed=observed, **about)
