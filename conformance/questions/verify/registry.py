"""What decides claims: decisions, and the registry of checks.

A check is a function of (parameters, context) that executes something and says what it found.  Its
parameters are a msgspec Struct, so that a claims file is validated when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from optimizer_conformance.questions.verify.context import Context

ClaimVerdict = Literal["confirmed", "contradicted", "underdetermined", "not testable", "error"]
VERDICTS: tuple[str, ...] = ClaimVerdict.__args__  # type: ignore[attr-defined]  # Literal has it


class Reading(msgspec.Struct, frozen=True):
    """One way to understand a document, and the implementations that chose it."""

    reading: str
    chosen_by: list[str] = []


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a check came to.

    verdict   confirmed; contradicted; underdetermined: the document allows all of ``readings``; not
              testable: ``needs`` says what it would take; error: the check itself failed
    observed  what was seen, in one or two lines
    seen      the same as values, which are kept for each version (:mod:`observations`)
    evidence  what was executed
    script    the command that shows it again with the framework alone
    version   of what was executed
    device    where
    missing   the adapter whose environment is missing
    """

    verdict: ClaimVerdict
    observed: str
    seen: dict[str, Any] = {}
    evidence: str = ""
    needs: str = ""
    readings: list[Reading] = []
    script: str = ""
    version: str = ""
    device: str = "cpu"
    missing: str = ""


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
