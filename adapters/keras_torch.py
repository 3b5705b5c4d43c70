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


def cuda() -> dict[str, str]:
    return {f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())}


# What refuses a format, by its class.
REFUSED = {"Nadam": {"bfloat16": "TypeError: _foreach_div() got (tuple, ml_dtypes.bfloat16)"}}
ARITHMETIC = {"cpu": "mkl", "cuda": "cuda"}
ADAPTER = KerasAdapter(
    NAME, DTYPES, GAPS, "torch", cuda=cuda, arithmetic=ARITHMETIC, refused=REFUSED
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
