"""Keras' optimizers, whatever they run on: names, options and state, without importing Keras.

Who imports it puts the class into its place.
"""

from __future__ import annotations

from optimizer_conformance.adapters.offer import Offer

PAGE = "https://keras.io/api/optimizers/{}/"
SWITCHES = ["centered", "amsgrad"]
SHARED = {"weight_decay": "weight_decay", "loss_scale": "loss_scale_factor"}
ADAM_NAMES = {
    "learning_rate": "learning_rate",
    "beta1": "beta_1",
    "decay": "beta_2",
    "epsilon": "epsilon",
    **SHARED,
}
ADAM_STATE = {
    "first_moment": "momentum",
    "second_moment": "velocity",
    "maximum_second_moment": ("velocity_hat", "amsgrad"),
}
RMSPROP = Offer(
    own=None,
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
        ["clip"],
    ],
    names={
        "clip": "clipvalue",
        "learning_rate": "learning_rate",
        "momentum": "momentum",
        "epsilon": "epsilon",
        "decay": "rho",
        **SHARED,
    },
    state={
        "second_moment": "velocity",
        "mean_gradient": ("average_gradient", "centered"),
        "momentum": ("momentum", "momentum"),
    },
    switches=SWITCHES,
    page=PAGE.format("rmsprop"),
)
ADAM = Offer(
    own=None,
    family="adam",
    claims=["keras-adam", "keras-adam-l2"],
    features=[[], ["amsgrad"], ["weight_decay"], ["loss_scale"]],
    names=ADAM_NAMES,
    state=ADAM_STATE,
    switches=SWITCHES,
    page=PAGE.format("adam"),
)
# Without weight decay it is Adam, of which it is a subclass.
ADAMW = Offer(
    own=None,
    family="adam",
    claims=["keras-adamw", "keras-adamw-unscaled"],
    features=[["weight_decay"], ["amsgrad", "weight_decay"]],
    names=ADAM_NAMES,
    state=ADAM_STATE,
    switches=SWITCHES,
    page=PAGE.format("adamw"),
)
LION = Offer(
    own=None,
    family="lion",
    claims=["keras-lion"],
    features=[[], ["weight_decay"]],
    names={name: own for name, own in ADAM_NAMES.items() if name != "epsilon"},
    state={"first_moment": "momentum"},
    page=PAGE.format("lion"),
)
OFFERS = {"RMSprop": RMSPROP, "Adam": ADAM, "AdamW": ADAMW, "Lion": LION}
