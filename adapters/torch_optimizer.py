"""torch_optimizer on PyTorch: the classes that are Adam, some at a switch of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch_optimizer

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.torch import (
    ADAM,
    DTYPES,
    Path,
    Rule,
    description,
    int_count,
    opened,
    probed,
)

NAME = "torch_optimizer"

PAGE = "https://pytorch-optimizer.readthedocs.io/en/latest/api.html#torch_optimizer.{}"
HIDDEN = "its averages are weighted so that they need no correction"


def rule(name: str, *claims: str, **changes: Any) -> Rule:
    """One class; the claims without the name of the package."""
    fields: dict[str, Any] = {
        "optimizer": getattr(torch_optimizer, name),
        "claims": tuple(f"torch-optimizer-{claim}" for claim in claims),
        "dtypes": DTYPES,
        "features": [[], ["weight_decay"]],
        "switches": [],
        "state": {"first_moment": ("exp_avg", ""), "second_moment": ("exp_avg_sq", "")},
        "page": PAGE,
        "count": int_count,
    }
    return ADAM._replace(**{**fields, **changes})


def readings(name: str, *kinds: str) -> list[str]:
    """Both places of epsilon, with each kind of weight decay."""
    return [f"{name}{place}{kind}" for place in ("", "-hat") for kind in ("", *kinds)]


IN_PLACE: Mapping[str, str] = {"gradient": "L2 decay is added to the gradient in place"}
PATHS = {
    "torch_optimizer:QHAdam": Path(
        rule("QHAdam", "qhadam", state={}, gaps={**IN_PLACE, "state": HIDDEN}), {}
    ),
    "torch_optimizer:QHAdam[decouple_weight_decay]": Path(
        rule(
            "QHAdam",
            "qhadam-decoupled",
            features=[["weight_decay"]],
            state={},
            gaps={"state": HIDDEN},
        ),
        {"decouple_weight_decay": True},
    ),
    "torch_optimizer:Lamb[adam]": Path(rule("Lamb", "lamb", "lamb-decoupled"), {"adam": True}),
    "torch_optimizer:Lamb[adam,debias]": Path(
        rule("Lamb", *readings("lamb-debias", "-decoupled", "-corrected")),
        {"adam": True, "debias": True},
    ),
    "torch_optimizer:AdamP[delta=0]": Path(
        rule("AdamP", *readings("adamp", "-decoupled")), {"delta": 0.0}
    ),
    "torch_optimizer:AdaMod[beta3=0]": Path(
        rule(
            "AdaMod",
            *readings("adamod", "-decoupled"),
            state={},
            gaps={"state": "it also keeps an average of rates, which no other Adam has"},
        ),
        {"beta3": 0.0},
    ),
}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions(NAME, "torch", "numpy"))


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)
