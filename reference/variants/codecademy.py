"""Codecademy, "RMSprop" (published 27 August 2024)."""

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

VARIANTS = (
    Variant(
        identifier="codecademy-rmsprop",
        rule=rules.RMSPROP.having(epsilon="inside"),
        # The text gives "typically around 0.9" and "around 1e-8"; the example fixes the rate.
        defaults={"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-8"},
        source="Codecademy, RMSprop, sections Explanation and Example",
    ),
)
