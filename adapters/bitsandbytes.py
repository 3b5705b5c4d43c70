"""bitsandbytes' RMSprop, Adam and AdamW with 32-bit state, on PyTorch."""

from __future__ import annotations

import bitsandbytes

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.torch import (
    ADAM,
    RMSPROP,
    Path,
    description,
    int_count,
    opened,
    probed,
)

NAME = "bitsandbytes"

PAGE = "https://huggingface.co/docs/bitsandbytes/main/en/reference/optim/{}"
GAPS = {
    "float64": "the kernels take float32, float16 and bfloat16",
    "float16": "not driven here: the state beside a float16 parameter is float32",
    "bfloat16": "not driven here: the state beside a bfloat16 parameter is float32",
    "centered": 'NotImplementedError: "Centered RMSprop is not supported!"',
}
# state1 is Adam's first moment and RMSprop's only one.
ADAM_STATE = {"first_moment": ("state1", ""), "second_moment": ("state2", "")}
RULES = {
    "RMSprop": RMSPROP._replace(
        optimizer=bitsandbytes.optim.RMSprop,
        claims=("bitsandbytes-rmsprop", "bitsandbytes-rmsprop-unscaled"),
        features=[[], ["momentum"], ["weight_decay"]],
        switches=[],
        state={"second_moment": ("state1", "")},
        page=PAGE.format("rmsprop"),
        gaps={**GAPS, "momentum": "taken and without effect upstream"},
    ),
    "Adam": ADAM._replace(
        optimizer=bitsandbytes.optim.Adam,
        claims=("bitsandbytes-adam", "bitsandbytes-adam-decoupled"),
        features=[[], ["amsgrad"], ["weight_decay"]],
        switches=["amsgrad"],
        state=ADAM_STATE,
        page=PAGE.format("adam"),
        gaps={**GAPS, "amsgrad": "taken and without effect upstream"},
    ),
    "AdamW": ADAM._replace(
        optimizer=bitsandbytes.optim.AdamW,
        claims=("bitsandbytes-adamw", "bitsandbytes-adamw-unscaled"),
        features=[[], ["amsgrad"], ["weight_decay"]],
        switches=["amsgrad"],
        state=ADAM_STATE,
        off={"weight_decay": 0.0},
        page=PAGE.format("adamw"),
        gaps={**GAPS, "amsgrad": "taken and without effect upstream"},
    ),
}
PATHS = {
    f"bitsandbytes:{name}": Path(
        rule._replace(dtypes=("float32",), count=int_count), {"optim_bits": 32}
    )
    for name, rule in RULES.items()
}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions(NAME, "torch", "numpy"))


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)
