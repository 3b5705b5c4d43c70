"""The JSON Schema of a certificate.

``python -m optimizer_conformance.questions.certify.schema`` prints it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from optimizer_conformance.questions.certify.record import Certificate


def schema() -> dict[str, Any]:
    """As docs/certificate.schema.json holds it."""
    found = msgspec.json.schema(Certificate)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
