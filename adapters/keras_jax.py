"""Keras 3 on its back end JAX: RMSprop, Adam and AdamW."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read while Keras is imported

import jax

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.keras_backends import KerasAdapter

NAME = "keras_jax"

DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32"]
GAPS: dict[str, str] = {
    "float64": "JAX keeps float32 where float64 is asked for, unless x64 is switched on"
}


def cuda() -> dict[str, str]:
    return {f"cuda:{d.id}": d.device_kind for d in jax.devices() if d.platform == "gpu"}


ARITHMETIC = {"cpu": "xla-cpu", "cuda": "xla-cuda"}
ADAPTER = KerasAdapter(NAME, DTYPES, GAPS, "jax", cuda=cuda, arithmetic=ARITHMETIC)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
