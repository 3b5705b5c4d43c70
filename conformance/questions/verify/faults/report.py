"""The table of faults: what was broken, which claims noticed, and so of which sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from optimizer_conformance.questions.verify import document, sentences
from optimizer_conformance.questions.verify.document import Document
from optimizer_conformance.questions.verify.faults.campaign import Noticed
from optimizer_conformance.reports.markdown import table

WORDS = {
    "verdict": "by a verdict",
    "value": "by a kept value",
    "equivalent": "proved equivalent",
    "unnoticed": "unnoticed",
}
NOTICED = ("verdict", "value")
# What became of a sentence that is a claim.
BROKEN = "broken, and noticed"
UNDONE = "nothing is executed"
WHOLE = "never broken"


def content(found: Iterable[Noticed]) -> list[dict[str, Any]]:
    """A row a fault."""
    return [
        {
            "subject": item.subject,
            "fault": item.breaks,
            "status": item.status,
            "claims": item.by_verdict + item.by_value,
        }
        for item in found
    ]


def totals(rows: list[dict[str, Any]], about: str) -> tuple[Any, ...]:
    """How many faults there are, and how many were noticed in which way."""
    counts = Counter(row["status"] for row in rows)
    return (about, len(rows), *(counts[status] for status in WORDS))


HEADS = ("what is changed", "faults", *(f"noticed {WORDS[word]}" for word in NOTICED),
         *(word for status, word in WORDS.items() if status not in NOTICED))  # fmt: skip


def noticing(parts: dict[str, list[dict[str, Any]]]) -> dict[tuple[str, str], list[str]]:
    """Of each document's claim the faults that it noticed."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in (row for rows in parts.values() for row in rows if row["status"] in NOTICED):
        name, _, claim = row["subject"].partition(" ")
        if claim:
            found.setdefault((name, claim), []).append(row["fault"])
        else:
            for one in row["claims"]:
                found.setdefault((f"matlab-{name}", one), []).append(row["fault"])
    return found


def by_sentence(parts: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A row a sentence that became claims: the faults that its claims noticed."""
    noticed = noticing(parts)
    return [row for name in document.names() for row in of_document(document.load(name), noticed)]


def of_document(
    about: Document, noticed: dict[tuple[str, str], list[str]]
) -> Iterator[dict[str, Any]]:
    """The sentences of one document, numbered as they stand in it."""
    claims = {claim.id: claim for claim in about.claims}
    # Claims with the same check are tried once.
    alike = {repr(claim.check): noticed.get((about.name, claim.id), []) for claim in about.claims}
    alike |= {
        repr(claim.check): noticed[about.name, claim.id]
        for claim in about.claims
        if (about.name, claim.id) in noticed
    }
    for number, row in enumerate(sentences.known(about.name), 1):
        if not row.claims:
            continue
        faults = {fault for name in row.claims for fault in alike[repr(claims[name].check)]}
        idle = all(claims[name].check["name"] == "needs" for name in row.claims)
        yield {
            "document": about.name,
            "section": row.section,
            "sentence": number,
            "claims": row.claims,
            "status": BROKEN if faults else UNDONE if idle else WHOLE,
            "faults": sorted(faults),
        }


def of_documents(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """How many sentences of each document were broken."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row["document"], Counter())[row["status"]] += 1
    return [
        (name, sum(count.values()), *(count[status] for status in (BROKEN, UNDONE, WHOLE)))
        for name, count in counts.items()
    ]


SENTENCES = ("document", "sentences that are claims", BROKEN, UNDONE, WHOLE)


def markdown(parts: dict[str, list[dict[str, Any]]]) -> str:
    """The page: totals, the sentences, then a row a fault."""
    rows = by_sentence(parts)
    lines = ["# Do the claims notice?", ""]
    lines.append(table(HEADS, [totals(rows, about) for about, rows in parts.items()]))
    lines += ["", "## By sentence", "", table(SENTENCES, of_documents(rows)), ""]
    cells = (
        (
            row["document"],
            row["section"],
            row["sentence"],
            ", ".join(row["claims"]),
            len(row["faults"]),
            next(iter(row["faults"]), row["status"]),
        )
        for row in rows
    )
    heads = ("document", "section", "sentence", "claims", "faults noticed", "one of them")
    lines.append(table(heads, cells))
    for about, faults in parts.items():
        lines += ["", f"## {about}", ""]
        found = (
            (row["subject"], row["fault"], WORDS[row["status"]], ", ".join(row["claims"]))
            for row in faults
        )
        lines.append(table(("of", "fault", "noticed", "by the claims"), found))
    return "\n".join(lines) + "\n"
