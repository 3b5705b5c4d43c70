"""Chainer: ``chainer.optimizers.RMSprop``, ``RMSpropGraves`` and ``Adam``."""

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


VARIANTS = (RMSPROP, RMSPROP_INSIDE, GRAVES, *every_option(ADAM), *every_option(ADAM_HAT))
