"""A run as one JSON document: what ``conformance report --json`` prints, and its schema.

``python -m optimizer_conformance.reports.exported`` prints the schema for docs/.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from optimizer_conformance.reports import model
from optimizer_conformance.reports.bearings import Bearing, bearings
from optimizer_conformance.reports.findings import recorded
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.records import Finding, Footer, Provenance

FORMAT = 1
Content = dict[str, Any]
Score = float | str | None  # infinities as text, null where nothing was measured


class ExportedLapse(msgspec.Struct, frozen=True):
    """One way in which an implementation leaves its document."""

    where: str
    sentence: str
    link: str
    entries: list[str]
    cells: int
    case: str


class ExportedBearing(msgspec.Struct, frozen=True):
    """How one implementation on one device stands to its document, or that it is not there.

    conduct    ``follows``, ``excepted``, ``another`` or ``undecided``; ``unavailable`` where its
               adapter could not run
    documents  documented variants without their options; ``variant`` is that of the fewest options
    verdict    worst of its cells that tells something; ``score`` of those inside the bound, in
               units of it
    why        of ``undecided`` and ``unavailable``
    also       other documented variants that no compared case contradicts
    """

    implementation: str
    device: str
    version: str
    conduct: str
    documents: list[str]
    variant: str
    verdict: str
    score: Score
    ulp: Score
    options: list[str]
    lapses: list[ExportedLapse]
    new: bool
    why: str
    also: list[str]


class Compared(msgspec.Struct, frozen=True):
    """One implementation with one set of options against one documented variant."""

    implementation: str
    adapter: str
    version: str
    device: str
    variant: str
    base: str
    features: str
    relation: str
    verdict: str
    score: Score
    ulp: Score
    cells: int
    range: int
    ill_posed: int
    deviating: int
    unexpected: int
    step: int
    quantity: str
    element: str
    observed: str
    expected: str
    case: str
    nearest: str
    why: str
    expectation: str


class ExportedAttempts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was tried of one implementation, and what was not and why, by names of situations.

    steps     the most in a row; ``elements`` of the largest parameter
    options   sets of options; ``formats`` are dtypes
    """

    steps: int
    elements: int
    options: list[str]
    formats: list[str]
    situations: list[str]
    not_tried: dict[str, str]


class Exported(msgspec.Struct, frozen=True):
    """The whole document; ``footer`` is null where the run was interrupted.

    ``tried`` is by implementation.
    """

    format: int
    provenance: Provenance
    footer: Footer | None
    findings: list[Finding]
    implementations: list[ExportedBearing]
    compared: list[Compared]
    tried: dict[str, ExportedAttempts] = {}


def content(run: RunData, tried: Mapping[str, dict[str, Any]] = MappingProxyType({})) -> Content:
    """The document as plain data; ``tried`` is what was tried of each implementation."""
    rows = {
        (row["implementation"], row["device"]): row for row in model.summary(run).to_dict("records")
    }
    held = [exported(item, rows[item.implementation, item.device]) for item in bearings(run)]
    absent = [unavailable(row) for row in rows.values() if row["verdict"] == "unavailable"]
    return {
        "format": FORMAT,
        "provenance": msgspec.to_builtins(run.provenance),
        "footer": msgspec.to_builtins(run.footer) if run.footer else None,
        "findings": msgspec.to_builtins(recorded(run)),
        "implementations": [msgspec.to_builtins(item) for item in held + absent],
        "compared": [
            {name: measured(value) for name, value in row.items()}
            for row in model.compared(run).to_dict("records")
        ],
        "tried": dict(tried),
    }


def exported(item: Bearing, row: dict[str, Any]) -> ExportedBearing:
    """One bearing."""
    return ExportedBearing(
        implementation=item.implementation,
        device=item.device,
        version=item.version,
        conduct=item.conduct.name,
        documents=list(item.documents),
        variant=item.variant,
        verdict=row["verdict"],
        score=measured(row["score"]),
        ulp=measured(row["ulp"]),
        options=[model.options(features) for features in item.options],
        lapses=[
            ExportedLapse(
                lapse.where, lapse.sentence, lapse.link, list(lapse.entries), lapse.cells,
                lapse.case,
            )
            for lapse in item.lapses
        ],
        new=item.new,
        why=item.why,
        also=list(item.also),
    )  # fmt: skip


def unavailable(row: dict[str, Any]) -> ExportedBearing:
    """An implementation whose adapter could not run."""
    return ExportedBearing(
        implementation=row["implementation"],
        device=row["device"],
        version=row["version"],
        conduct="unavailable",
        documents=[name for name in row["documented"].split(", ") if name != "–"],
        variant="",
        verdict=row["verdict"],
        score=None,
        ulp=None,
        options=[],
        lapses=[],
        new=False,
        why=row["departs"],
        also=[],
    )


def measured(value: Any) -> Any:
    """A number as JSON has it: infinities as text, nothing measured as null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def schema() -> dict[str, Any]:
    """What the document looks like."""
    (ref,), components = msgspec.json.schema_components([Exported], ref_template="#/$defs/{name}")
    components["Exported"]["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Report of optimizer-conformance, format {FORMAT}",
        **ref,
        "$defs": components,
    }


def printed() -> str:
    """The schema as docs/report.schema.json holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(printed(), end="")
