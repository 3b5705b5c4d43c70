"""bitsandbytes' optimizers with 32-bit state, on PyTorch."""

from __future__ import annotations

import bitsandbytes

from optimizer_conformance.adapters.torch import ADAM, RMSPROP, TorchAdapter, int_count

NAME = "bitsandbytes"

PAGE = "https://huggingface.co/docs/bitsandbytes/main/en/reference/optim/{}"
GAPS = {
    "float64": "the kernels take float32, float16 and bfloat16",
    "centered": 'NotImplementedError: "Centered RMSprop is not supported!"',
}
UNDRIVEN = {
    dtype: f"the state beside a {dtype} parameter is float32" for dtype in ("float16", "bfloat16")
}
# state1 is Adam's first moment and RMSprop's only one.
ADAM_STATE = {"first_moment": "state1", "second_moment": "state2"}
ROWS = {
    "RMSprop": RMSPROP.changed(
        own=bitsandbytes.optim.RMSprop,
        claims=("bitsandbytes-rmsprop", "bitsandbytes-rmsprop-unscaled"),
        features=[[], ["momentum"], ["weight_decay"]],
        switches=[],
        state={"second_moment": "state1"},
        page=PAGE.format("rmsprop"),
        gaps={
            **GAPS,
            "momentum": "taken and without effect upstream",
            "decay=0": 'NotImplementedError: "RMSprop with alpha==0.0 is not supported!"',
        },
    ),
    "Adam": ADAM.changed(
        own=bitsandbytes.optim.Adam,
        claims=("bitsandbytes-adam", "bitsandbytes-adam-decoupled"),
        features=[[], ["amsgrad"], ["weight_decay"]],
        switches=["amsgrad"],
        state=ADAM_STATE,
        page=PAGE.format("adam"),
        gaps={**GAPS, "amsgrad": "taken and without effect upstream"},
    ),
    "AdamW": ADAM.changed(
        own=bitsandbytes.optim.AdamW,
        claims=("bitsandbytes-adamw", "bitsandbytes-adamw-unscaled"),
        features=[[], ["amsgrad"], ["weight_decay"]],
        switches=["amsgrad"],
        state=ADAM_STATE,
        off={"weight_decay": 0.0},
        page=PAGE.format("adamw"),
        gaps={**GAPS, "amsgrad": "taken and without effect upstream"},
    ),
}
SHARED = {"learning_rate": "lr", "weight_decay": "weight_decay"}
DECAYED = [[], ["weight_decay"]]
OTHERS = {
    "SGD": ROWS["RMSprop"].changed(
        own=bitsandbytes.optim.SGD,
        family="sgd",
        claims=("bitsandbytes-sgd", "bitsandbytes-sgd-unscaled"),
        features=[["momentum"]],
        names={**SHARED, "momentum": "momentum"},
        state={"momentum": "state1"},
        page=PAGE.format("sgd"),
        gaps={
            "float64": GAPS["float64"],
            "no momentum": 'NotImplementedError: "SGD without momentum is not supported!"',
            "momentum=0": 'NotImplementedError: "SGD without momentum is not supported!"',
            "nesterov": "taken and without effect upstream",
        },
    ),
    "Adagrad": ROWS["RMSprop"].changed(
        own=bitsandbytes.optim.Adagrad,
        family="adagrad",
        claims=("bitsandbytes-adagrad",),
        features=DECAYED,
        names={**SHARED, "epsilon": "eps"},
        page=PAGE.format("adagrad"),
        gaps={"float64": GAPS["float64"]},
    ),
    "Lion": ROWS["Adam"].changed(
        own=bitsandbytes.optim.Lion,
        family="lion",
        claims=("bitsandbytes-lion",),
        features=DECAYED,
        names={name: own for name, own in ADAM.names.items() if name != "epsilon"},
        switches=[],
        state={"first_moment": "state1"},
        page=PAGE.format("lion"),
        gaps={"float64": GAPS["float64"]},
    ),
    "AdEMAMix": ROWS["AdamW"].changed(
        own=bitsandbytes.optim.AdEMAMix,
        family="ademamix",
        claims=("bitsandbytes-ademamix",),
        features=DECAYED,
        names={**ADAM.names, "beta3": "beta3", "mixture": "alpha"},
        switches=[],
        # Both averages of gradients stand in one tensor.
        state={"second_moment": "state2"},
        settable=False,
        page=PAGE.format("ademamix"),
        gaps={"float64": GAPS["float64"]},
    ),
}
ROWS |= OTHERS
# What one of its groups holds under the argument's own name; those of averages stand there as
# ``betas``, and another name is taken and read by nobody.
GROUPED = {
    "RMSprop": ("learning_rate", "epsilon", "weight_decay"),
    "SGD": ("learning_rate", "weight_decay"),
    "AdEMAMix": tuple(name for name in OTHERS["AdEMAMix"].names if name != "beta3"),
}
OFFERS = {
    f"bitsandbytes:{name}": row.changed(
        dtypes=["float32"],
        undriven=UNDRIVEN,
        count=int_count,
        arguments={"optim_bits": 32},
        groups=GROUPED.get(name, ()),
    )
    for name, row in ROWS.items()
}

ADAPTER = TorchAdapter(NAME, OFFERS, (NAME, "torch", "numpy"), {"bitsandbytes.optim": "Optimizer"})
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
