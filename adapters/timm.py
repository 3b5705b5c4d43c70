"""timm's RMSpropTF on PyTorch: the loop and foreach, and its switches."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from optimizer_conformance.adapters.torch import DTYPES, RMSPROP, TorchAdapter

# timm and timm.optim import torchvision, whose compiled operators do not load beside every PyTorch;
# the optimizer needs neither.  Empty packages in their place lead to the same files.
spec = importlib.util.find_spec("timm")
if spec is None or spec.origin is None:
    raise ModuleNotFoundError("timm is not installed")
for package, folder in {"timm": ".", "timm.optim": "optim"}.items():
    sys.modules[package] = ModuleType(package)
    sys.modules[package].__path__ = [str(Path(spec.origin).parent / folder)]

RMSpropTF = importlib.import_module("timm.optim.rmsprop_tf").RMSpropTF

NAME = "timm"

ROW = RMSPROP.changed(
    dtypes=DTYPES,
    own=RMSpropTF,
    claims=["timm-rmsproptf"],
    features=[[], ["momentum"], ["centered"], ["centered", "momentum"], ["weight_decay"]],
    switches=["centered"],
    arguments={"foreach": False},
    page="https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/optim/rmsprop_tf.py",
)
OFFERS = {
    "timm:RMSpropTF": ROW,
    "timm:RMSpropTF[foreach]": ROW.changed(arguments={"foreach": True}),
    "timm:RMSpropTF[lr_in_momentum=False]": ROW.changed(
        claims=["timm-rmsproptf-unscaled"],
        features=[["momentum"], ["centered", "momentum"]],
        arguments={"foreach": False, "lr_in_momentum": False},
    ),
    "timm:RMSpropTF[decoupled_decay]": ROW.changed(
        claims=["timm-rmsproptf-decoupled", "timm-rmsproptf-decoupled-unscaled"],
        features=[["weight_decay"]],
        state={"second_moment": ROW.state["second_moment"]},
        arguments={"foreach": False, "decoupled_decay": True},
    ),
}

ADAPTER = TorchAdapter(NAME, OFFERS, (NAME, "torch", "numpy"))
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
