"""MLX: ``mlx.optimizers.RMSprop``, ``Adam`` and ``AdamW``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = (
    "https://ml-explore.github.io/mlx/build/html/python/optimizers/_autosummary/"
    "mlx.optimizers.{}.html"
)
VERSIONS = "mlx 0.32"

RMSPROP = Variant(
    identifier="mlx-rmsprop",
    rule=rules.RMSPROP,
    # The learning rate has no default.
    defaults={"decay": "0.99", "epsilon": "1e-8"},
    source="mlx.optimizers.RMSprop, equations and arguments",
    url=PAGE.format("RMSprop"),
    versions=VERSIONS,
)
ADAM = Variant(
    identifier="mlx-adam",
    # w - lr m / (sqrt(v) + epsilon): no bias correction, which is off by default.
    rule=rules.RMSPROP.having(first_moment=True, epsilon="outside"),
    defaults={"beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="mlx.optimizers.Adam, equations and arguments",
    url=PAGE.format("Adam"),
    versions=VERSIONS,
)
ADAMW = replace(
    ADAM,
    identifier="mlx-adamw",
    source="mlx.optimizers.AdamW, equations and arguments",
    url=PAGE.format("AdamW"),
)
CORRECTION = (
    "bias_correction=True applies a bias correction that no equation shows: of the reference, "
    "Kingma and Ba, it may be that of Algorithm 1, where epsilon is added to the corrected root "
    "(this reading), or that of the end of section 2 (the reading -hat)"
)


def corrected(variant: Variant, epsilon: str) -> Variant:
    """One reading of ``bias_correction=True``."""
    ending = {"outside": "-corrected", "hat": "-corrected-hat"}[epsilon]
    return replace(
        variant,
        identifier=variant.identifier + ending,
        rule=variant.rule.having(correction="both", epsilon=epsilon),
        readings={"epsilon": CORRECTION},
    )


def with_decay(variant: Variant) -> Variant:
    """w - alpha (... + lambda w)"""
    return variant.with_option(
        "weight_decay", weight_decay="decoupled", defaults={"weight_decay": "0.01"}
    )


def other(name: str, rule: rules.Rule, defaults: dict[str, str]) -> Variant:
    """One of the classes whose docstrings print an equation."""
    return replace(
        RMSPROP,
        identifier=f"mlx-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"mlx.optimizers.{name}, equations and parameters",
        url=RMSPROP.url.replace("RMSprop", name),
        readings={},
    )


SGD = other("SGD", rules.SGD, {})
SGD_MOMENTUM = SGD.with_option("momentum", momentum="unscaled", defaults={"momentum": "0"})
LION = other("Lion", rules.LION, {"beta1": "0.9", "decay": "0.99"})
MORE = (
    SGD,
    SGD_MOMENTUM,
    SGD_MOMENTUM.with_option("nesterov", nesterov=True),
    SGD.with_option("weight_decay", weight_decay="l2", defaults={"weight_decay": "0"}),
    other("Adagrad", rules.ADAGRAD, {"epsilon": "1e-8"}),
    other("AdaDelta", rules.ADADELTA, {"decay": "0.9", "epsilon": "1e-6"}),
    # "omits the bias correction"
    other(
        "Adamax",
        rules.ADAMAX.having(correction="none"),
        {"beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    ),
    LION,
    LION.with_option("weight_decay", weight_decay="decoupled", defaults={"weight_decay": "0"}),
)

VARIANTS = (
    *MORE,
    RMSPROP,
    ADAM,
    *(corrected(ADAM, epsilon) for epsilon in ("outside", "hat")),
    ADAMW,
    with_decay(ADAMW),
    *(corrected(ADAMW, epsilon) for epsilon in ("outside", "hat")),
    *(with_decay(corrected(ADAMW, epsilon)) for epsilon in ("outside", "hat")),
)
