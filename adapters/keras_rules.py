"""Keras' optimizers, whatever they run on: names, options and state, without importing Keras.

Who imports it puts the class into its place.
"""

from __future__ import annotations

from optimizer_conformance.adapters.offer import Offer

PAGE = "https://keras.io/api/optimizers/{}/"
SWITCHES = {"centered": "centered", "amsgrad": "amsgrad", "ema": "use_ema"}
AVERAGE = ("average", "ema")
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
        "keras-rmsprop-before",
        "keras-rmsprop-outside-before",
    ],
    features=[
        [],
        ["momentum"],
        ["centered"],
        ["centered", "momentum"],
        ["weight_decay"],
        ["loss_scale"],
        ["clip"],
        ["ema"],
    ],
    names={
        "clip": "clipvalue",
        "ema_decay": "ema_momentum",
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
        "average_parameter": AVERAGE,
    },
    switches=SWITCHES,
    page=PAGE.format("rmsprop"),
    gaps={"momentum=0": "without momentum it keeps no buffer"},
)
ADAM = Offer(
    own=None,
    family="adam",
    claims=["keras-adam", "keras-adam-l2", "keras-adam-before"],
    features=[[], ["amsgrad"], ["weight_decay"], ["loss_scale"], ["ema"]],
    names={**ADAM_NAMES, "ema_decay": "ema_momentum"},
    state={**ADAM_STATE, "average_parameter": AVERAGE},
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
SGD = Offer(
    own=None,
    family="sgd",
    claims=["keras-sgd", "keras-sgd-before"],
    features=[[], ["momentum"], ["momentum", "nesterov"], ["ema"]],
    names={
        "learning_rate": "learning_rate",
        "momentum": "momentum",
        "ema_decay": "ema_momentum",
    },
    state={"average_parameter": AVERAGE},
    switches={"nesterov": "nesterov", "ema": "use_ema"},
    # Its buffer holds what is added to the parameter: the other sign.
    page=PAGE.format("sgd"),
)
ADAGRAD = Offer(
    own=None,
    family="adagrad",
    claims=["keras-adagrad", "keras-adagrad-outside"],
    names={"learning_rate": "learning_rate", "epsilon": "epsilon"},
    state={"second_moment": "accumulator"},
    page=PAGE.format("adagrad"),
)
ADADELTA = Offer(
    own=None,
    family="adadelta",
    claims=["keras-adadelta"],
    names={"learning_rate": "learning_rate", "decay": "rho", "epsilon": "epsilon"},
    state={
        "second_moment": "accumulated_grad",
        "mean_square_update": "accumulated_delta_var",
    },
    page=PAGE.format("adadelta"),
)
PLAIN_ADAM_NAMES = {name: own for name, own in ADAM_NAMES.items() if name not in SHARED}
ADAMAX = Offer(
    own=None,
    family="adamax",
    claims=["keras-adamax"],
    names=PLAIN_ADAM_NAMES,
    state={"first_moment": "momentum", "largest_size": "norm"},
    page=PAGE.format("adamax"),
)
NADAM = Offer(
    own=None,
    family="nadam_fixed",
    claims=["keras-nadam"],
    names=PLAIN_ADAM_NAMES,
    # The product of the schedule is a state besides, which cannot be asked for by itself.
    page=PAGE.format("Nadam"),
)
FTRL = Offer(
    own=None,
    family="ftrl",
    claims=["keras-ftrl"],
    names={
        "learning_rate": "learning_rate",
        "l1": "l1_regularization_strength",
        "l2": "l2_regularization_strength",
        "steadiness": "beta",
    },
    state={"second_moment": "accumulator", "linear": "linear"},
    page=PAGE.format("ftrl"),
)
SCHEDULE_FREE = Offer(
    own=None,
    family="rmsprop",
    claims=["keras-schedulefreeadamw"],
    features=[["schedule_free"]],
    names={
        "learning_rate": "learning_rate",
        "interpolation": "beta_1",
        "decay": "beta_2",
        "epsilon": "epsilon",
    },
    # Set to zero and asked for at the first step it would be another point than the parameter.
    state={"second_moment": "velocity", "moved_point": "momentum"},
    page=PAGE.format("schedule_free_adamw"),
)
OFFERS = {
    "RMSprop": RMSPROP,
    "Adam": ADAM,
    "AdamW": ADAMW,
    "Lion": LION,
    "SGD": SGD,
    "Adagrad": ADAGRAD,
    "Adadelta": ADADELTA,
    "Adamax": ADAMAX,
    "Nadam": NADAM,
    "Ftrl": FTRL,
    "ScheduleFreeAdamW": SCHEDULE_FREE,
}
