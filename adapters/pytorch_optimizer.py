"""pytorch_optimizer on PyTorch: the classes that are Adam or AdamW, some at a switch of theirs."""

from __future__ import annotations

from typing import Any

import pytorch_optimizer
import torch

from optimizer_conformance.adapters.torch import (
    ADAM,
    DTYPES,
    SHARED,
    TorchAdapter,
    TorchOffer,
    group_count,
)

NAME = "pytorch_optimizer"

PAGE = "https://pytorch-optimizers.readthedocs.io/en/v4.1.0/optimizer/#pytorch_optimizer.{}"
GRADIENT = "maximize turns the sign of the gradient, and L2 decay adds to it, in place"
OPTIONS = [[], ["weight_decay"], ["maximize"]]
MOMENTS = {"first_moment": "exp_avg", "second_moment": "exp_avg_sq"}


def row(name: str, *claims: str, **changes: Any) -> TorchOffer:
    """One class; the claims without the name of the package."""
    fields: dict[str, Any] = {
        "own": getattr(pytorch_optimizer, name),
        "claims": tuple(f"pytorch-optimizer-{claim}" for claim in claims),
        "dtypes": DTYPES,
        "features": OPTIONS,
        "switches": ["maximize"],
        "state": MOMENTS,
        "page": PAGE,
        "gaps": {"gradient": GRADIENT},
        "count": group_count,
    }
    return ADAM.changed(**{**fields, **changes})


QHADAM = row(
    "QHAdam",
    "qhadam",
    state={},
    gaps={
        "gradient": GRADIENT,
        "state": "its averages are weighted so that they need no correction",
    },
)
ADAMC = row("AdamC", "adamc", "adamc-hat")
DECAYED = [["weight_decay"]]
# Class, what is written in brackets, row, and the arguments that choose this way.
WAYS: list[tuple[str, str, TorchOffer, dict[str, Any]]] = [
    ("QHAdam", "", QHADAM, {}),
    (
        "QHAdam",
        "weight_decouple",
        QHADAM.changed(claims=["pytorch-optimizer-qhadam-decoupled"], features=DECAYED),
        {"weight_decouple": True},
    ),
    (
        "QHAdam",
        "fixed_decay",
        QHADAM.changed(claims=["pytorch-optimizer-qhadam-fixed"], features=DECAYED),
        {"weight_decouple": True, "fixed_decay": True},
    ),
    ("PAdam", "partial=0.5", row("PAdam", "padam", "padam-hat"), {"partial": 0.5}),
    ("Lamb", "adam", row("Lamb", "lamb"), {"adam": True}),
    ("AdamP", "delta=0", row("AdamP", "adamp", "adamp-hat"), {"delta": 0.0}),
    ("AdamC", "", ADAMC, {}),
    (
        "AdamC",
        "ams_bound",
        ADAMC.changed(
            features=[["amsgrad"]],
            switches=[],
            state={**MOMENTS, "maximum_second_moment": "max_exp_avg_sq"},
        ),
        {"ams_bound": True},
    ),
    ("GaLore", "", row("GaLore", "galore", "galore-hat"), {}),
    (
        "FlashAdamW",
        "quantize=False",
        row("FlashAdamW", "flashadamw", "flashadamw-hat", off={"weight_decay": 0.0}),
        {"quantize": False},
    ),
]


FREE = [["schedule_free"]]
# Steps weigh by the largest rate so far, of which a group holds a sum.
WEIGHED: dict[str, Any] = {
    "state": {},
    "switches": [],
    "schedules": False,
    "undriven": {"schedules": "no rule here weighs steps by their rates"},
}


def lookahead(parameters: Any, lr: float, alpha: float = 0.5, k: int = 5, **ways: Any) -> Any:
    """Lookahead around PyTorch's SGD."""
    base = torch.optim.SGD(parameters, lr=lr, **ways)
    return pytorch_optimizer.Lookahead(base, k=k, alpha=alpha)


