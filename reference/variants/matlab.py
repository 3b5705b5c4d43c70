"""MATLAB Deep Learning Toolbox: ``rmspropupdate`` and ``adamupdate``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

SQUARES = (
    "the page prints g.^2 and says since R2024a that the average can be complex-valued: g^2 (this "
    "reading); its sibling prints the same and says only that gradients can be, which |g|^2 allows"
)

RMSPROP_R2020A = Variant(
    identifier="matlab-rmspropupdate-r2020a",
    rule=rules.RMSPROP,
    defaults={"learning_rate": "0.001", "decay": "0.9", "epsilon": "1e-8"},
    source="MATLAB rmspropupdate, Input Arguments, Algorithms and Version History",
    versions="R2020a and later",
    readings={
        "epsilon": "the page's update equation did not survive in our copy; the sibling page "
        "adamupdate prints the same denominator with epsilon outside the root",
        "squares": SQUARES,
    },
)

RMSPROP_R2019B = replace(
    RMSPROP_R2020A,
    identifier="matlab-rmspropupdate-r2019b",
    defaults={**RMSPROP_R2020A.defaults, "decay": "0.999"},
    versions="R2019b",
)

UNCORRECTED = (
    "the printed update has no bias correction; the text says that the full one includes it"
)

ADAM = Variant(
    identifier="matlab-adamupdate",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="MATLAB adamupdate, Input Arguments and Algorithms",
    versions="R2019b and later",
    readings={
        "correction": UNCORRECTED,
        "epsilon": "the bias correction is described and not written out: epsilon may be added to "
        "the corrected root (this reading) or to the uncorrected one (matlab-adamupdate-hat)",
        "squares": SQUARES,
    },
)

ADAM_HAT = replace(
    ADAM,
    identifier="matlab-adamupdate-hat",
    rule=ADAM.rule.having(epsilon="hat"),
)
VARIANTS = (RMSPROP_R2019B, RMSPROP_R2020A, ADAM, ADAM_HAT)
