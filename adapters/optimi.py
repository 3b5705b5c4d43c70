"""optimi's Adam and AdamW on PyTorch: the loop and foreach, without Kahan's sums."""

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
OFFERS = {
    "optimi:Adam": ADAM_LOOP,
    "optimi:Adam[foreach]": ADAM_LOOP.changed(**IN_FOREACH),
    "optimi:AdamW": ADAMW_LOOP,
    "optimi:AdamW[foreach]": ADAMW_LOOP.changed(**IN_FOREACH),
}

ADAPTER = TorchAdapter(NAME, OFFERS, ("torch-optimi", "torch", "numpy"), {"optimi": "Optimizer"})
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
