"""Rows of optax's other optimizers that step element by element."""

from __future__ import annotations

from typing import Any

import optax

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.jax_runs import JaxOffer

REAL: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
DTYPES: list[protocol.DType] = [*REAL, "complex64", "complex128"]
# XLA has reciprocal roots of its own everywhere, and roots and reciprocals on accelerators.
ARITHMETIC = {"cpu": "xla-cpu", "cuda": "xla-cuda", "tpu": "tpu"}
EVERYWHERE: dict[str, Any] = {
    "dtypes": DTYPES,
    "switches": ["centered", "nesterov"],
    "arithmetic": ARITHMETIC,
}
RATE, STEP = {"learning_rate": "learning_rate"}, {"learning_rate": "step_size"}
BETAS = {"beta1": "b1", "decay": "b2", "epsilon": "eps"}
BELIEF = {**RATE, "beta1": "b1", "decay": "b2"}
ADOPT: dict[str, Any] = {
    "names": {**RATE, **BETAS},
    "state": {"first_moment": "mu", "second_moment": "nu"},
}
FREE: dict[str, Any] = {
    "features": [["schedule_free"]],
    "names": {**RATE, "interpolation": "b1"},
    # Steps weigh by the largest rate so far, of which the state holds a sum.
    "settable": False,
    "schedules": False,
    "undriven": {"schedules": "no rule here weighs steps by their rates"},
}


def row(name: str, claims: list[str], family: str, **fields: Any) -> JaxOffer:
    """One alias; None for what this release lacks."""
    own = optax
    for part in name.split("."):
        own = getattr(own, part, None)
    return JaxOffer(
        own=own, family=family, claims=claims, **{**EVERYWHERE, "dtypes": REAL, **fields}
    )


ALIASES = {
    "sgd": row(
        "sgd",
        ["optax-sgd"],
        "sgd",
        features=[[], ["momentum"], ["momentum", "nesterov"]],
        names={**RATE, "momentum": "momentum"},
        state={"momentum": ("trace", "momentum")},
    ),
    "adagrad": row(
        "adagrad",
        ["optax-adagrad"],
        "adagrad",
        names={**RATE, "epsilon": "eps"},
        state={"second_moment": "sum_of_squares"},
    ),
    "adadelta": row(
        "adadelta",
        ["optax-adadelta"],
        "adadelta",
        names={**RATE, "decay": "rho", "epsilon": "eps"},
        state={"second_moment": "e_g", "mean_square_update": "e_x"},
    ),
    "adamax": row(
        "adamax",
        ["optax-adamax"],
        "adamax",
        names={**RATE, **BETAS},
        state={"first_moment": "mu", "largest_size": "nu"},
    ),
    "nadam": row(
        "nadam",
        ["optax-nadam"],
        "nadam_steady",
        names={**RATE, **BETAS},
        state={"first_moment": "mu", "second_moment": "nu"},
    ),
    "lion": row(
        "lion",
        ["optax-lion"],
        "lion",
        features=[[], ["weight_decay"]],
        names={**RATE, "beta1": "b1", "decay": "b2", "weight_decay": "weight_decay"},
        state={"first_moment": "mu"},
        arguments={"weight_decay": 0.0},
    ),
    "sign_sgd": row("sign_sgd", ["optax-sign-sgd"], "signsgd", names=RATE),
    "signum": row(
        "signum",
        ["optax-signum"],
        "signum",
        names={**RATE, "beta1": "beta"},
        state={"first_moment": "ema"},
    ),
    "adabelief[eps]": row(
        "adabelief",
        ["optax-adabelief-eps"],
        "adabelief",
        names={**BELIEF, "epsilon": "eps"},
        state={"first_moment": "mu", "second_moment": "nu"},
        arguments={"eps_root": 0.0},
    ),
    "adabelief[eps_root]": row(
        "adabelief",
        ["optax-adabelief-eps-root"],
        "adabelief",
        names={**BELIEF, "epsilon": "eps_root"},
        state={"first_moment": "mu", "second_moment": "nu"},
        arguments={"eps": 0.0},
    ),
    "radam": row(
        "radam",
        ["optax-radam"],
        "radam",
        names={**RATE, **BETAS},
        state={"first_moment": "mu", "second_moment": "nu"},
    ),
    "yogi": row(
        "yogi",
        ["optax-yogi", "optax-yogi-uncorrected"],
        "yogi",
        names={**RATE, **BETAS},
        state={"first_moment": "mu", "second_moment": "nu"},
    ),
    "rprop": row(
        "rprop",
        ["optax-rprop"],
        "rprop",
        names={
            **RATE,
            "shrinkage": "eta_minus",
            "growth": "eta_plus",
            "least_step": "min_step_size",
            "largest_step": "max_step_size",
        },
        # It remembers its updates, of which the sign is the gradient's.
        schedules=False,
        undriven={"schedules": "the learning rate counts at the first step alone"},
    ),
    "adan": row(
        "adan",
        ["optax-adan"],
        "adan",
        names={**RATE, "beta1": "b1", "beta3": "b2", "decay": "b3", "epsilon": "eps"},
        state={
            "first_moment": "m",
            "average_difference": "v",
            "second_moment": "n",
            "previous_gradient": "g",
        },
        arguments={"eps_root": 0.0},
    ),
    "novograd": row(
        "novograd",
        ["optax-novograd"],
        "novograd",
        # Its first moment gathers what the norm has divided, as a momentum buffer does.
        features=[["momentum"], ["momentum", "weight_decay"]],
        names={
            **RATE,
            "momentum": "b1",
            "decay": "b2",
            "epsilon": "eps",
            "weight_decay": "weight_decay",
        },
        state={"second_moment": "nu", "momentum": "mu"},
        arguments={"eps_root": 0.0, "weight_decay": 0.0},
    ),
    "novograd[eps_root]": row(
        "novograd",
        ["optax-novograd-eps-root"],
        "novograd",
        features=[["momentum"], ["momentum", "weight_decay"]],
        names={
            **RATE,
            "momentum": "b1",
            "decay": "b2",
            "epsilon": "eps_root",
            "weight_decay": "weight_decay",
        },
        state={"second_moment": "nu", "momentum": "mu"},
        arguments={"eps": 0.0, "weight_decay": 0.0},
    ),
    "contrib.adopt": row("contrib.adopt", ["optax-adopt"], "adopt", **ADOPT),
    "contrib.adopt[use_clipping=False]": row(
        "contrib.adopt",
        ["optax-adopt-unclipped"],
        "adopt",
        **ADOPT,
        arguments={"use_clipping": False},
    ),
    "contrib.schedule_free_sgd": row(
        "contrib.schedule_free_sgd", ["optax-schedule-free-sgd"], "sgd", **FREE
    ),
    "contrib.schedule_free_adamw": row(
        "contrib.schedule_free_adamw",
        ["optax-schedule-free-adamw"],
        "rmsprop",
        **{**FREE, "names": {**FREE["names"], "decay": "b2", "epsilon": "eps"}},
    ),
    "contrib.ademamix": row(
        "contrib.ademamix",
        ["optax-ademamix"],
        "ademamix",
        names={**RATE, **BETAS, "beta3": "b3", "mixture": "alpha"},
        state={"first_moment": "m1", "slow_moment": "m2", "second_moment": "nu"},
    ),
}
