"""optimi: ``optimi.Adam`` and ``AdamW``, whose docstrings print no formula."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://optimi.benjaminwarner.dev/optimizers/{}/"
VERSIONS = "torch-optimi 0.3"
EPSILON = (
    'the docstring calls it "added to denominator to improve numerical stability": the denominator '
    "may be the corrected root (this reading) or the uncorrected one (the reading -hat)"
)
ADAM = Variant(
    identifier="optimi-adam",
    rule=rules.ADAM,
    # The learning rate has no default.
    defaults={"beta1": "0.9", "decay": "0.99", "epsilon": "1e-6"},
    source="optimi.Adam, arguments",
    url=PAGE.format("adam"),
    versions=VERSIONS,
    readings={"epsilon": EPSILON},
)
ADAMW = replace(
    ADAM, identifier="optimi-adamw", source="optimi.AdamW, arguments", url=PAGE.format("adamw")
)


def both(variant: Variant, kind: str, default: str) -> tuple[Variant, ...]:
    """Both readings of epsilon, with and without weight decay."""
    rule = variant.rule.having(epsilon="hat")
    hat = replace(variant, identifier=f"{variant.identifier}-hat", rule=rule)
    option: dict[str, Any] = {"weight_decay": kind, "defaults": {"weight_decay": default}}
    return (
        variant,
        hat,
        *(item.with_option("weight_decay", **option) for item in (variant, hat)),
    )


VARIANTS = (*both(ADAM, "l2", "0"), *both(ADAMW, "decoupled", "0.01"))
