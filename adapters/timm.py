"""timm's optimizers on PyTorch: the loop and foreach, and their switches."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from optimizer_conformance.adapters.torch import (
    ADAM,
    DTYPES,
    RMSPROP,
    SGD,
    SHARED,
    TorchAdapter,
    TorchOffer,
    int_count,
)

# timm and timm.optim import torchvision, whose compiled operators do not load beside every PyTorch;
# the optimizer needs neither.  Empty packages in their place lead to the same files.
spec = importlib.util.find_spec("timm")
if spec is None or spec.origin is None:
    raise ModuleNotFoundError("timm is not installed")
for package, folder in {"timm": ".", "timm.optim": "optim"}.items():
    sys.modules[package] = ModuleType(package)
    sys.modules[package].__path__ = [str(Path(spec.origin).parent / folder)]


def own(name: str) -> Any:
    """The class of a module of ``timm.optim``; None where a release has none."""
    try:
        return getattr(importlib.import_module(f"timm.optim.{name.lower()}"), name)
    except ImportError:
        return None


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
PAGE = "https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/optim/{}.py"
MOMENTS = {"first_moment": "exp_avg", "second_moment": "exp_avg_sq"}
ADOPT = ADAM.changed(
    own=own("Adopt"),
    family="adopt",
    claims=["timm-adopt"],
    features=[[], ["weight_decay"]],
    switches=[],
    state=MOMENTS,
    dtypes=DTYPES,
    page=PAGE.format("adopt"),
)
LION = ADOPT.changed(
    own=own("Lion"),
    family="lion",
    claims=["timm-lion"],
    names={name: argument for name, argument in ADAM.names.items() if name != "epsilon"},
    state={"first_moment": "exp_avg"},
    page=PAGE.format("lion"),
)
SGDW = SGD.changed(
    own=own("SGDW"),
    claims=["timm-sgdw"],
    features=[[], ["momentum"], ["weight_decay"]],
    switches=[],
    dtypes=DTYPES,
    page=PAGE.format("sgdw"),
)
ADAN = ADOPT.changed(
    own=own("Adan"),
    family="adan",
    claims=["timm-adan"],
    features=[[]],
    # Its second is that of differences, its third that of squares.
    names={**ADAM.names, "beta3": "beta2", "decay": "beta3"},
    state={},
    undriven={"weight_decay": "no rule here divides the parameter by 1 + rate x decay"},
    page=PAGE.format("adan"),
)


def lookahead(parameters: Any, lr: float, alpha: float = 0.5, k: int = 6, **ways: Any) -> Any:
    """Lookahead around PyTorch's SGD."""
    return own("Lookahead")(torch.optim.SGD(parameters, lr=lr, **ways), alpha=alpha, k=k)


LOOKAHEAD = SGDW.changed(
    own=lookahead,
    claims=["timm-lookahead"],
    features=[["lookahead"]],
    names={"learning_rate": "lr", "slow_share": "alpha", "period": "k"},
    # It stands in the state of the optimizer beneath.
    state={},
    schedules=False,
    undriven={"schedules": "a schedule takes an object that PyTorch's constructor has made"},
    grouped=False,
    page=PAGE.format("lookahead"),
)
NOVOGRAD = ADOPT.changed(
    own=own("NvNovoGrad"),
    family="novograd",
    claims=["timm-nvnovograd"],
    # Its first moment gathers what the norm has divided, as a momentum buffer does.
    features=[["momentum"], ["momentum", "weight_decay"]],
    names={**SHARED, "momentum": "beta1", "decay": "beta2"},
    state={"second_moment": "exp_avg_sq", "momentum": "exp_avg"},
    shared=("second_moment",),
    dtypes=["float32"],
    gaps={
        "float64": "the squared norm is kept in the default format, whatever the parameter's is",
    },
    undriven={
        dtype: f"the squared norm beside a {dtype} parameter is float32"
        for dtype in ("float16", "bfloat16")
    },
    page=PAGE.format("nvnovograd"),
    count=int_count,
)
WAYS: dict[str, tuple[TorchOffer, dict[str, Any]]] = {
    "Adopt": (ADOPT, {"clip_exp": 0.25}),
    "Adopt[unclipped]": (ADOPT.changed(claims=["timm-adopt-unclipped"]), {"clip_exp": None}),
    "Lion": (LION, {}),
    "SGDW": (SGDW, {}),
    "Lookahead[SGD]": (LOOKAHEAD, {}),
    "Adan": (ADAN, {}),
}


def named(name: str, *, together: bool) -> str:
    """The name of a row, of the loop or of tensors that are stepped together."""
    if not together:
        return f"timm:{name}"
    return f"timm:{name[:-1]},foreach]" if name.endswith("]") else f"timm:{name}[foreach]"


OFFERS = {
    **{
        named(name, together=together): offer.changed(arguments={**arguments, "foreach": together})
        for name, (offer, arguments) in WAYS.items()
        for together in (False, True)
    },
    "timm:NvNovoGrad": NOVOGRAD,
    "timm:NvNovoGrad[decoupled_decay]": NOVOGRAD.changed(
        claims=["timm-nvnovograd-decoupled"],
        features=[["momentum", "weight_decay"]],
        arguments={"decoupled_decay": True},
    ),
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
