"""Keras' optimizers, whatever they run on: names, options and state, without importing Keras."""

from __future__ import annotations

from typing import Any, NamedTuple

from optimizer_conformance.adapters import protocol

PAGE = "https://keras.io/api/optimizers/{}/"
SWITCHES = ("centered", "amsgrad")


class KerasRule(NamedTuple):
    """One optimizer class.

    names  canonical hyperparameters to the constructor's
    state  canonical state to the ending of the variable's name, and the feature that makes it
    """

    family: protocol.Family
    claims: list[str]
    features: list[list[str]]
    names: dict[str, str]
    state: dict[str, tuple[str, str]]
    documentation: str

    @property
    def fields(self) -> dict[str, Any]:
        """The same as keywords."""
        return self._asdict()


SHARED = {"weight_decay": "weight_decay", "loss_scale": "loss_scale_factor"}
ADAM_NAMES = {
    "learning_rate": "learning_rate",
    "beta1": "beta_1",
    "decay": "beta_2",
    "epsilon": "epsilon",
    **SHARED,
}
ADAM_STATE = {
    "first_moment": ("momentum", ""),
    "second_moment": ("velocity", ""),
    "maximum_second_moment": ("velocity_hat", "amsgrad"),
}
RMSPROP = KerasRule(
    family="rmsprop",
    claims=[
        "keras-rmsprop",
        "keras-rmsprop-outside",
        "keras-rmsprop-l2",
        "keras-rmsprop-unscaled",
    ],
    features=[
        [],
        ["momentum"],
        ["centered"],
        ["centered", "momentum"],
        ["weight_decay"],
        ["loss_scale"],
    ],
    names={
        "learning_rate": "learning_rate",
        "momentum": "momentum",
        "epsilon": "epsilon",
        "decay": "rho",
        **SHARED,
    },
    state={
        "second_moment": ("velocity", ""),
        "mean_gradient": ("average_gradient", "centered"),
        "momentum": ("momentum", "momentum"),
    },
    documentation=PAGE.format("rmsprop"),
)
ADAM = KerasRule(
    family="adam",
    claims=["keras-adam", "keras-adam-l2"],
    features=[[], ["amsgrad"], ["weight_decay"], ["loss_scale"]],
    names=ADAM_NAMES,
    state=ADAM_STATE,
    documentation=PAGE.format("adam"),
)
# Without weight decay it is Adam, of which it is a subclass.
ADAMW = KerasRule(
    family="adam",
    claims=["keras-adamw", "keras-adamw-unscaled"],
    features=[["weight_decay"], ["amsgrad", "weight_decay"]],
    names=ADAM_NAMES,
    state=ADAM_STATE,
    documentation=PAGE.format("adamw"),
)
RULES = {"RMSprop": RMSPROP, "Adam": ADAM, "AdamW": ADAMW}