THREE = {**ADAM.names, "beta3": "beta3"}
WAYS += [
    (
        "AdaBelief",
        "",
        row(
            "AdaBelief",
            "adabelief",
            family="adabelief",
            state={"first_moment": "exp_avg", "second_moment": "exp_avg_var"},
        ),
        {},
    ),
    (
        "AdaMax",
        "",
        row(
            "AdaMax",
            "adamax",
            "adamax-new",
            family="adamax",
            state={"first_moment": "exp_avg", "largest_size": "exp_inf"},
        ),
        {},
    ),
    (
        "Adan",
        "",
        row(
            "Adan",
            "adan",
            family="adan",
            features=[[], ["maximize"]],
            # Its second is that of differences, its third that of squares.
            names={**ADAM.names, "beta3": "beta2", "decay": "beta3"},
            state={},
            gaps={"gradient": "it keeps the gradient with the other sign, in place"},
        ),
        {},
    ),
    (
        "AdEMAMix",
        "",
        row(
            "AdEMAMix",
            "ademamix",
            family="ademamix",
            names={**THREE, "mixture": "alpha"},
            state={**MOMENTS, "slow_moment": "exp_avg_slow"},
        ),
        {},
    ),
    (
        "Lion",
        "",
        row(
            "Lion",
            "lion",
            family="lion",
            names={name: own for name, own in ADAM.names.items() if name != "epsilon"},
            state={"first_moment": "exp_avg"},
        ),
        {},
    ),
    (
        "RAdam",
        "degenerated_to_sgd",
        row("RAdam", "radam", "radam-hat", family="radam"),
        {"degenerated_to_sgd": True},
    ),
    ("ADOPT", "", row("ADOPT", "adopt", "adopt-all", family="adopt"), {}),
    (
        "NovoGrad",
        "",
        row(
            "NovoGrad",
            "novograd",
            "novograd-l2",
            family="novograd",
            # Its first moment gathers what the norm has divided, as a momentum buffer does.
            features=[["momentum"], ["momentum", "weight_decay"], ["momentum", "maximize"]],
            names={**SHARED, "momentum": "beta1", "decay": "beta2"},
            state={"second_moment": "grads_ema", "momentum": "moments"},
            shared=("second_moment",),
        ),
        {},
    ),
    (
        "ScheduleFreeSGD",
        "",
        row(
            "ScheduleFreeSGD",
            "schedulefreesgd",
            family="sgd",
            features=FREE,
            names={"learning_rate": "lr", "interpolation": "momentum"},
            **WEIGHED,
        ),
        {},
    ),
    (
        "ScheduleFreeAdamW",
        "",
        row(
            "ScheduleFreeAdamW",
            "schedulefreeadamw",
            family="rmsprop",
            features=FREE,
            names={
                "learning_rate": "lr",
                "interpolation": "beta1",
                "decay": "beta2",
                "epsilon": "eps",
            },
            **WEIGHED,
        ),
        {},
    ),
    (
        "Lookahead",
        "SGD",
        row(
            "Lookahead",
            "lookahead",
            own=lookahead,
            family="sgd",
            features=[["lookahead"]],
            names={"learning_rate": "lr", "slow_share": "alpha", "period": "k"},
            switches=[],
            state={"slow_parameter": "slow_params"},
            settable=False,
            grouped=False,
            gaps={},
            page=PAGE.format("Lookahead"),
        ),
        {},
    ),
    ("Yogi", "", row("Yogi", "yogi", family="yogi"), {}),
    (
        "SignSGD",
        "",
        row(
            "SignSGD",
            "signsgd",
            family="signum",
            names={"learning_rate": "lr", "weight_decay": "weight_decay", "beta1": "momentum"},
            state={"first_moment": "momentum_buffer"},
            gaps={"gradient": GRADIENT, "beta1=0": "without momentum it keeps no buffer"},
        ),
        {},
    ),
    (
        "SGDW",
        "",
        row(
            "SGDW",
            "sgdw",
            family="sgd",
            features=[*OPTIONS, ["momentum"], ["momentum", "nesterov"]],
            names={"learning_rate": "lr", "weight_decay": "weight_decay", "momentum": "momentum"},
            switches=["maximize", "nesterov"],
            state={"momentum": ("momentum_buffer", "momentum")},
        ),
        {},
    ),
]


def full(name: str, *options: str) -> str:
    """An implementation's name."""
    inside = ",".join(option for option in options if option)
    return f"{NAME}:{name}[{inside}]" if inside else f"{NAME}:{name}"


# Every path is chosen in words: what foreach=None means depends on the class.
OFFERS = {
    full(name, option, kind): item.changed(arguments={**arguments, "foreach": bool(kind)})
    for name, option, item, arguments in WAYS
    for kind in ("", "foreach")
}

ADAPTER = TorchAdapter(NAME, OFFERS, (NAME, "torch", "numpy"), {"pytorch_optimizer": "Optimizer"})
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
