"""Thinc: ``thinc.api.Adam``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

EPSILON = (
    'the page names the paper, Kingma and Ba, and calls it the "epsilon term for Adam": it may be '
    "added to the corrected root, as in Algorithm 1 (this reading), or to the uncorrected one, as "
    "at the end of section 2 (the reading -hat)"
)
ADAM = Variant(
    identifier="thinc-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="thinc.api.Adam, arguments; arXiv:1412.6980",
    url="https://thinc.ai/docs/api-optimizers",
    versions="thinc 9.1",
    readings={"epsilon": EPSILON},
)
HAT = replace(ADAM, identifier="thinc-adam-hat", rule=ADAM.rule.having(epsilon="hat"))


def decayed(variant: Variant, kind: str, ending: str = "") -> Variant:
    """With L2, "in the style of the AdamW optimizer" or added to the gradient."""
    named = replace(variant, identifier=variant.identifier + ending)
    return named.with_option("weight_decay", weight_decay=kind, defaults={"weight_decay": "0"})


VARIANTS = (
    *(ADAM, HAT),
    *(decayed(reading, "decoupled") for reading in (ADAM, HAT)),
    *(decayed(reading, "l2", "-l2") for reading in (ADAM, HAT)),
)
