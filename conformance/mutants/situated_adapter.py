"""An adapter of the faulty optimizers of :mod:`mutants.situated`: a fault and way each.

The right one is ``situated:right``.  Run in PyTorch's environment, through PyTorch's own session.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from pathlib import Path
from typing import Any

from optimizer_conformance.adapters.torch import TorchAdapter, TorchOffer

NAME = "situated"


def beside(name: str) -> Any:
    """The module of a file in this folder: a worker has adapters alone."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


situated = beside("situated")


def offer(fault: str, way: str) -> TorchOffer:
    """One faulty optimizer as PyTorch's AdamW."""
    return TorchOffer(
        own=partial(situated.torch_adamw, fault=fault, way=way),
        family="adam",
        claims=["torch-adamw"],
        features=[[], ["weight_decay"]],
        names={
            "learning_rate": "lr",
            "beta1": "beta1",
            "decay": "beta2",
            "epsilon": "eps",
            "weight_decay": "weight_decay",
        },
        dtypes=("float32", "float64", "float16"),
    )


OFFERS = {"situated:right": offer("", "")} | {
    f"situated:{name}[{way or 'own'}]": offer(name, way)
    for name, fault in situated.FAULTS.items()
    for way in fault.ways or ("",)
}
ADAPTER = TorchAdapter(NAME, OFFERS, ("torch", "numpy"))
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
