"""TorchOpt: the optimizers that step element by element, after their docstrings."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://torchopt.readthedocs.io/en/latest/api/api.html#torchopt.{}"
VERSIONS = "torchopt 0.7"

EPSILON = (
    'no formula is printed, and epsilon only avoids "dividing by zero when rescaling": it may be '
    "added to the root (this reading, as in PyTorch, whose interface the class has) or stand under "
    "it (the reading -inside, as in Optax)"
)
BUFFER = (
    '"the decay rate used by the momentum term" is all that is said: the learning rate may be '
    "applied to the buffer (this reading) or stand inside it (the reading -scaled)"
)
RMSPROP = Variant(
    identifier="torchopt-rmsprop",
    rule=rules.RMSPROP,
    defaults={"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"},
    source="torchopt.RMSProp, arguments",
    url=PAGE.format("RMSProp"),
    versions=VERSIONS,
    readings={"epsilon": EPSILON},
)
INSIDE = replace(
    RMSPROP, identifier="torchopt-rmsprop-inside", rule=rules.RMSPROP.having(epsilon="inside")
)
SCALED = replace(RMSPROP, identifier="torchopt-rmsprop-scaled")
ADAM = Variant(
    identifier="torchopt-adam",
    # "outside of the square root (as in the Adam paper)"
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="torchopt.Adam, arguments",
    url=PAGE.format("Adam"),
    versions=VERSIONS,
)
ADAMW = replace(
    ADAM,
    identifier="torchopt-adamw",
    source="torchopt.AdamW, arguments",
    url=PAGE.format("AdamW"),
)


def ones(variant: Variant) -> Variant:
    """initial_scale=1, as "TensorFlow 1.x uses"."""
    return replace(
        variant,
        identifier=f"{variant.identifier}-ones",
        rule=variant.rule.having(initial_second_moment="1"),
    )


def momenta(variant: Variant, buffer: str) -> tuple[Variant, ...]:
    """The buffer, plain, with Nesterov's look ahead, and centred."""
    option: dict[str, Any] = {"momentum": buffer, "defaults": {"momentum": "0"}}
    found = (
        variant.with_option("momentum", **option),
        variant.with_option("momentum", "nesterov", nesterov=True, **option),
        variant.with_option("centered", centered=True).with_option("momentum", **option),
    )
    return tuple(replace(item, readings={**variant.readings, "momentum": BUFFER}) for item in found)


def every_option(variant: Variant) -> tuple[Variant, ...]:
    """What RMSProp can do."""
    return (
        variant,
        *momenta(variant, "unscaled"),
        variant.with_option("centered", centered=True),
        variant.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
        variant.with_option("maximize", maximize=True),
    )


def other(name: str, rule: rules.Rule, defaults: dict[str, str], **fields: Any) -> Variant:
    """One class whose docstring names a paper and describes the arguments."""
    return Variant(
        identifier=f"torchopt-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"torchopt.{name}, arguments and reference",
        url=PAGE.format(name),
        versions=VERSIONS,
        **fields,
    )


def optional(variant: Variant, *, maximize: bool = True) -> tuple[Variant, ...]:
    """Plain, with "L2 penalty", and uphill where the class takes that."""
    decay = {"weight_decay": "0.0"}
    return (
        variant,
        variant.with_option("weight_decay", weight_decay="l2", defaults=decay),
        *((variant.with_option("maximize", maximize=True),) if maximize else ()),
    )


BETAS = {"beta1": "0.9", "decay": "0.999"}
SGD = other("SGD", rules.SGD, {})
SGD_MOMENTUM = SGD.with_option("momentum", momentum="unscaled", defaults={"momentum": "0.0"})
# "applied to denominator outside of the square root (as in the Adam paper)"
ADAGRAD = other("AdaGrad", rules.ADAGRAD, {"learning_rate": "0.01", "epsilon": "1e-10"})
# "applied to the square root (as in the Adadelta paper)"
ADADELTA = other(
    "AdaDelta", rules.ADADELTA, {"learning_rate": "0.001", "decay": "0.9", "epsilon": "1e-6"}
)
NORM = (
    '"applied to the square root (as in the AdaMax paper)" is said of a rule without a root: '
    "epsilon may be added to the largest size (this reading) or to the new one (the reading -new)"
)
# Defaults are those that the docstrings print; the signatures have others.
ADAMAX = other(
    "AdaMax",
    rules.ADAMAX,
    {"learning_rate": "0.001", **BETAS, "epsilon": "1e-6"},
    readings={"epsilon": NORM},
)
ADAMAX_NEW = replace(
    ADAMAX, identifier="torchopt-adamax-new", rule=rules.ADAMAX.having(epsilon="new")
)
LENGTH = (
    '"applied to the square root (as in the RAdam paper)": the root may be the corrected one (this '
    "reading) or the uncorrected one (the reading -hat)"
)
RADAM = other(
    "RAdam",
    rules.RADAM,
    {"learning_rate": "0.001", **BETAS, "epsilon": "1e-6"},
    readings={"epsilon": LENGTH},
)
RADAM_HAT = replace(RADAM, identifier="torchopt-radam-hat", rule=rules.RADAM.having(epsilon="hat"))

VARIANTS = (
    *optional(SGD),
    SGD_MOMENTUM,
    SGD_MOMENTUM.with_option("nesterov", nesterov=True),
    *optional(ADAGRAD),
    *optional(ADADELTA, maximize=False),
    *(item for plain in (ADAMAX, ADAMAX_NEW) for item in optional(plain, maximize=False)),
    *(item for plain in (RADAM, RADAM_HAT) for item in optional(plain, maximize=False)),
    *every_option(RMSPROP),
    *every_option(INSIDE),
    *momenta(SCALED, "scaled"),
    ones(RMSPROP),
    ones(INSIDE),
    ADAM,
    ADAM.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    ADAM.with_option("maximize", maximize=True),
    ADAMW,
    # "multiplied with the learning rate", unlike in the paper
    ADAMW.with_option("weight_decay", weight_decay="decoupled", defaults={"weight_decay": "0.01"}),
    ADAMW.with_option("maximize", maximize=True),
)
