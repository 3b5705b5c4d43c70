"""The run as workflow commands: lines that GitHub Actions shows as annotations."""

from __future__ import annotations

from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.model import RunData


def render(run: RunData) -> str:
    """One line a finding."""
    lines = []
    for finding in recorded(run):
        properties = {"title": f"Optimizer conformance: {LABELS[finding.kind]}"}
        if finding.file:
            properties = {"file": finding.file, "line": str(finding.line or 1), **properties}
        given = ",".join(f"{name}={parameter(value)}" for name, value in properties.items())
        lines.append(f"::{finding.level} {given}::{data(finding.message)}\n")
    return "".join(lines)


def data(text: str) -> str:
    """Text that ends where it ends: escaped as the runner's own toolkit does."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def parameter(text: str) -> str:
    """The same for a property, where a colon and a comma end it too."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
