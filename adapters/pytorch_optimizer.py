"""pytorch_optimizer on PyTorch: the classes that are Adam or AdamW, some at a switch of theirs."""

from __future__ import annotations

from typing import Any

import pytorch_optimizer

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.torch import (
    ADAM,
    DTYPES,
    Path,
    Rule,
    description,
    group_count,
    opened,
    probed,
)

NAME = "pytorch_optimizer"

PAGE = "https://pytorch-optimizers.readthedocs.io/en/v4.1.0/optimizer/#pytorch_optimizer.{}"
GRADIENT = "maximize turns the sign of the gradient, and L2 decay adds to it, in place"
OPTIONS = [[], ["weight_decay"], ["maximize"]]
MOMENTS = {"first_moment": ("exp_avg", ""), "second_moment": ("exp_avg_sq", "")}


def rule(name: str, *claims: str, **changes: Any) -> Rule:
    """One class; the claims without the name of the package."""
    fields: dict[str, Any] = {
        "optimizer": getattr(pytorch_optimizer, name),
        "claims": tuple(f"pytorch-optimizer-{claim}" for claim in claims),
        "dtypes": DTYPES,
        "features": OPTIONS,
        "switches": ["maximize"],
        "state": MOMENTS,
        "page": PAGE,
        "gaps": {"gradient": GRADIENT},
        "count": group_count,
    }
    return ADAM._replace(**{**fields, **changes})


QHADAM = rule(
    "QHAdam",
    "qhadam",
    state={},
    gaps={
        "gradient": GRADIENT,
        "state": "its averages are weighted so that they need no correction",
    },
)
ADAMC = rule("AdamC", "adamc", "adamc-hat")
DECAYED = [["weight_decay"]]
# Class, what is written in brackets, rule, and the arguments that choose this way.
WAYS: list[tuple[str, str, Rule, dict[str, Any]]] = [
    ("QHAdam", "", QHADAM, {}),
    (
        "QHAdam",
        "weight_decouple",
        QHADAM._replace(claims="pytorch-optimizer-qhadam-decoupled", features=DECAYED),
        {"weight_decouple": True},
    ),
    (
        "QHAdam",
        "fixed_decay",
        QHADAM._replace(claims="pytorch-optimizer-qhadam-fixed", features=DECAYED),
        {"weight_decouple": True, "fixed_decay": True},
    ),
    ("PAdam", "partial=0.5", rule("PAdam", "padam", "padam-hat"), {"partial": 0.5}),
    ("Lamb", "adam", rule("Lamb", "lamb"), {"adam": True}),
    ("AdamP", "delta=0", rule("AdamP", "adamp", "adamp-hat"), {"delta": 0.0}),
    ("AdamC", "", ADAMC, {}),
    (
        "AdamC",
        "ams_bound",
        ADAMC._replace(
            features=[["amsgrad"]],
            switches=[],
            state={**MOMENTS, "maximum_second_moment": ("max_exp_avg_sq", "")},
        ),
        {"ams_bound": True},
    ),
    ("GaLore", "", rule("GaLore", "galore", "galore-hat"), {}),
    (
        "FlashAdamW",
        "quantize=False",
        rule("FlashAdamW", "flashadamw", "flashadamw-hat", off={"weight_decay": 0.0}),
        {"quantize": False},
    ),
]


def full(name: str, *options: str) -> str:
    """An implementation's name."""
    inside = ",".join(option for option in options if option)
    return f"{NAME}:{name}[{inside}]" if inside else f"{NAME}:{name}"


# Every path is chosen in words: what foreach=None means depends on the class.
PATHS = {
    full(name, option, kind): Path(item, {**arguments, "foreach": bool(kind)})
    for name, option, item, arguments in WAYS
    for kind in ("", "foreach")
}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions(NAME, "torch", "numpy"))


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)
