"""torch_optimizer on PyTorch: the classes that are Adam, some at a switch of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch_optimizer

from optimizer_conformance.adapters.torch import (
    ADAM,
    DTYPES,
    SHARED,
    TorchAdapter,
    TorchOffer,
    int_count,
)

NAME = "torch_optimizer"

PAGE = "https://pytorch-optimizer.readthedocs.io/en/latest/api.html#torch_optimizer.{}"
HIDDEN = "its averages are weighted so that they need no correction"


def row(name: str, *claims: str, **changes: Any) -> TorchOffer:
    """One class; the claims without the name of the package."""
    fields: dict[str, Any] = {
        "own": getattr(torch_optimizer, name),
        "claims": tuple(f"torch-optimizer-{claim}" for claim in claims),
        "dtypes": DTYPES,
        "features": [[], ["weight_decay"]],
        "switches": [],
        "state": {"first_moment": "exp_avg", "second_moment": "exp_avg_sq"},
        "page": PAGE,
        "count": int_count,
    }
    return ADAM.changed(**{**fields, **changes})


def readings(name: str, *kinds: str) -> list[str]:
    """Both places of epsilon, with each kind of weight decay."""
    return [f"{name}{place}{kind}" for place in ("", "-hat") for kind in ("", *kinds)]


IN_PLACE: Mapping[str, str] = {"gradient": "L2 decay is added to the gradient in place"}


def lookahead(parameters: Any, lr: float, alpha: float = 0.5, k: int = 5, **ways: Any) -> Any:
    """Lookahead around PyTorch's SGD."""
    base = torch.optim.SGD(parameters, lr=lr, **ways)
    return torch_optimizer.Lookahead(base, k=k, alpha=alpha)


OTHERS = {
    "Lookahead[SGD]": row(
        "Lookahead",
        "lookahead",
        own=lookahead,
        family="sgd",
        features=[["lookahead"]],
        names={"learning_rate": "lr", "slow_share": "alpha", "period": "k"},
        state={},
        schedules=False,
        undriven={"schedules": "a schedule takes an object that PyTorch's constructor has made"},
        grouped=False,
        page=PAGE.format("Lookahead"),
    ),
    "Yogi": row("Yogi", "yogi", "yogi-uncorrected", family="yogi"),
    "RAdam": row(
        "RAdam",
        *(f"radam{place}{kind}" for place in ("", "-hat") for kind in ("", "-decoupled")),
        family="radam",
        dtypes=["float32"],
        gaps={
            "float64": "computed in float32, whatever the parameter is",
            # docs/findings/torch-optimizer-radam-groups.md
            "group": "one memory of steps, with their rates, serves all groups",
        },
        undriven={
            dtype: f"the moments beside a {dtype} parameter are float32"
            for dtype in ("float16", "bfloat16")
        },
    ),
    "AdaBelief": row(
        "AdaBelief",
        "adabelief",
        family="adabelief",
        state={"first_moment": "exp_avg", "second_moment": "exp_avg_var"},
        gaps=IN_PLACE,
    ),
    "NovoGrad": row(
        "NovoGrad",
        "novograd",
        "novograd-l2",
        family="novograd",
        # Its first moment gathers what the norm has divided, as a momentum buffer does.
        features=[["momentum"], ["momentum", "weight_decay"]],
        names={**SHARED, "momentum": "beta1", "decay": "beta2"},
        state={"second_moment": "exp_avg_sq", "momentum": "exp_avg"},
        shared=("second_moment",),
        dtypes=["float32"],
        gaps={
            "gradient": "the gradient is divided in place",
            # docs/findings/torch-optimizer-novograd.md
            "float64": "the squared norm is kept in float32, whatever the parameter is",
        },
        undriven={
            dtype: f"the squared norm beside a {dtype} parameter is float32"
            for dtype in ("float16", "bfloat16")
        },
    ),
    "SGDW": row(
        "SGDW",
        "sgdw",
        family="sgd",
        features=[[], ["momentum"], ["momentum", "nesterov"], ["weight_decay"]],
        switches=["nesterov"],
        names={"learning_rate": "lr", "weight_decay": "weight_decay", "momentum": "momentum"},
        state={"momentum": ("momentum_buffer", "momentum")},
    ),
}
OFFERS = {
    **{f"{NAME}:{name}": offer for name, offer in OTHERS.items()},
    "torch_optimizer:QHAdam": row("QHAdam", "qhadam", state={}, gaps={**IN_PLACE, "state": HIDDEN}),
    "torch_optimizer:QHAdam[decouple_weight_decay]": row(
        "QHAdam",
        "qhadam-decoupled",
        features=[["weight_decay"]],
        state={},
        gaps={"state": HIDDEN},
        arguments={"decouple_weight_decay": True},
    ),
    "torch_optimizer:Lamb[adam]": row("Lamb", "lamb", "lamb-decoupled", arguments={"adam": True}),
    "torch_optimizer:Lamb[adam,debias]": row(
        "Lamb",
        *readings("lamb-debias", "-decoupled", "-corrected"),
        arguments={"adam": True, "debias": True},
    ),
    "torch_optimizer:AdamP[delta=0]": row(
        "AdamP", *readings("adamp", "-decoupled"), arguments={"delta": 0.0}
    ),
    "torch_optimizer:AdaMod[beta3=0]": row(
        "AdaMod",
        *readings("adamod", "-decoupled"),
        state={},
        gaps={"state": "it also keeps an average of rates, which no other Adam has"},
        arguments={"beta3": 0.0},
    ),
}

ADAPTER = TorchAdapter(NAME, OFFERS, (NAME, "torch", "numpy"), {"torch_optimizer": "Optimizer"})
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
