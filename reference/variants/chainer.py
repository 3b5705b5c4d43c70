"""Chainer: the optimizers of ``chainer.optimizers`` that step element by element."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://docs.chainer.org/en/stable/reference/generated/chainer.optimizers.{}.html"
VERSIONS = "chainer 7.8"

RMSPROP = Variant(
    identifier="chainer-rmsprop",
    # eps_inside_sqrt=False: "divided by sqrt(ms) + eps"
    rule=rules.RMSPROP,
    defaults={"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"},
    source="chainer.optimizers.RMSprop, arguments",
    url=PAGE.format("RMSprop"),
    versions=VERSIONS,
)
# eps_inside_sqrt=True: "divided by sqrt(ms + eps)"
RMSPROP_INSIDE = replace(
    RMSPROP, identifier="chainer-rmsprop-inside", rule=rules.RMSPROP.having(epsilon="inside")
)
GRAVES = Variant(
    identifier="chainer-rmspropgraves-centered-momentum",
    # Graves, eq. 38-41: the buffer holds steps that are scaled already.
    rule=rules.RMSPROP.having(epsilon="inside", centered=True, momentum="scaled"),
    features=frozenset({"centered", "momentum"}),
    defaults={"learning_rate": "1e-4", "decay": "0.95", "momentum": "0.9", "epsilon": "1e-4"},
    source="chainer.optimizers.RMSpropGraves, arguments and the paper that it names, "
    "arXiv:1308.0850, eq. 38-41",
    url=PAGE.format("RMSpropGraves"),
    versions=VERSIONS,
)
EPSILON = (
    "the docstring names the paper, Kingma and Ba, and no formula: epsilon may be added to the "
    "corrected root, as in Algorithm 1 (this reading), or to the uncorrected one, as at the end of "
    "section 2 (the reading -hat)"
)
ADAM = Variant(
    identifier="chainer-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="chainer.optimizers.Adam, references and arguments; arXiv:1412.6980",
    url=PAGE.format("Adam"),
    versions=VERSIONS,
    readings={"epsilon": EPSILON},
)
ADAM_HAT = replace(ADAM, identifier="chainer-adam-hat", rule=ADAM.rule.having(epsilon="hat"))
# Reddi et al. take the maximum of the second moments as they are.
AMSGRAD: dict[str, Any] = {"amsgrad": "raw"}


def every_option(variant: Variant) -> tuple[Variant, ...]:
    """With and without AMSGrad and weight decay.

    Decay follows Loshchilov and Hutter: the schedule multiplier eta, one by default, scales it and
    the learning rate does not.
    """
    maximum = variant.with_option("amsgrad", **AMSGRAD)
    decays = (
        item.with_option(
            "weight_decay", weight_decay="decoupled-unscaled", defaults={"weight_decay": "0"}
        )
        for item in (variant, maximum)
    )
    return variant, maximum, *decays


def other(name: str, rule: rules.Rule, defaults: dict[str, str], source: str) -> Variant:
    """One class whose docstring names a paper, or nothing, and prints no formula."""
    return Variant(
        identifier=f"chainer-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"chainer.optimizers.{name}, {source}",
        url=PAGE.format(name),
        versions=VERSIONS,
    )


MOVING = {"learning_rate": "0.01", "momentum": "0.9"}
SGD = other("SGD", rules.SGD, {"learning_rate": "0.01"}, "arguments and name")
MOMENTUM = replace(
    other("MomentumSGD", rules.SGD.having(momentum="scaled"), MOVING, "arguments and name"),
    identifier="chainer-momentumsgd-momentum",
    features=frozenset({"momentum"}),
    readings={
        "momentum": '"exponential decay rate of the first order moment" is all that is said: the '
        "rate stands inside the buffer (this reading) or is applied to it"
    },
)
# v' = mu v - eta g; w' = w + mu^2 v - (1 + mu) eta g: with the other sign, mu v' + eta g.
NESTEROV = replace(
    other(
        "NesterovAG",
        rules.SGD.having(momentum="scaled", nesterov=True),
        MOVING,
        "arguments and the paper that it names, arXiv:1212.0901, eq. 6 and 7",
    ),
    identifier="chainer-nesterovag-momentum-nesterov",
    features=frozenset({"momentum", "nesterov"}),
)
CORRECTED = replace(
    other(
        "CorrectedMomentumSGD",
        rules.SGD.having(momentum="unscaled"),
        MOVING,
        "arguments: the rate is applied to the buffer, so that it may change",
    ),
    identifier="chainer-correctedmomentumsgd-momentum",
    features=frozenset({"momentum"}),
)
ADAGRAD = other(
    "AdaGrad",
    rules.ADAGRAD,
    {"learning_rate": "0.001", "epsilon": "1e-8"},
    "arguments and the paper that it names, JMLR 12",
)
MORE = (SGD, MOMENTUM, NESTEROV, CORRECTED, ADAGRAD)


def penalised(variant: Variant) -> Variant:
    """With the hook Lasso, which is named after the penalty and prints no formula."""
    source = f"{variant.source}; chainer.optimizer_hooks.Lasso"
    return replace(variant.with_option("lasso", lasso="sign"), source=source)


VARIANTS = (
    *MORE,
    *map(penalised, (SGD, MOMENTUM, ADAGRAD, RMSPROP, ADAM, ADAM_HAT)),
    RMSPROP,
    RMSPROP_INSIDE,
    GRAVES,
    *every_option(ADAM),
    *every_option(ADAM_HAT),
)
