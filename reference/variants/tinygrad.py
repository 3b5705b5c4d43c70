"""tinygrad: ``tinygrad.nn.optim.Adam`` and ``AdamW``, whose docstrings name papers alone."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://docs.tinygrad.org/nn/#tinygrad.nn.optim.{}"
VERSIONS = "tinygrad 0.14"
EPSILON = (
    "the docstring names the paper and no formula: epsilon may be added to the corrected root, as "
    "in Algorithm 1 of Kingma and Ba (this reading), or to the uncorrected one, as at the end of "
    "their section 2 (the reading -hat)"
)
SCALE = (
    "algorithm 2 of the paper that the docstring names multiplies the decay by the schedule's "
    "multiplier and not by alpha: the learning rate may scale it (this reading) or not (-unscaled)"
)
ADAM = Variant(
    identifier="tinygrad-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="tinygrad.nn.optim.Adam, docstring and signature; arXiv:1412.6980",
    url=PAGE.format("Adam"),
    versions=VERSIONS,
    readings={"epsilon": EPSILON},
)
ADAMW = replace(
    ADAM,
    identifier="tinygrad-adamw",
    source="tinygrad.nn.optim.AdamW, docstring and signature; arXiv:1711.05101",
    url=PAGE.format("AdamW"),
)


def hat(variant: Variant) -> tuple[Variant, Variant]:
    """Both readings of epsilon."""
    rule = variant.rule.having(epsilon="hat")
    return variant, replace(variant, identifier=f"{variant.identifier}-hat", rule=rule)


def decays(variant: Variant) -> tuple[Variant, Variant]:
    """Both readings of weight decay."""
    decayed = replace(variant, readings={**variant.readings, "weight_decay": SCALE})
    unscaled = replace(decayed, identifier=f"{variant.identifier}-unscaled")
    default = {"weight_decay": "0.01"}
    return (
        decayed.with_option("weight_decay", weight_decay="decoupled", defaults=default),
        unscaled.with_option("weight_decay", weight_decay="decoupled-unscaled", defaults=default),
    )


VARIANTS = (
    *hat(ADAM),
    *(item for reading in hat(ADAMW) for item in (reading, *decays(reading))),
)
