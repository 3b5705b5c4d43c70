"""The ledger of claims (``claims.json``) in every format."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec

from optimizer_conformance.reports import junit as xml
from optimizer_conformance.reports import sarif as logs
from optimizer_conformance.reports.claim_records import (
    FORMAT,
    ClaimLedger,
    DocumentAbout,
    Entry,
)
from optimizer_conformance.reports.folder import UnreadableRun, read_json
from optimizer_conformance.reports.markdown import cell, table
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.text import visible_content
from optimizer_conformance.reports.verdicts import CLAIM_TONES

FORMATS = ("markdown", "html", "json", "sarif", "junit")
MAKES = "`conformance verify --format json --out {}` makes one"
LEDGER = "claims.json"
COLUMNS = ("id", "locator", "kind", "statement")
ORDER = tuple(CLAIM_TONES)
# SARIF's word for each verdict.
KINDS = {
    "confirmed": "pass",
    "contradicted": "fail",
    "underdetermined": "open",
    "not testable": "notApplicable",
    "error": "fail",
}

Json = dict[str, Any]


def load(path: Path) -> ClaimLedger:
    """Read ``claims.json``.  Raises UnreadableRun for a file that is none."""
    try:
        found = msgspec.convert(read_json(path, visible_content), ClaimLedger)
    except msgspec.ValidationError as error:
        raise UnreadableRun(
            f"{path} is no ledger of claims ({error}); {MAKES.format(path)}"
        ) from error
    if found.format != FORMAT:
        raise UnreadableRun(f"{path} has format {found.format}, not {FORMAT}; {MAKES.format(path)}")
    return found


def render(content: ClaimLedger, format_: str) -> str:
    """The ledger in one of FORMATS."""
    content = msgspec.convert(visible_content(msgspec.to_builtins(content)), ClaimLedger)
    if format_ == "json":
        return json.dumps(msgspec.to_builtins(content), indent=1, ensure_ascii=False) + "\n"
    return {"markdown": markdown, "html": html, "sarif": sarif, "junit": junit}[format_](content)


def details(row: Entry) -> str:
    """What was observed, and what goes with the verdict."""
    decision = row.decision
    parts = [decision.observed]
    for reading in decision.readings:
        chosen = ", ".join(reading.chosen_by) or "nobody that was asked"
        parts.append(f"{reading.reading}: {chosen}")
    if decision.needs:
        parts.append(f"it would take {decision.needs}")
    if row.status == "changed":
        parts.append(f"changed: {row.kept}")
    if row.reason:
        parts.append(f"known: {row.reason} ({row.link})")
    return "; ".join(parts)


def on(row: Entry) -> str:
    """When, with which version and on which device it was decided."""
    decision = row.decision
    return ", ".join(word for word in (row.date, decision.version, decision.device) if word)


def documents(
    content: ClaimLedger,
) -> Iterator[tuple[DocumentAbout, list[Entry], dict[str, int]]]:
    """Each document with its claims in their order, and how many have which verdict."""
    for about in content.documents:
        rows = [row for row in content.claims if row.document == about.name]
        found = Counter[str](row.decision.verdict for row in rows)
        yield about, rows, {name: found[name] for name in ORDER if found[name]}


def markdown(content: ClaimLedger) -> str:
    """The page as Markdown: totals, then every document's claims and sections."""
    heads = [
        (about.title, len(about.sections), len(rows), *(counts.get(n, 0) for n in ORDER))
        for about, rows, counts in documents(content)
    ]
    parts = ["# What the documents claim", "", f"Decided on {content.date}.", ""]
    parts.append(table(("document", "sections", "claims", *ORDER), heads))
    for about, rows, _ in documents(content):
        parts += ["", f"## {cell(about.title)}", ""]
        parts.append(
            table(
                ("claim", "where", "kind", "statement", "verdict", "observed", "decided on"),
                (
                    (*(getattr(row, name) for name in COLUMNS), verdict(row), details(row), on(row))
                    for row in rows
                ),
            )
        )
        scripts = dict.fromkeys(s for row in rows if (s := contradicting(row)))
        if scripts:
            parts += ["", "Contradictions, each shown by", "", "```sh", *scripts, "```"]
        sections = ((s.heading, ", ".join(s.claims) or s.none) for s in about.sections)
        parts += ["", table(("section", "claims, or why there are none"), sections)]
    return "\n".join(parts) + "\n"


