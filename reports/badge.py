"""The run as badges: the JSON that shields.io's endpoint badge reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from optimizer_conformance.reports import links
from optimizer_conformance.reports.bearings import Bearing, bearings
from optimizer_conformance.reports.findings import recorded
from optimizer_conformance.reports.model import RunData, summary
from optimizer_conformance.reports.records import Kind
from optimizer_conformance.reports.verdicts import Conduct, Verdict

LABEL = "conformance"
COLOURS = {
    Conduct.follows: "brightgreen",
    Conduct.excepted: "yellowgreen",
    Conduct.another: "orange",
    Conduct.undecided: "lightgrey",
}
INDEX = "badges.json"


def render(run: RunData) -> str:
    """The whole file: how many implementations were judged, or what is wrong."""
    failing = [finding for finding in recorded(run) if finding.level == "error"]
    rows = summary(run)
    judged = int((rows.verdict != str(Verdict.unavailable)).sum())
    if not run.footer or any(item.kind in (Kind.missing, Kind.interrupted) for item in failing):
        return written(LABEL, "incomplete", "lightgrey")
    if failing:
        return written(LABEL, f"{len(failing)} unexpected", "red")
    return written(LABEL, f"{judged} implementations as expected", "brightgreen")


def each(run: RunData) -> Iterator[tuple[str, str]]:
    """Name and content of a badge an implementation, and of the list of them."""
    listed: dict[str, dict[str, str]] = {}
    for item in bearings(run):
        name = unused(item, listed)
        yield name, written(item.implementation, told(item), colour(item))
        listed[name] = {
            "implementation": item.implementation,
            "device": item.device,
            "message": told(item),
            "page": links.implementation(run, item.implementation, item.device),
        }
    yield INDEX, json.dumps(listed, indent=1) + "\n"


def unused(item: Bearing, used: dict[str, dict[str, str]]) -> str:
    """A file name that people can type into an address."""
    device = "" if item.device in ("cpu", "–") else f"-{item.device}"
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", f"{item.implementation}{device}").strip("-.")
    name = f"{plain or 'badge'}.json"
    number = 2
    while name in {*used, INDEX}:
        name, number = f"{plain or 'badge'}-{number}.json", number + 1
    return name


def told(item: Bearing) -> str:
    """What a badge says: the word, and where it is followed except."""
    if item.new:
        return f"{item.conduct.said()}: new"
    where = ", ".join(dict.fromkeys(lapse.where for lapse in item.lapses if lapse.where))
    return (
        f"{item.conduct.said()} {where}".strip()
        if item.conduct is Conduct.excepted
        else (item.conduct.said())
    )


def colour(item: Bearing) -> str:
    """Of a badge: red is what nothing expects."""
    return "red" if item.new else COLOURS[item.conduct]


def written(label: str, message: str, colour_: str) -> str:
    """A file."""
    content = {"schemaVersion": 1, "label": label, "message": message, "color": colour_}
    return json.dumps(content, indent=1) + "\n"
