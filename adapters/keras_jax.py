"""Keras 3 on its back end JAX: RMSprop, Adam and AdamW."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read while Keras is imported

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.keras_backends import KerasAdapter

NAME = "keras_jax"

DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32"]
GAPS: dict[str, str] = {
    "float64": "JAX keeps float32 where float64 is asked for, unless x64 is switched on"
}


ADAPTER = KerasAdapter(NAME, DTYPES, GAPS, "jax")
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