def contradicting(row: Entry) -> str:
    """The command that shows a contradiction."""
    decision = row.decision
    return decision.script if decision.verdict == "contradicted" else ""


def verdict(row: Entry) -> str:
    """The verdict, and whether a contradiction is known."""
    word = row.decision.verdict
    if row.status != "expected":
        return f"{word} ({row.status})"
    return f"{word} (known)" if word == "contradicted" else word


def html(content: ClaimLedger) -> str:
    """One page without network or script."""
    return template("claims.html").render(**for_template(content), date=content.date)


def for_template(content: ClaimLedger) -> Json:
    """What ``templates/ledger.html`` shows."""
    return {
        "ledger": list(documents(content)),
        "order": ORDER,
        "details": details,
        "on": on,
        "verdict": verdict,
    }


def beside(run: RunData) -> ClaimLedger | None:
    """The ledger that was written into a run folder (``conformance verify --run``), if any."""
    path = run.folder / LEDGER
    return load(path) if path.is_file() else None


def sarif(content: ClaimLedger) -> str:
    """A rule a claim, a result a decision; known contradictions are suppressed."""
    rules = [
        {
            "id": identifier(row),
            "shortDescription": {"text": logs.text(row.statement)},
            "help": {"text": logs.text(f"{row.applies_to}, {row.locator}")},
        }
        for row in content.claims
    ]
    failed = any(row.status == "failed" for row in content.claims)
    results = [result(row) for row in content.claims]
    return logs.log(rules, results, successful=not failed)


def result(row: Entry) -> Json:
    """One decision as SARIF sees it: a confirmation of what was known to be wrong fails, too."""
    decision = row.decision
    kind = "fail" if row.status != "expected" else KINDS[decision.verdict]
    level = "error" if row.status != "expected" else "note"
    found: Json = {
        "ruleId": identifier(row),
        "kind": kind,
        # The standard allows a level other than "none" only for what fails (3.27.10).
        "level": level if kind == "fail" else "none",
        "message": {"text": logs.text(f"{decision.verdict}: {details(row)}")},
        "locations": [logs.location(f"reference/claims/{row.document}.toml", 1, row.locator)],
        "partialFingerprints": {"claim/v1": logs.fingerprint(identifier(row))},
        "properties": {"decided": on(row), "script": decision.script},
    }
    if kind == "fail" and row.status == "expected":
        reason = logs.text(row.reason)
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": reason}
        ]
    return found


def junit(content: ClaimLedger) -> str:
    """A suite a document, a test a claim; what cannot be tested here is skipped."""
    suites: dict[str, list[ElementTree.Element]] = {}
    for row in content.claims:
        suites.setdefault(row.document, []).append(test(row))
    return xml.document("claims", suites)


def test(row: Entry) -> ElementTree.Element:
    """One decision as JUnit sees it."""
    decision, found = row.decision, xml.case(row.document, row.id)
    told = f"{verdict(row)}: {details(row)}"
    tags = {"unexpected": "failure", "changed": "failure", "failed": "error"}
    if tag := tags.get(row.status):
        ElementTree.SubElement(found, tag, type=decision.verdict, message=told)
    elif decision.verdict in ("not testable", "contradicted"):
        ElementTree.SubElement(found, "skipped", message=told)
    lines = (row.statement, told, on(row), decision.script)
    ElementTree.SubElement(found, "system-out").text = "\n".join(filter(None, lines))
    return found


def identifier(row: Entry) -> str:
    """A claim's name among all documents."""
    return f"{row.document}/{row.id}"
