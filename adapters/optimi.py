"""optimi's Adam and AdamW on PyTorch: the loop and foreach, without Kahan's sums."""

from __future__ import annotations

import warnings
from typing import Any

import optimi

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.torch import (
    ADAM,
    DTYPES,
    Path,
    Rule,
    description,
    opened,
    probed,
)

NAME = "optimi"

HIDDEN = "its averages are weighted so that they need no correction"
# Said of foreach, in favour of Triton, which needs a GPU.
warnings.filterwarnings("ignore", "Parameter `foreach` is deprecated", DeprecationWarning)
LOOP: dict[str, Any] = {"foreach": False, "triton": False, "kahan_sum": False}
FOREACH = {**LOOP, "foreach": True}


def rule(optimizer: Any, claim: str, gradient: str, off: dict[str, float]) -> Rule:
    """One class; ``gradient`` says what becomes of it."""
    return ADAM._replace(
        optimizer=optimizer,
        claims=(claim, f"{claim}-hat"),
        features=[[], ["weight_decay"]],
        switches=[],
        state={},
        dtypes=DTYPES,
        page=f"https://optimi.benjaminwarner.dev/optimizers/{claim.partition('-')[2]}/",
        gaps={"state": HIDDEN, **({"gradient": gradient} if gradient else {})},
        off=off,
    )


BUFFER = "it serves as the buffer of the denominator"
NO_DECAY = {"weight_decay": 0.0}
PATHS = {
    "optimi:Adam": Path(rule(optimi.Adam, "optimi-adam", "L2 decay is added in place", {}), LOOP),
    "optimi:Adam[foreach]": Path(rule(optimi.Adam, "optimi-adam", BUFFER, {}), FOREACH),
    "optimi:AdamW": Path(rule(optimi.AdamW, "optimi-adamw", "", NO_DECAY), LOOP),
    "optimi:AdamW[foreach]": Path(rule(optimi.AdamW, "optimi-adamw", BUFFER, NO_DECAY), FOREACH),
}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions("torch-optimi", "torch", "numpy"))


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)
