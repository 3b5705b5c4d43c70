"""Keras 3 on its back end PyTorch: RMSprop, Adam and AdamW."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"  # read while Keras is imported

import torch

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.keras_backends import KerasAdapter

NAME = "keras_torch"

DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
GAPS: dict[str, str] = {}
torch.set_num_threads(1)

ADAPTER = KerasAdapter(NAME, DTYPES, GAPS, "torch")
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
