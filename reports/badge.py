"""The run as a badge: the JSON that shields.io's endpoint badge reads."""

from __future__ import annotations

import json

from optimizer_conformance.reports.findings import recorded
from optimizer_conformance.reports.model import RunData, summary
from optimizer_conformance.reports.records import Kind
from optimizer_conformance.reports.verdicts import Verdict


def render(run: RunData) -> str:
    """The whole file: how many implementations were judged, or what is wrong."""
    failing = [finding for finding in recorded(run) if finding.level == "error"]
    rows = summary(run)
    judged = int((rows.verdict != str(Verdict.unavailable)).sum())
    if not run.footer or any(item.kind in (Kind.missing, Kind.interrupted) for item in failing):
        message, colour = "incomplete", "lightgrey"
    elif failing:
        message, colour = f"{len(failing)} unexpected", "red"
    else:
        message, colour = f"{judged} implementations as expected", "brightgreen"
    content = {"schemaVersion": 1, "label": "conformance", "message": message, "color": colour}
    return json.dumps(content, indent=1) + "\n"
