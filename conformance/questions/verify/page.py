"""The page on what became of each document: its sentences, contradictions and open readings.

All of it stands in the documents' files, so nothing runs to make it; what ran to decide the claims
is kept beside them (:mod:`.observations`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optimizer_conformance.questions.verify import document, sentences
from optimizer_conformance.questions.verify.document import Claim, Document
from optimizer_conformance.questions.verify.sentences import Coverage
from optimizer_conformance.reports.markdown import Markup, cell, table

HEADS = ("sentences", "became claims", "no claim, with a reason", "open")


def figures() -> str:
    """Counts a document, counts a section, and what is false or open in each document."""
    documents = [document.load(name) for name in document.names()]
    covered = {one.name: sentences.coverage(one) for one in documents}
    heads = ("document", "claims", "known to be false", "readings", *HEADS)
    rows = [
        (about.title, len(about.claims), len(false(about)), len(read(about)),
         *counts(covered[about.name]))
        for about in documents
    ]  # fmt: skip
    total = ("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:]))
    lines = ["", table(heads, [*rows, total])]
    for about in documents:
        lines += section(about, covered[about.name])
    return "\n".join(lines) + "\n"


def counts(rows: list[Coverage]) -> tuple[int, ...]:
    """Sentences, and what became of them."""
    parts = [sum(getattr(row, name) for row in rows) for name in ("claimed", "stated", "open")]
    return (sum(parts), *parts)


def section(about: Document, covered: list[Coverage]) -> Iterator[str]:
    """One document: its sections that have sentences, then what is false and what is open."""
    where = "; ".join(filter(None, (about.source, about.versions)))
    yield f"\n## {about.title}\n\n{cell(where)}.\n"
    yield table(
        ("section", *HEADS),
        [(row.section, *counts([row])) for row in covered if any(counts([row]))],
    )
    if claims := false(about):
        rows = [(claim.statement, claim.reason, linked(claim.link)) for claim in claims]
        yield "\n" + table(("false", "what is so", "shown by"), rows)
    if claims := read(about):
        several = [(claim.statement, "; ".join(readings(claim))) for claim in claims]
        yield "\n" + table(("open", "readings, each executed"), several)


def false(about: Document) -> list[Claim]:
    """The claims that are known to be contradicted."""
    return [claim for claim in about.claims if claim.expected == "contradicted"]


def read(about: Document) -> list[Claim]:
    """The claims on points that a document leaves open."""
    return [claim for claim in about.claims if readings(claim)]


def readings(claim: Claim) -> list[str]:
    """The readings of an open point, in words."""
    check: dict[str, Any] = claim.check
    check = (check.get("behaviour") or check) if check["name"] == "documented" else check
    found = check.get("readings", ())
    return list(found) if isinstance(found, dict) else [one["reading"] for one in found]


def linked(link: str) -> Markup:
    """A link from a page in ``docs``."""
    address = link.removeprefix("docs/")
    return Markup(f"[{address.rpartition('/')[2].removesuffix('.md')}]({address})")
