"""Every fault against every claim that runs what it changes: who notices, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from optimizer_conformance.questions.verify import document, ledger, observations
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.questions.verify.faults import (
    acceptances,
    arithmetic,
    refusals,
    results,
)
from optimizer_conformance.questions.verify.faults.fault import Fault, in_place
from optimizer_conformance.questions.verify.registry import Decision


@dataclass
class Noticed:
    """One fault and the claims that notice it.

    by_verdict  the claim's verdict is another one
    by_value    the verdict stays, and what is seen is another value than the kept one
    equivalent  the proof that nothing has changed, where there is one
    """

    subject: str
    breaks: str
    by_verdict: list[str] = field(default_factory=list)
    by_value: list[str] = field(default_factory=list)
    equivalent: str = ""

    @property
    def status(self) -> str:
        """``verdict``, ``value``, ``equivalent`` or ``unnoticed``."""
        if self.by_verdict:
            return "verdict"
        if self.by_value:
            return "value"
        return "equivalent" if self.equivalent else "unnoticed"


def matlab_faults() -> list[Fault]:
    """Every fault of the two functions."""
    return [
        *refusals.faults(),
        *acceptances.faults(),
        *results.faults(),
        *arithmetic.faults(),
    ]


def transcribed(function: str) -> list[Claim]:
    """The claims that a call of ``function`` in our transcription decides, a claim a check.

    Those that try many forms come first: they notice most.
    """
    claims = {
        repr(claim.check): claim
        for claim in document.load(f"matlab-{function}").claims
        if claim.check.get("name") == "transcription"
    }
    return sorted(claims.values(), key=lambda claim: str(claim.check["file"]), reverse=True)


def matlab(
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
    wanted: Callable[[Fault], bool] = lambda fault: True,
) -> Iterator[Noticed]:
    """Each fault of the two functions, with every claim that notices it."""
    with Context() as context:
        faults = [fault for fault in matlab_faults() if wanted(fault)]
        claims = {name: transcribed(name) for name in {fault.function for fault in faults}}
        right: dict[tuple[str, str], Decision] = {}
        for done, fault in enumerate(faults):
            progress(done, len(faults), fault.name)
            found = Noticed(fault.function, fault.breaks)
            for claim in claims[fault.function]:
                key = (fault.function, claim.id)
                if key not in right:
                    right[key] = ledger.decide(claim, context)
                with in_place(fault):
                    note(found, claim, right[key], ledger.decide(claim, context))
            yield found


def note(found: Noticed, claim: Claim, right: Decision, now: Decision) -> None:
    """Whether one claim notices: a check that cannot be carried out any more notices as well."""
    if now.verdict != right.verdict:
        found.by_verdict.append(claim.id)
    elif differs(right, now):
        found.by_value.append(claim.id)


def differs(right: Decision, now: Decision) -> bool:
    """Whether another value was seen, or another reading chosen."""
    seen = observations.canonical(right.seen), observations.canonical(now.seen)
    return not observations.same(*seen) or right.readings != now.readings


def unnoticed(found: Iterable[Noticed]) -> list[Noticed]:
    """The faults that no claim notices."""
    return [item for item in found if item.status == "unnoticed"]
