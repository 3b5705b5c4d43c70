"""The JSON Schema of a run folder.

``python -m optimizer_conformance.runs.schema`` prints it for docs/.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from optimizer_conformance.reports.records import Closed, Described, Finished
from optimizer_conformance.reports.store import FORMAT, Cell, Element
from optimizer_conformance.runs.reader import Unit

TEXT, NUMBER, WHOLE, FLAG = ({"type": kind} for kind in ("string", "number", "integer", "boolean"))
TEXTS = {"type": "array", "items": TEXT}
NAMED_TEXTS = {"type": "object", "additionalProperties": TEXT}
OBJECT = {"type": "object"}
PAIR = {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2}

PROVENANCE = {
    "format": {"const": FORMAT},
    "started": {"type": "string", "format": "date-time"},
    "python": TEXT,
    "implementation": TEXT,
    "platform": TEXT,
    "processor": TEXT,
    "cores": WHOLE,
    "memory": WHOLE,
    "accelerators": TEXTS,
    "harness": NAMED_TEXTS,
    "variables": NAMED_TEXTS,
    "confinement": TEXT,
    "profile": TEXT,
    "seed": WHOLE,
    "selection": {"type": "object", "additionalProperties": TEXTS},
    "adapters": TEXTS,
    "interpreter": TEXT,
    "requested": TEXTS,
    "required": TEXTS,
    "shard": PAIR,
    "suite": TEXT,
    "revision": TEXT,
    "dirty": FLAG,
    "command": TEXTS,
    "reasons": NAMED_TEXTS,
}
FOOTER = {
    "ended": {"type": "string", "format": "date-time"},
    "cells": WHOLE,
    "rows": {"type": "object", "additionalProperties": WHOLE},
    "unexpected": WHOLE,
    "stale": TEXTS,
    "missing": NAMED_TEXTS,
    "findings": {"type": "array", "items": OBJECT},
    "reused": WHOLE,
    "retried": {"type": "object", "additionalProperties": TEXTS},
    "exit_code": WHOLE,
    "seconds": OBJECT,
}
EVENT = {"time": {"type": "string", "format": "date-time"}, "event": TEXT}


def shape(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    """A JSON object of which everything but ``optional`` has to be there."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def schema() -> dict[str, Any]:
    """Every file of a run folder, and the records of its journal."""
    types = (Cell, Element, Unit, Described, Finished, Closed)
    _, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    files = {
        "provenance.json": shape(
            {**PROVENANCE, "merged": {"type": "array"}}, "merged", "interpreter"
        ),
        "adapters.json": {"type": "object", "additionalProperties": OBJECT},
        "units.json": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"$ref": "#/$defs/Unit"}},
        },
        "footer.json": shape(FOOTER),
        "events.jsonl, a line": shape(EVENT),
        "cells/ADAPTER.parquet, a row": {"$ref": "#/$defs/Cell"},
        "elements/ADAPTER.parquet, a row": {"$ref": "#/$defs/Element"},
        "journal.msgpack, a record": {
            "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in types[3:]]
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Run folder of optimizer-conformance, format {FORMAT}",
        "type": "object",
        "properties": files,
        "$defs": components,
    }


def printed() -> str:
    """The schema as docs/run-folder.schema.json holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(printed(), end="")
