"""Keras: ``RMSprop``, ``Adam`` and ``AdamW``.

The docstrings print no formula.  They name the place of epsilon and refer to papers for the rest.
"""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://keras.io/api/optimizers/{}/"
VERSIONS = "keras 3.15"

DECAY = (
    "the docstring says only that weight decay is applied: it may shrink the parameter by learning "
    "rate x decay (this reading) or add to the gradient (the reading -l2)"
)
EPSILON = (
    'the docstring calls epsilon "epsilon hat" of Kingma and Ba, from a formula of Adam that this '
    "class does not have: added to the root as there (the reading -outside), or to what the root "
    'is taken of, "the root of this average" being all that the text says (this reading)'
)
BUFFER = (
    "plain momentum, not Nesterov, is all that the docstring says of the buffer: the learning rate "
    "may stand inside it (this reading) or be applied to it (the reading -unscaled).  It also "
    "calls 1 - momentum the decay rate; both readings take that as the part lost in a step"
)

AVERAGE = (
    "no word says what the average is before the first step: the first parameter that a step comes "
    "to (this reading), or the one before it (the reading -before)"
)

RMSPROP = Variant(
    identifier="keras-rmsprop",
    # The docstring's example, 10 to 9.683772 in one step, fixes the initial mean square at zero.
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"learning_rate": "0.001", "decay": "0.9", "epsilon": "1e-7"},
    source="keras.optimizers.RMSprop, arguments and example",
    url=PAGE.format("rmsprop"),
    versions=VERSIONS,
    readings={"epsilon": EPSILON},
)
RMSPROP_OUTSIDE = replace(RMSPROP, identifier="keras-rmsprop-outside", rule=rules.RMSPROP)
RMSPROP_UNSCALED = replace(RMSPROP, identifier="keras-rmsprop-unscaled")
RMSPROP_L2 = replace(RMSPROP, identifier="keras-rmsprop-l2")

ADAM = Variant(
    identifier="keras-adam",
    # The formula just before Section 2.1 of Kingma and Ba, to which the docstring points.
    rule=rules.ADAM.having(epsilon="hat"),
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-7"},
    source="keras.optimizers.Adam, arguments",
    url=PAGE.format("adam"),
    versions=VERSIONS,
)
ADAM_L2 = replace(ADAM, identifier="keras-adam-l2")
# Reddi et al. leave bias correction out and take the maximum of the second moments as they are.
AMSGRAD: dict[str, Any] = {"amsgrad": "raw"}

ADAMW = replace(
    ADAM,
    identifier="keras-adamw",
    source="keras.optimizers.AdamW, arguments and references",
    url=PAGE.format("adamw"),
)
ADAMW_UNSCALED = replace(ADAMW, identifier="keras-adamw-unscaled")
SCALE = (
    "the docstring refers to Loshchilov and Hutter, whose algorithm 2 multiplies the decay by the "
    "schedule's multiplier and not by alpha: the learning rate may scale it (this reading) or not "
    "(the reading -unscaled)"
)

LION = Variant(
    identifier="keras-lion",
    # "uses the sign operator to control the magnitude of the update"; arXiv:2302.06675.
    rule=rules.LION,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.99"},
    source="keras.optimizers.Lion, arguments and reference",
    url=PAGE.format("lion"),
    versions=VERSIONS,
)

NADAM = Variant(
    identifier="keras-nadam",
    # "Nadam is Adam with Nesterov momentum"; of Dozat's report the schedule has no argument here.
    # 'This epsilon is "epsilon hat" in the Kingma and Ba paper'
    rule=rules.NADAM_FIXED.having(epsilon="hat"),
    defaults={
        "learning_rate": "0.001",
        "beta1": "0.9",
        "decay": "0.999",
        "epsilon": "1e-7",
    },
    source="keras.optimizers.Nadam, arguments and reference",
    url=PAGE.format("Nadam"),
    versions=VERSIONS,
    readings={
        "first_moment": "the report that is referred to has a schedule for the momentum, with "
        "0.96^(t / 250); no argument and no word says which is taken: 0.96^t (this reading)"
    },
)


SGD = Variant(
    identifier="keras-sgd",
    # velocity = momentum * velocity - learning_rate * g; w = w + velocity
    rule=rules.SGD,
    defaults={"learning_rate": "0.01"},
    source="keras.optimizers.SGD, update rules",
    url=PAGE.format("sgd"),
    versions=VERSIONS,
)
SGD_MOMENTUM = SGD.with_option("momentum", momentum="scaled", defaults={"momentum": "0.0"})

STABILITY = (
    "of epsilon the docstring says that it is there for numerical stability: inside the root (this "
    "reading) or outside it (the reading -outside)"
)
ADAGRAD = Variant(
    identifier="keras-adagrad",
    rule=rules.ADAGRAD.having(epsilon="inside", initial_second_moment="0.1"),
    defaults={"learning_rate": "0.001", "epsilon": "1e-7"},
    source="keras.optimizers.Adagrad, arguments and reference",
    url=PAGE.format("adagrad"),
    versions=VERSIONS,
    readings={"epsilon": STABILITY},
)
ADAGRAD_OUTSIDE = replace(
    ADAGRAD,
    identifier="keras-adagrad-outside",
    rule=ADAGRAD.rule.having(epsilon="outside"),
)

