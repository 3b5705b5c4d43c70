"""Keras 3 on its back end PyTorch: RMSprop, Adam and AdamW."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"  # read while Keras is imported

import torch

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.keras_backends import description, opened, probed

NAME = "keras_torch"

DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
GAPS: dict[str, str] = {}


def describe() -> protocol.Description:
    torch.set_num_threads(1)
    return description(NAME, DTYPES, GAPS, "torch")


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(implementation)
