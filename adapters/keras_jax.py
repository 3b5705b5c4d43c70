"""Keras 3 on its back end JAX: RMSprop, Adam and AdamW."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read while Keras is imported

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.keras_backends import description, opened, probed

NAME = "keras_jax"

DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32"]
GAPS: dict[str, str] = {
    "float64": "JAX keeps float32 where float64 is asked for, unless x64 is switched on"
}


def describe() -> protocol.Description:
    return description(NAME, DTYPES, GAPS, "jax")


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(implementation)
