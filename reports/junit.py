"""The run as JUnit XML: a suite an adapter, a test a configuration, and one each expectation.

What CI systems show of a test: its name, whether it failed, and one text.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from optimizer_conformance.reports import links
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.model import RunData, compared, options, unavailable
from optimizer_conformance.reports.records import Finding, Kind
from optimizer_conformance.reports.terminal import number, reproducer

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
CONFIGURATION = (Kind.introduced, Kind.changed)  # findings about a configuration that was compared


def render(run: RunData) -> str:
    """The whole file."""
    found = recorded(run)
    matrix = compared(run)
    claimed = matrix[matrix.relation == "claimed"]
    suites: dict[str, list[ElementTree.Element]] = {name: [] for name in run.adapters}
    for row in claimed.itertuples(index=False):
        suites.setdefault(row.adapter, []).append(configuration(row, run, found))
    for finding in found:
        if finding.kind not in CONFIGURATION:
            suites.setdefault(finding.adapter or "run", []).append(expectation(finding))
    absent = {finding.adapter for finding in found if finding.kind is Kind.missing}
    for row in unavailable(run).itertuples(index=False):
        adapter = row.implementation.partition(":")[0]
        if adapter not in absent:
            test = case(row.implementation, "available")
            ElementTree.SubElement(test, "skipped", message=row.departs)
            suites.setdefault(adapter, []).append(test)
    return document("optimizer conformance", suites)


def document(name: str, suites: dict[str, list[ElementTree.Element]]) -> str:
    """A file with its suites and their tests."""
    root = ElementTree.Element("testsuites", name=name)
    for title, tests in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", name=title or "run")
        suite.extend(tests)
        totals(suite)
    totals(root)
    ElementTree.indent(root)
    return f"{DECLARATION}\n{ElementTree.tostring(root, encoding='unicode')}\n"


def case(classname: str, name: str) -> ElementTree.Element:
    """One test."""
    return ElementTree.Element("testcase", classname=classname.replace(".", "/"), name=name)


def configuration(row: Any, run: RunData, found: list[Finding]) -> ElementTree.Element:
    """An implementation with one set of options on one device, against one document."""
    test = case(row.implementation, f"{row.variant}, {options(row.features)}, {row.device}")
    led(test, links.implementation(run, row.implementation, row.device))
    place = (row.implementation, row.device, row.variant)
    if row.unexpected:
        messages = [
            f"{LABELS[item.kind]}: {item.message}"
            for item in found
            if item.kind in CONFIGURATION
            and (item.implementation, item.device, item.variant) == place
        ]
        failure = ElementTree.SubElement(test, "failure", type=row.verdict, message=row.why)
        failure.text = "\n".join([*messages, *divergence(row, run)])
    elif row.deviating:
        known = (f"{name}: {run.provenance.told(name)}" for name in row.expectation.split(", "))
        ElementTree.SubElement(test, "skipped", message="known deviation: " + "; ".join(known))
    return test


def led(test: ElementTree.Element, address: str) -> None:
    """Where the site shows more of a test, if there is one."""
    if address:
        ElementTree.SubElement(test, "system-out").text = address


def divergence(row: Any, run: RunData) -> list[str]:
    """Where the first difference shows, and the command that shows it again."""
    lines = []
    if row.step:
        lines.append(
            f"step {row.step}, {row.quantity} of {row.element}: {row.observed}, exact "
            f"{row.expected}, score {number(row.score)}"
        )
    if row.case:
        lines.append(f"conformance run --implementation '{row.implementation}' --case '{row.case}'")
        lines.append(reproducer(row))
        lines += filter(None, [links.cell(run, row.implementation, row.device, row.case)])
    return lines


def expectation(finding: Finding) -> ElementTree.Element:
    """A finding that is about an expectation or an adapter as a whole."""
    test = case(f"expectations/{finding.adapter}", finding.entry or str(finding.kind))
    kind = "error" if finding.kind in (Kind.missing, Kind.interrupted) else "failure"
    if finding.level == "warning":
        ElementTree.SubElement(test, "system-out").text = f"{finding.kind}: {finding.message}"
    else:
        ElementTree.SubElement(test, kind, type=finding.kind, message=finding.message)
    return test


def totals(element: ElementTree.Element) -> None:
    """The counts that readers expect as attributes; a whole file has none of what was skipped."""
    element.set("tests", str(len(list(element.iter("testcase")))))
    counted = {"failures": "failure", "errors": "error"}
    if element.tag == "testsuite":
        counted["skipped"] = "skipped"
    for name, tag in counted.items():
        element.set(name, str(len(list(element.iter(tag)))))
