"""The ledger of claims (``claims.json``) in every format."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2

from reports import interchange
from reports.markdown import cell, table
from reports.model import UnreadableRun, read_json

FORMATS = ("markdown", "html", "json", "sarif", "junit")
FORMAT = 1
COLUMNS = ("id", "locator", "kind", "statement")
ORDER = ("contradicted", "underdetermined", "confirmed", "not testable", "error")

Content = dict[str, Any]


def load(path: Path) -> Content:
    """Read ``claims.json``.  Raises UnreadableRun for a file that is none."""
    content = read_json(path)
    if content.get("format") != FORMAT or "claims" not in content:
        raise UnreadableRun(
            f"{path} is no ledger of claims: `conformance verify --format json --out {path}` "
            "makes one"
        )
    return content


def render(content: Content, format_: str) -> str:
    """The ledger in one of FORMATS."""
    if format_ == "json":
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    return {"markdown": markdown, "html": html, "sarif": sarif, "junit": junit}[format_](content)


def details(row: Content) -> str:
    """What was observed, and what goes with the verdict."""
    decision = row["decision"]
    parts = [decision["observed"]]
    for reading in decision["readings"]:
        chosen = ", ".join(reading["chosen_by"]) or "nobody that was asked"
        parts.append(f"{reading['reading']}: {chosen}")
    if decision["needs"]:
        parts.append(f"it would take {decision['needs']}")
    if row["reason"]:
        parts.append(f"known: {row['reason']} ({row['link']})")
    return "; ".join(parts)


def on(row: Content) -> str:
    """When, with which version and on which device it was decided."""
    decision = row["decision"]
    return ", ".join(
        word for word in (row["date"], decision["version"], decision["device"]) if word
    )


def documents(content: Content) -> Iterator[tuple[Content, list[Content], dict[str, int]]]:
    """Each document with its claims in their order, and how many have which verdict."""
    for about in content["documents"]:
        rows = [row for row in content["claims"] if row["document"] == about["name"]]
        found = Counter(row["decision"]["verdict"] for row in rows)
        yield about, rows, {name: found[name] for name in ORDER if found[name]}


def markdown(content: Content) -> str:
    """The page as Markdown: totals, then every document's claims and sections."""
    heads = [
        (about["title"], len(about["sections"]), len(rows), *(counts.get(n, 0) for n in ORDER))
        for about, rows, counts in documents(content)
    ]
    parts = ["# What the documents claim", "", f"Decided on {content['date']}.", ""]
    parts.append(table(("document", "sections", "claims", *ORDER), heads))
    for about, rows, _ in documents(content):
        parts += ["", f"## {cell(about['title'])}", ""]
        parts.append(
            table(
                ("claim", "where", "kind", "statement", "verdict", "observed", "decided on"),
                (
                    (*(row[name] for name in COLUMNS), verdict(row), details(row), on(row))
                    for row in rows
                ),
            )
        )
        scripts = dict.fromkeys(s for row in rows if (s := contradicting(row)))
        if scripts:
            parts += ["", "Contradictions, each shown by", "", "```sh", *scripts, "```"]
        sections = ((s["heading"], ", ".join(s["claims"]) or s["none"]) for s in about["sections"])
        parts += ["", table(("section", "claims, or why there are none"), sections)]
    return "\n".join(parts) + "\n"


def contradicting(row: Content) -> str:
    """The command that shows a contradiction."""
    decision = row["decision"]
    return str(decision["script"]) if decision["verdict"] == "contradicted" else ""


def verdict(row: Content) -> str:
    """The verdict, and whether a contradiction is known."""
    word = str(row["decision"]["verdict"])
    if row["status"] != "expected":
        return f"{word} ({row['status']})"
    return f"{word} (known)" if word == "contradicted" else word


def html(content: Content) -> str:
    """One page without network or script."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"details": details, "on": on, "verdict": verdict}
    return environment.get_template("claims.html").render(
        date=content["date"], documents=list(documents(content)), order=ORDER
    )


def sarif(content: Content) -> str:
    """A rule a claim, a result a decision; known contradictions are suppressed."""
    rules = [
        interchange.Rule(
            identifier(row), row["statement"], f"{row['applies_to']}, {row['locator']}"
        )
        for row in content["claims"]
    ]
    return interchange.sarif(rules, map(finding, content["claims"]))


def finding(row: Content) -> interchange.Finding:
    """One decision as SARIF sees it."""
    decision = row["decision"]
    kinds: dict[str, Any] = {
        "confirmed": "pass",
        "contradicted": "fail",
        "underdetermined": "open",
        "not testable": "notApplicable",
        "error": "fail",
    }
    loud = row["status"] != "expected"
    return interchange.Finding(
        rule=identifier(row),
        text=f"{decision['verdict']}: {details(row)}",
        level="error" if loud else "warning",
        # A confirmation of what was known to be wrong fails, too.
        kind="fail" if loud else kinds[decision["verdict"]],
        place=f"reference/claims/{row['document']}.toml",
        suppressed=row["reason"] if decision["verdict"] == "contradicted" and not loud else "",
        properties={"decided": on(row), "script": decision["script"]},
    )


def junit(content: Content) -> str:
    """A suite a document, a test a claim; what cannot be tested here is skipped."""
    return interchange.junit("claims", map(test, content["claims"]))


def test(row: Content) -> interchange.Test:
    """One decision as JUnit sees it."""
    decision = row["decision"]
    told = f"{verdict(row)}: {details(row)}"
    return interchange.Test(
        suite=row["document"],
        name=row["id"],
        output=f"{row['statement']}\n{told}\n{on(row)}\n{decision['script']}",
        failure=told if row["status"] == "unexpected" else "",
        error=told if row["status"] == "failed" else "",
        skipped=told if decision["verdict"] == "not testable" else "",
    )


def identifier(row: Content) -> str:
    """A claim's name among all documents."""
    return f"{row['document']}/{row['id']}"
