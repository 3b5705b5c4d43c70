"""optimi's optimizers on PyTorch: the loop and foreach, without Kahan's sums."""

from __future__ import annotations

import warnings
from typing import Any

import optimi

from optimizer_conformance.adapters.torch import ADAM, DTYPES, TorchAdapter

NAME = "optimi"

HIDDEN = "its averages are weighted so that they need no correction"
# Said of foreach, in favour of Triton, which needs a GPU.
warnings.filterwarnings("ignore", "Parameter `foreach` is deprecated", DeprecationWarning)
LOOP: dict[str, Any] = {"foreach": False, "triton": False, "kahan_sum": False}


BUFFER = "it serves as the buffer of the denominator"
ADAM_LOOP = ADAM.changed(
    own=optimi.Adam,
    claims=["optimi-adam", "optimi-adam-hat"],
    features=[[], ["weight_decay"]],
    switches=[],
    state={},
    dtypes=DTYPES,
    arguments=LOOP,
    page="https://optimi.benjaminwarner.dev/optimizers/adam/",
    gaps={"state": HIDDEN, "gradient": "L2 decay is added in place"},
)
ADAMW_LOOP = ADAM_LOOP.changed(
    own=optimi.AdamW,
    claims=["optimi-adamw", "optimi-adamw-hat"],
    page="https://optimi.benjaminwarner.dev/optimizers/adamw/",
    gaps={"state": HIDDEN},
    off={"weight_decay": 0.0},
)
IN_FOREACH: dict[str, Any] = {
    "arguments": {**LOOP, "foreach": True},
    "gaps": {"state": HIDDEN, "gradient": BUFFER},
}


def without_sums(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state of a parameter beside its buffer: without an entry for Kahan's sums the buffer is
    made again."""
    return {"kahan_comp": None}, {}


DECAYED = [[], ["weight_decay"]]
SHARED = {"learning_rate": "lr", "weight_decay": "weight_decay"}
SGD = ADAM_LOOP.changed(
    own=optimi.SGD,
    family="sgd",
    claims=["optimi-sgd"],
    features=[*DECAYED, ["momentum"]],
    names={**SHARED, "momentum": "momentum"},
    state={"momentum": ("exp_avg", "momentum")},
    count=without_sums,
    page="https://optimi.benjaminwarner.dev/optimizers/sgd/",
    gaps={
        "gradient": "L2 decay is added in place",
        "momentum=0": "AttributeError: 'NoneType' object has no attribute 'dtype'",
    },
)
LION = SGD.changed(
    own=optimi.Lion,
    family="lion",
    claims=["optimi-lion"],
    features=DECAYED,
    names={name: own for name, own in ADAM_LOOP.names.items() if name != "epsilon"},
    state={"first_moment": "exp_avg"},
    page="https://optimi.benjaminwarner.dev/optimizers/lion/",
    gaps={},
)
RADAM = ADAM_LOOP.changed(
    own=optimi.RAdam,
    family="radam",
    claims=["optimi-radam", "optimi-radam-hat"],
    page="https://optimi.benjaminwarner.dev/optimizers/radam/",
)
ADAN = ADAM_LOOP.changed(
    own=optimi.Adan,
    family="adan",
    claims=["optimi-adan"],
    features=[[]],
    # Its second is that of differences, its third that of squares.
    names={**ADAM_LOOP.names, "beta3": "beta2", "decay": "beta3"},
    page="https://optimi.benjaminwarner.dev/optimizers/adan/",
    gaps={"state": HIDDEN},
    off={"weight_decay": 0.0},
    undriven={"weight_decay": "no rule here divides the parameter by 1 + rate x decay"},
)
DECOUPLED: dict[str, Any] = {"decouple_wd": True}
OTHERS = {
    "SGD": SGD,
    "SGD[decouple_wd]": SGD.changed(
        claims=["optimi-sgd-decoupled"],
        features=[["weight_decay"]],
        state={},
        arguments={**LOOP, **DECOUPLED},
        gaps={},
    ),
    "Lion": LION,
    "RAdam": RADAM,
    "RAdam[decouple_wd]": RADAM.changed(
        claims=["optimi-radam-decoupled", "optimi-radam-hat-decoupled"],
        features=[["weight_decay"]],
        arguments={**LOOP, **DECOUPLED},
        gaps={"state": HIDDEN},
    ),
    "Adan": ADAN,
}


def in_foreach(name: str) -> str:
    """The name of a row whose tensors are stepped together."""
    return f"{name[:-1]},foreach]" if name.endswith("]") else f"{name}[foreach]"


OFFERS = {
    **{f"optimi:{name}": offer for name, offer in OTHERS.items()},
    **{
        f"optimi:{in_foreach(name)}": offer.changed(
            arguments={**offer.arguments, "foreach": True},
            gaps={**offer.gaps, "gradient": BUFFER},
        )
        for name, offer in OTHERS.items()
    },
    "optimi:Adam": ADAM_LOOP,
    "optimi:Adam[foreach]": ADAM_LOOP.changed(**IN_FOREACH),
    "optimi:AdamW": ADAMW_LOOP,
    "optimi:AdamW[foreach]": ADAMW_LOOP.changed(**IN_FOREACH),
}

# docs/findings/optimi-group-betas.md
BETAS = {"beta1", "beta3", "decay"}
OFFERS = {
    name: offer.changed(groups=[own for own in offer.names if own not in BETAS])
    for name, offer in OFFERS.items()
}

ADAPTER = TorchAdapter(NAME, OFFERS, ("torch-optimi", "torch", "numpy"), {"optimi": "Optimizer"})
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