ADADELTA = Variant(
    identifier="keras-adadelta",
    # Of the paper that it refers to, with a learning rate.
    rule=rules.ADADELTA,
    defaults={"learning_rate": "0.001", "decay": "0.95", "epsilon": "1e-7"},
    source="keras.optimizers.Adadelta, arguments and reference",
    url=PAGE.format("adadelta"),
    versions=VERSIONS,
)

ADAMAX = Variant(
    identifier="keras-adamax",
    # u = max(beta2 * u, abs(g)); w = w - current_lr * m / (u + epsilon)
    rule=rules.ADAMAX.having(epsilon="outside"),
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-7"},
    source="keras.optimizers.Adamax, update rule",
    url=PAGE.format("adamax"),
    versions=VERSIONS,
)


FTRL = Variant(
    identifier="keras-ftrl",
    # w = (sgn(z) * lambda_1 - z) / ((beta + sqrt(n)) / alpha + lambda_2); "n = 0" at the start is
    # overruled by initial_accumulator_value, 0.1 by default.
    rule=rules.FTRL.having(initial_second_moment="0.1"),
    defaults={"learning_rate": "0.001", "l1": "0.0", "l2": "0.0", "steadiness": "0.0"},
    source="keras.optimizers.Ftrl, update rule and arguments",
    url=PAGE.format("ftrl"),
    versions=VERSIONS,
)


def with_momentum(variant: Variant, momentum: str) -> Variant:
    """One reading of the momentum buffer."""
    option = variant.with_option("momentum", momentum=momentum, defaults={"momentum": "0.0"})
    return replace(option, readings={**variant.readings, "momentum": BUFFER})


def with_decay(variant: Variant, kind: str, reading: str, default: str | None = None) -> Variant:
    """One reading of weight decay; RMSprop and Adam have none unless it is asked for."""
    defaults = {} if default is None else {"weight_decay": default}
    option = variant.with_option("weight_decay", weight_decay=kind, defaults=defaults)
    return replace(option, readings={**variant.readings, "weight_decay": reading})


def decays(variant: Variant, kind: str) -> tuple[Variant, Variant]:
    """AdamW always decays; AMSGrad may come with it."""
    plain = with_decay(variant, kind, SCALE, default="0.004")
    return plain, plain.with_option("amsgrad", **AMSGRAD)


# momentum is the point that moves, and beta_1 "controls the interpolation between momentum and x".
SCHEDULE_FREE = Variant(
    identifier="keras-schedulefreeadamw-schedule-free",
    rule=rules.RMSPROP.having(correction="second", schedule_free=True),
    features=frozenset({"schedule_free"}),
    defaults={
        "learning_rate": "0.0025",
        "interpolation": "0.9",
        "decay": "0.999",
        "epsilon": "1e-8",
    },
    source="keras.optimizers.ScheduleFreeAdamW, arguments and the paper that it names, "
    "arXiv:2405.15682",
    url="https://keras.io/api/optimizers/schedule_free_adamw/",
    versions="Keras 3.15",
)


def with_average(variant: Variant) -> tuple[Variant, Variant]:
    """new_average = ema_momentum * old_average + (1 - ema_momentum) * current_variable_value."""
    readings = {**variant.readings, "ema": AVERAGE}
    before = replace(variant, identifier=f"{variant.identifier}-before")
    after, earlier = (
        replace(
            one.with_option("ema", ema=start, defaults={"ema_decay": "0.99"}), readings=readings
        )
        for one, start in ((variant, "after"), (before, "before"))
    )
    return after, earlier


VARIANTS = (
    RMSPROP,
    *with_average(RMSPROP),
    *with_average(RMSPROP_OUTSIDE),
    *with_average(SGD),
    *with_average(ADAM),
    RMSPROP_OUTSIDE,
    with_momentum(RMSPROP, "scaled"),
    with_momentum(RMSPROP_OUTSIDE, "scaled"),
    with_momentum(RMSPROP_UNSCALED, "unscaled"),
    RMSPROP.with_option("centered", centered=True),
    RMSPROP_OUTSIDE.with_option("centered", centered=True),
    with_momentum(RMSPROP.with_option("centered", centered=True), "scaled"),
    with_momentum(RMSPROP_UNSCALED.with_option("centered", centered=True), "unscaled"),
    with_decay(RMSPROP, "decoupled", DECAY),
    with_decay(RMSPROP_L2, "l2", DECAY),
    # "the inverse of the scale factor will be multiplied by the gradients"
    RMSPROP.with_option("loss_scale"),
    # clipvalue: "the gradient of each weight is clipped to be no higher than this value"
    RMSPROP.with_option("clip", clip=True),
    RMSPROP_OUTSIDE.with_option("clip", clip=True),
    NADAM,
    SGD,
    SGD_MOMENTUM,
    SGD_MOMENTUM.with_option("nesterov", nesterov=True),
    ADAGRAD,
    ADAGRAD_OUTSIDE,
    ADADELTA,
    ADAMAX,
    FTRL,
    SCHEDULE_FREE,
    LION,
    with_decay(LION, "decoupled", DECAY),
    ADAM,
    ADAM.with_option("amsgrad", **AMSGRAD),
    with_decay(ADAM, "decoupled", DECAY),
    with_decay(ADAM_L2, "l2", DECAY),
    ADAM.with_option("loss_scale"),
    *decays(ADAMW, "decoupled"),
    *decays(ADAMW_UNSCALED, "decoupled-unscaled"),
)
