"""Claims decided one after another: the ledger that ``conformance verify`` prints."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from optimizer_conformance.questions.verify.checks import scripted
from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.document import Claim, Document
from optimizer_conformance.questions.verify.registry import CHECKS, Decision

FORMAT = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One claim and what was decided, when.

    status  ``expected``; ``unexpected``: contradicted, and nobody knew, or not what was known; or
            ``failed``: the check itself could not be carried out
    """

    document: str
    id: str
    locator: str
    kind: str
    statement: str
    applies_to: str
    decision: Decision
    date: str
    status: str
    expected: str = ""
    reason: str = ""
    link: str = ""


def verify(
    documents: Iterable[Document],
    context: Context,
    *,
    wanted: Callable[[Claim], bool] = lambda claim: True,
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> list[Entry]:
    """Decide every wanted claim; ``progress`` hears how many are done, of how many, and which."""
    chosen = [(d, claim) for d in documents for claim in d.claims if wanted(claim)]
    for _, claim in chosen:
        for adapter, file, call in scripted(claim):
            context.plan(adapter, file, [call])
    entries = []
    for done, (document, claim) in enumerate(chosen):
        progress(done, len(chosen), f"{document.name} {claim.id}")
        entries.append(settle(document, claim, decide(claim, context)))
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


def settle(document: Document, claim: Claim, decision: Decision) -> Entry:
    """The entry of one decision: is it what is known about this claim?"""
    status = "expected"
    if decision.verdict == "error":
        status = "failed"
    elif decision.missing:
        status = "expected"  # nobody was asked
    elif claim.expected:
        status = "expected" if decision.verdict == claim.expected else "unexpected"
    elif decision.verdict == "contradicted":
        status = "unexpected"
    return Entry(
        document=document.name,
        id=claim.id,
        locator=claim.locator,
        kind=claim.kind,
        statement=claim.statement,
        applies_to=document.applies_to(claim),
        decision=decision,
        date=datetime.now(UTC).date().isoformat(),
        status=status,
        expected=claim.expected,
        reason=claim.reason,
        link=claim.link,
    )


def exit_code(entries: Iterable[Entry], required: Iterable[str] = ()) -> int:
    """0 as expected, 1 something unexpected, 3 a check failed or a required adapter is missing."""
    found, needed = list(entries), set(required)
    if any(e.status == "failed" or e.decision.missing in needed for e in found):
        return 3
    return 1 if any(entry.status == "unexpected" for entry in found) else 0


def content(documents: Iterable[Document], entries: list[Entry]) -> dict[str, Any]:
    """The ledger as the file ``claims.json`` holds it, with the documents' sections."""
    return {
        "format": FORMAT,
        "date": datetime.now(UTC).date().isoformat(),
        "documents": list(described(documents)),
        "claims": msgspec.to_builtins(entries),
    }


def described(documents: Iterable[Document]) -> Iterator[dict[str, Any]]:
    """Each document without its claims."""
    for document in documents:
        row: dict[str, Any] = msgspec.to_builtins(document)
        del row["claims"]
        yield row
