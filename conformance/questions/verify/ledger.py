"""Claims decided one after another: the ledger that ``conformance verify`` prints."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from optimizer_conformance.questions.verify import observations
from optimizer_conformance.questions.verify.checks import scripted
from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.document import Claim, Document
from optimizer_conformance.questions.verify.observations import (
    ClaimObservation,
    DocumentObservations,
    ObservationProposal,
)
from optimizer_conformance.questions.verify.registry import CHECKS, Decision
from optimizer_conformance.reports.claim_records import ClaimLedger, Entry


def verify(
    documents: Iterable[Document],
    context: Context,
    *,
    wanted: Callable[[Claim], bool] = lambda claim: True,
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> list[Entry]:
    """Decide every wanted claim; ``progress`` hears how many are done, of how many, and which."""
    documents = list(documents)
    chosen = [(d, claim) for d in documents for claim in d.claims if wanted(claim)]
    known = {document.name: observations.kept(document.name) for document in documents}
    for _, claim in chosen:
        for adapter, file, call in scripted(claim):
            context.plan(adapter, file, [call])
    entries = []
    for done, (document, claim) in enumerate(chosen):
        progress(done, len(chosen), f"{document.name} {claim.id}")
        entries.append(settle(document, claim, decide(claim, context), known[document.name]))
    progress(len(chosen), len(chosen), "")
    return entries


def decide(claim: Claim, context: Context) -> Decision:
    """What the claim's check finds.  Nothing that it raises gets lost or stops the others."""
    parameters: dict[str, Any] = dict(claim.check)
    check = CHECKS[parameters.pop("name")]
    try:
        return check.decide(msgspec.convert(parameters, check.parameters), context)
    except Missing as missing:
        return Decision(
            verdict="not testable",
            observed="not executed",
            needs=str(missing),
            missing=missing.adapter,
            device="–",
        )
    except Exception as error:  # noqa: BLE001 - the ledger shows what went wrong, for every claim
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Decision(
            verdict="error",
            observed=f"{type(error).__name__}: {error}",
            evidence=f"raised in {frame.name}, line {frame.lineno} of {frame.filename}",
        )


def settle(
    document: Document, claim: Claim, decision: Decision, known: DocumentObservations | None = None
) -> Entry:
    """The entry of one decision: is it what is known about this claim, to the value?"""
    status = judged(claim, decision)
    seen = observations.canonical(decision.seen)
    before = known.of(claim.id, decision.version) if known and seen else None
    words = "" if before is None else observations.difference(before, seen) or "same"
    if words not in ("", "same") and status == "expected":
        status = "changed"
    new = bool(known and seen and before is None)
    if known and new:
        words = newly(known, claim.id, decision.version, seen)
    return Entry(
        document=document.name,
        id=claim.id,
        locator=claim.locator,
        kind=claim.kind,
        statement=claim.statement,
        applies_to=document.applies_to(claim),
        decision=msgspec.structs.replace(decision, seen=seen),
        date=datetime.now(UTC).date().isoformat(),
        status=status,
        expected=claim.expected,
        reason=claim.reason,
        link=claim.link,
        kept=words,
        new=new,
    )


def newly(known: DocumentObservations, claim: str, version: str, seen: dict[str, Any]) -> str:
    """What to say of a version that nothing is kept of: whether another one showed the same."""
    earlier = known.earlier(claim, version)
    difference = observations.difference(earlier.seen, seen) if earlier else ""
    return f"new; in {earlier.version} {difference}" if earlier and difference else "new"


def judged(claim: Claim, decision: Decision) -> str:
    """The status by the verdict alone."""
    status = "expected"
    if decision.verdict == "error":
        status = "failed"
    elif decision.missing:
        status = "expected"  # nobody was asked
    elif claim.expected:
        status = "expected" if decision.verdict == claim.expected else "unexpected"
    elif decision.verdict == "contradicted":
        status = "unexpected"
    return status


def exit_code(entries: Iterable[Entry], required: Iterable[str] = ()) -> int:
    """0 as expected, 1 unexpected or changed, 3 a check failed or a required adapter is missing."""
    found, needed = list(entries), set(required)
    if any(e.status == "failed" or e.decision.missing in needed for e in found):
        return 3
    return 1 if any(entry.status != "expected" for entry in found) else 0


def proposals(documents: Iterable[Document], entries: list[Entry]) -> list[ObservationProposal]:
    """The files of observations that would have to change for these entries to be the kept ones.

    What could not be carried out, and what was not asked, changes nothing.
    """
    found = []
    for document in documents:
        seen = [
            ClaimObservation(entry.id, entry.decision.version, entry.decision.seen)
            for entry in entries
            if entry.document == document.name and entry.decision.seen and entry.status != "failed"
        ]
        known = observations.kept(document.name)
        found.append(observations.propose(known, seen, [claim.id for claim in document.claims]))
    return [proposal for proposal in found if proposal.before != proposal.after]


def content(documents: Iterable[Document], entries: list[Entry]) -> ClaimLedger:
    """The ledger as the file ``claims.json`` holds it, with the documents' sections."""
    about = [document.about for document in documents]
    return ClaimLedger(date=datetime.now(UTC).date().isoformat(), documents=about, claims=entries)
