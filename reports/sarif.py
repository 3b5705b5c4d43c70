"""The run as SARIF 2.1.0 (OASIS): what code scanning shows beside the code.

A rule for each kind of finding, and one for deviations that are known; these carry their reason as
an accepted suppression.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

from optimizer_conformance.reports import links
from optimizer_conformance.reports.findings import LABELS, MEANINGS, recorded
from optimizer_conformance.reports.model import RunData, compared, options
from optimizer_conformance.reports.records import About, Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PROJECT = "optimizer-conformance"
KNOWN = "known"
Json = dict[str, Any]


def render(run: RunData) -> str:
    """The whole file."""
    results = [*(result(finding, run) for finding in recorded(run)), *known(run)]
    return log(rules(), results, successful=bool(run.footer))


def log(rules: list[Json], results: list[Json], *, successful: bool = True) -> str:
    """A file with one run; ``successful``: whether all that was asked for was carried out."""
    try:
        installed = version(PROJECT)
    except PackageNotFoundError:  # run from a checkout
        installed = "0"
    return json.dumps(
        {
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": {"name": PROJECT, "version": installed, "rules": rules}},
                    "columnKind": "unicodeCodePoints",
                    "invocations": [{"executionSuccessful": successful}],
                    "results": results,
                }
            ],
        },
        indent=1,
        allow_nan=False,
    )


def rules() -> list[Json]:
    """The rules, which are the same in every run."""
    found = [
        rule(str(kind), label, MEANINGS[kind], "warning" if kind == "overdue" else "error")
        for kind, label in LABELS.items()
    ]
    meaning = "An implementation departs from its own documentation, as an expectation says."
    return [*found, rule(KNOWN, "known deviation", meaning, "note")]


def rule(identifier: str, label: str, meaning: str, level: str) -> Json:
    """One kind of result."""
    return {
        "id": identifier,
        "name": label.title().replace(" ", ""),
        "shortDescription": {"text": label.capitalize()},
        "fullDescription": {"text": meaning},
        "help": {"text": f"{meaning} docs/expectations.md says what to do."},
        "defaultConfiguration": {"level": level},
    }


def text(plain: str) -> str:
    """Text in which no part is taken for a link or a placeholder (SARIF 2.1.0, 3.11.5, 3.11.6)."""
    for mark in "\\[]":
        plain = plain.replace(mark, "\\" + mark)
    return plain.replace("{", "{{").replace("}", "}}")


def result(finding: Finding, run: RunData) -> Json:
    """A finding of this run."""
    place = (finding.entry, finding.implementation, finding.device, finding.variant, finding.dtype)
    return {
        "ruleId": str(finding.kind),
        "level": finding.level,
        "message": {"text": text(finding.message)},
        "locations": [
            location(finding.file or driven_by(finding.adapter), finding.line or 1, place[1])
        ],
        "partialFingerprints": {"place/v1": fingerprint(str(finding.kind), *place)},
        **shown_at(run, finding.implementation, finding.device, finding.case),
        "properties": {
            "adapter": finding.adapter,
            "version": run.adapters.get(finding.adapter, About()).version,
            "documentation": documentation(run, finding.adapter, finding.implementation),
            "cells": finding.cells,
            "case": finding.case,
        },
    }


def known(run: RunData) -> Iterator[Json]:
    """Deviations that an expectation covers."""
    matrix = compared(run)
    rows = matrix[
        (matrix.relation == "claimed") & (matrix.deviating > 0) & (matrix.unexpected == 0)
    ]
    for row in rows.itertuples(index=False):
        why = f"{row.implementation} ({row.device}), {options(row.features)}: {row.why}"
        names = row.expectation.split(", ")
        yield {
            "ruleId": KNOWN,
            "level": "note",
            "message": {"text": text(why)},
            "locations": [location(driven_by(row.adapter), 1, row.implementation)],
            "partialFingerprints": {
                "place/v1": fingerprint(
                    KNOWN, row.implementation, row.device, row.variant, row.features
                )
            },
            "suppressions": [
                {
                    "kind": "external",
                    "status": "accepted",
                    "justification": text(f"{name}: {run.provenance.told(name)}"),
                }
                for name in names
            ],
            **shown_at(run, row.implementation, row.device, row.case),
            "properties": {
                "adapter": row.adapter,
                "documentation": documentation(run, row.adapter, row.implementation),
                "case": row.case,
            },
        }


def shown_at(run: RunData, name: str, device: str, case: str) -> Json:
    """Where the site shows a result (3.27.20), if there is one and it knows the implementation."""
    known = bool(name) and not set("*?[") & set(name.partition("[")[0])
    address = links.cell(run, name, device, case) or links.implementation(run, name, device)
    return {"hostedViewerUri": address} if known and address else {}


def driven_by(adapter: str) -> str:
    """The module that drives a framework, as a path of the repository."""
    return f"adapters/{adapter}.py" if adapter else "adapters"


def location(path: str, line: int, name: str) -> Json:
    """A place in a file (code scanning takes no result without one) and in the framework."""
    place: Json = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line},
        }
    }
    if name:
        place["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "function"}]
    return place


def documentation(run: RunData, adapter: str, implementation: str) -> str:
    """What the adapter names as the implementation's documentation; a text, not a link."""
    description = run.adapters.get(adapter, About()).description
    listed = description.implementations if description else ()
    return next((item.documentation for item in listed if item.name == implementation), "")


def fingerprint(*parts: str) -> str:
    """The same for the same place in every run, so that a result is one alert and not many."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
