"""Formats that other tools read: SARIF 2.1.0 and JUnit XML, from plain rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Literal
from xml.etree import ElementTree

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
TOOL = "optimizer-conformance"
XML_FORBIDDEN = {code: None for code in range(32) if code not in (9, 10, 13)}


@dataclass(frozen=True)
class Rule:
    """What is checked: a SARIF rule."""

    id: str
    text: str
    help: str = ""


@dataclass(frozen=True)
class Finding:
    """One outcome of a rule: a SARIF result.

    level     ``error`` and ``warning`` want attention, ``note`` does not
    kind      SARIF's: ``pass``, ``fail``, ``open``, ``notApplicable``
    place     file, relative to the repository
    suppressed  why it is accepted although it fails
    """

    rule: str
    text: str
    level: Literal["none", "note", "warning", "error"]
    kind: Literal["pass", "fail", "open", "notApplicable"]
    place: str
    line: int = 1
    suppressed: str = ""
    properties: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Test:
    """One JUnit test case: passed unless ``failure``, ``error`` or ``skipped`` says otherwise."""

    suite: str
    name: str
    output: str = ""
    failure: str = ""
    error: str = ""
    skipped: str = ""


def tool_version() -> str:
    """Of this package; empty where it is not installed."""
    try:
        return version(TOOL)
    except PackageNotFoundError:
        return ""


def sarif(rules: Iterable[Rule], findings: Iterable[Finding]) -> str:
    """A SARIF 2.1.0 log with one run."""
    ordered = list(rules)
    index = {rule.id: position for position, rule in enumerate(ordered)}
    driver: dict[str, object] = {
        "name": TOOL,
        "rules": [
            {"id": rule.id, "shortDescription": {"text": rule.text}}
            | ({"help": {"text": rule.help}} if rule.help else {})
            for rule in ordered
        ],
    }
    if found := tool_version():
        driver["version"] = found
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "results": [result(finding, index[finding.rule]) for finding in findings],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def result(finding: Finding, index: int) -> dict[str, object]:
    """One SARIF result."""
    place = {
        "artifactLocation": {"uri": finding.place},
        "region": {"startLine": finding.line},
    }
    found: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        # The standard allows a level other than "none" only for what fails.
        "level": finding.level if finding.kind == "fail" else "none",
        "kind": finding.kind,
        "message": {"text": finding.text},
        "locations": [{"physicalLocation": place}],
        "properties": finding.properties,
    }
    if finding.suppressed:
        found["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    return found


def junit(name: str, tests: Iterable[Test]) -> str:
    """A JUnit XML document."""
    suites: dict[str, list[Test]] = defaultdict(list)
    for test in tests:
        suites[test.suite].append(test)
    root = ElementTree.Element("testsuites", name=name)
    for suite, members in suites.items():
        counts = {
            "tests": len(members),
            "failures": sum(bool(test.failure) for test in members),
            "errors": sum(bool(test.error) for test in members),
            "skipped": sum(bool(test.skipped) for test in members),
        }
        attributes = {"name": suite} | {key: str(value) for key, value in counts.items()}
        node = ElementTree.SubElement(root, "testsuite", attributes)
        for test in members:
            case = ElementTree.SubElement(node, "testcase", classname=suite, name=test.name)
            for tag in ("failure", "error", "skipped"):
                if message := getattr(test, tag):
                    ElementTree.SubElement(case, tag, message=clean(message))
            if test.output:
                ElementTree.SubElement(case, "system-out").text = clean(test.output)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def clean(text: str) -> str:
    """Text without characters that XML 1.0 cannot hold."""
    return text.translate(XML_FORBIDDEN)
