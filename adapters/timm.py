"""timm's RMSpropTF on PyTorch: the loop and foreach, and its switches."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path as FilePath
from types import ModuleType

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.torch import DTYPES, RMSPROP, Path, description, opened, probed

# timm and timm.optim import torchvision, whose compiled operators do not load beside every PyTorch;
# the optimizer needs neither.  Empty packages in their place lead to the same files.
spec = importlib.util.find_spec("timm")
if spec is None or spec.origin is None:
    raise ModuleNotFoundError("timm is not installed")
for package, folder in {"timm": ".", "timm.optim": "optim"}.items():
    sys.modules[package] = ModuleType(package)
    sys.modules[package].__path__ = [str(FilePath(spec.origin).parent / folder)]

RMSpropTF = importlib.import_module("timm.optim.rmsprop_tf").RMSpropTF

NAME = "timm"

RULE = RMSPROP._replace(
    dtypes=DTYPES,
    optimizer=RMSpropTF,
    claims="timm-rmsproptf",
    features=[[], ["momentum"], ["centered"], ["centered", "momentum"], ["weight_decay"]],
    switches=["centered"],
    page="https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/optim/rmsprop_tf.py",
)
PATHS = {
    "timm:RMSpropTF": Path(RULE, {"foreach": False}),
    "timm:RMSpropTF[foreach]": Path(RULE, {"foreach": True}),
    "timm:RMSpropTF[lr_in_momentum=False]": Path(
        RULE._replace(
            claims="timm-rmsproptf-unscaled", features=[["momentum"], ["centered", "momentum"]]
        ),
        {"foreach": False, "lr_in_momentum": False},
    ),
    "timm:RMSpropTF[decoupled_decay]": Path(
        RULE._replace(
            claims=("timm-rmsproptf-decoupled", "timm-rmsproptf-decoupled-unscaled"),
            features=[["weight_decay"]],
            state={"second_moment": RULE.state["second_moment"]},
        ),
        {"foreach": False, "decoupled_decay": True},
    ),
}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions(NAME, "torch", "numpy"))


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)
