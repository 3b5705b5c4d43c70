"""optimi: the optimizers that step element by element; the docstrings print no formula."""

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


def other(name: str, rule: rules.Rule, defaults: dict[str, str], ending: str = "") -> Variant:
    """One class that follows the rule of its name, or one way through it."""
    return Variant(
        identifier=f"optimi-{name.lower()}{ending}",
        rule=rule,
        defaults=defaults,
        source=f"optimi.{name}, arguments",
        url=PAGE.format(name.lower()),
        versions=VERSIONS,
    )


def decayed(variant: Variant, kind: str) -> Variant:
    """With weight decay: "L2 penalty", or "decoupled" where that is asked for."""
    return variant.with_option("weight_decay", weight_decay=kind, defaults={"weight_decay": "0"})


SGD = other("SGD", rules.SGD, {})
LION = other("Lion", rules.LION, {"beta1": "0.9", "decay": "0.99"})
RADAM = replace(
    other("RAdam", rules.RADAM, {"beta1": "0.9", "decay": "0.99", "epsilon": "1e-6"}),
    readings={"epsilon": EPSILON},
)
ADAN = other(
    "Adan", rules.ADAN, {"beta1": "0.98", "beta3": "0.92", "decay": "0.99", "epsilon": "1e-6"}
)
MORE = (
    SGD,
    # The rate leaves with the buffer, and is no part of it: "match PyTorch SGD".
    SGD.with_option("momentum", momentum="unscaled", defaults={"momentum": "0"}),
    decayed(SGD, "l2"),
    decayed(other("SGD", rules.SGD, {}, "-decoupled"), "decoupled"),
    LION,
    decayed(LION, "decoupled"),
    *both(RADAM, "l2", "0"),
    *(
        decayed(replace(item, identifier=f"{item.identifier}-decoupled"), "decoupled")
        for item in both(RADAM, "l2", "0")[:2]
    ),
    ADAN,
)
VARIANTS = (*MORE, *both(ADAM, "l2", "0"), *both(ADAMW, "decoupled", "0.01"))
