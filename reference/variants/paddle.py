"""PaddlePaddle: ``paddle.optimizer.RMSProp``, ``Adam`` and ``AdamW``."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/optimizer/{}_en.html"
VERSIONS = "paddlepaddle 3.3"

BUFFER = (
    'the page says "Nesterov momentum is used" and prints the plain form: the buffer may be '
    "applied as it stands (this reading, the equations) or looked through once more (the reading "
    "-lookahead)"
)
RMSPROP = Variant(
    identifier="paddle-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    # The learning rate has no default.
    defaults={"decay": "0.95", "epsilon": "1e-6"},
    source="paddle.optimizer.RMSProp, equations and parameters",
    url=PAGE.format("RMSProp"),
    versions=VERSIONS,
)
LOOKAHEAD = replace(RMSPROP, identifier="paddle-rmsprop-lookahead")


def with_momentum(variant: Variant, **rule: Any) -> Variant:
    """v = beta v + eta / sqrt(...) g; w = w - v: the rate stands inside the buffer."""
    option = variant.with_option(
        "momentum", momentum="scaled", defaults={"momentum": "0.0"}, **rule
    )
    return replace(option, readings={**variant.readings, "nesterov": BUFFER})


ADAM = Variant(
    identifier="paddle-adam",
    # learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t), and epsilon added to the uncorrected root
    rule=rules.ADAM.having(epsilon="hat"),
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="paddle.optimizer.Adam, update rule and parameters",
    url=PAGE.format("Adam"),
    versions=VERSIONS,
)
# moment_2_max = max(moment_2, moment_2_max), before any correction
AMSGRAD: dict[str, Any] = {"amsgrad": "raw"}

DECAY = (
    "the update rule overwrites learning_rate with the corrected rate and then multiplies the "
    "decay by learning_rate: by the corrected one, as the lines follow each other (this reading), "
    "or by the argument of that name, as in the paper (the reading -uncorrected)"
)
ADAMW = replace(
    ADAM,
    identifier="paddle-adamw",
    source="paddle.optimizer.AdamW, update rule and parameters",
    url=PAGE.format("AdamW"),
)
ADAMW_UNCORRECTED = replace(ADAMW, identifier="paddle-adamw-uncorrected")


def with_decay(variant: Variant, kind: str) -> Variant:
    """One reading of AdamW's decay."""
    option = variant.with_option(
        "weight_decay", weight_decay=kind, defaults={"weight_decay": "0.01"}
    )
    return replace(option, readings={"weight_decay": DECAY})


def other(name: str, rule: rules.Rule, defaults: dict[str, str]) -> Variant:
    """One of the classes whose pages print an equation."""
    return replace(
        ADAM,
        identifier=f"paddle-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"paddle.optimizer.{name}, equations and parameters",
        url=PAGE.format(name),
    )


SGD = other("SGD", rules.SGD, {"learning_rate": "0.001"})
MOMENTUM = other("Momentum", rules.SGD, {"learning_rate": "0.001"}).with_option(
    "momentum", momentum="unscaled", defaults={"momentum": "0.9"}
)
MOMENTS = {"beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"}
# inf_norm_out = max(beta2 inf_norm + epsilon, |grad|)
ADAMAX = other("Adamax", rules.ADAMAX.having(epsilon="kept"), {"learning_rate": "0.001", **MOMENTS})
ADAGRAD = other("Adagrad", rules.ADAGRAD, {"epsilon": "1e-6"})
MORE = (
    SGD,
    MOMENTUM,
    MOMENTUM.with_option("nesterov", nesterov=True),
    ADAGRAD,
    other(
        "Adadelta",
        rules.ADADELTA,
        {"learning_rate": "0.001", "decay": "0.95", "epsilon": "1e-6"},
    ),
    ADAMAX,
    other("NAdam", rules.NADAM, {"learning_rate": "0.002", **MOMENTS, "momentum_decay": "0.004"}),
    other("RAdam", rules.RADAM.having(epsilon="hat"), {"learning_rate": "0.001", **MOMENTS}),
    other(
        "Rprop",
        rules.RPROP,
        {
            "learning_rate": "0.001",
            "shrinkage": "0.5",
            "growth": "1.2",
            "least_step": "1e-5",
            "largest_step": "50",
        },
    ),
)


def penalised(variant: Variant) -> Variant:
    """With weight_decay=L1Decay(coeff), whose page names the loss, coeff * sum(abs(x))."""
    source = f"{variant.source}; paddle.regularizer.L1Decay"
    return replace(variant.with_option("lasso", lasso="sign"), source=source)


VARIANTS = (
    *MORE,
    *map(penalised, (SGD, MOMENTUM, ADAGRAD, ADAMAX, RMSPROP, ADAM)),
    RMSPROP,
    with_momentum(RMSPROP),
    with_momentum(LOOKAHEAD, nesterov=True),
    RMSPROP.with_option("centered", centered=True),
    with_momentum(RMSPROP.with_option("centered", centered=True)),
    with_momentum(LOOKAHEAD.with_option("centered", centered=True), nesterov=True),
    # "coeff of L2 regularization"; the default None means that there is none.
    RMSPROP.with_option("weight_decay", weight_decay="l2"),
    ADAM,
    ADAM.with_option("amsgrad", **AMSGRAD),
    ADAM.with_option("weight_decay", weight_decay="l2"),
    ADAMW,
    ADAMW.with_option("amsgrad", **AMSGRAD),
    with_decay(ADAMW, "decoupled-corrected"),
    with_decay(ADAMW_UNCORRECTED, "decoupled"),
)
