"""The JSON Schema of a run folder, from its records.

``python -m optimizer_conformance.runs.schema`` prints it for docs/.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from optimizer_conformance.reports.records import (
    FORMAT,
    About,
    Cell,
    Closed,
    Described,
    Element,
    Event,
    Finished,
    Footer,
    Provenance,
    StoredGroup,
)

FILES: dict[str, Any] = {
    "provenance.json": Provenance,
    "adapters.json": dict[str, About],
    "groups.json": dict[str, list[StoredGroup]],
    "footer.json": Footer,
    "events.jsonl, a line": Event,
    "cells/ADAPTER.parquet, a row": Cell,
    "elements/ADAPTER.parquet, a row": Element,
    "journal.msgpack, a record": Described | Finished | Closed,
}
# A run writes every field of these, whatever a reader does without one.
WHOLE = (Provenance, About, StoredGroup, Footer)


def schema() -> dict[str, Any]:
    """Every file of a run folder, and the records of its journal."""
    files, components = msgspec.json.schema_components(
        FILES.values(), ref_template="#/$defs/{name}"
    )
    for record in WHOLE:
        found = components[record.__name__]
        found["required"] = list(found["properties"])
    components["Provenance"]["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Run folder of optimizer-conformance, format {FORMAT}",
        "type": "object",
        "properties": dict(zip(FILES, files, strict=True)),
        "$defs": components,
    }


def printed() -> str:
    """The schema as docs/run-folder.schema.json holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(printed(), end="")
