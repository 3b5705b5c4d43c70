"""Optax: the optimizers that step element by element, after their docstrings.

None of them has a default learning rate.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

DOCUMENTATION = "https://optax.readthedocs.io/en/latest/api/optimizers.html#optax."
VERSIONS = "optax 0.2.8"
# Of complex gradients: "the squared absolute value" (optax.abs_sq), whose docstring refers to the
# Wirtinger derivative; the pages of the optimizers print g^2.

# The warning in the docstring: with eps_in_sqrt=True, the default, sqrt(v + epsilon).
RMSPROP = Variant(
    identifier="optax-rmsprop",
    squares="modulus",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"decay": "0.9", "epsilon": "1e-8"},
    source="optax.rmsprop, Args and warning",
    url=DOCUMENTATION + "rmsprop",
    versions=VERSIONS,
)


def switched(name: str, source: str, **rule: Any) -> Variant:
    """``optax.rmsprop`` with one of its switches turned."""
    return replace(
        RMSPROP,
        identifier=f"optax-rmsprop-{name}",
        rule=RMSPROP.rule.having(**rule),
        source=f"optax.rmsprop, {source}",
    )


SWITCHED = (
    RMSPROP,
    switched("outside", "eps_in_sqrt and warning", epsilon="outside"),
    # "bias correction to the estimates of the second moments (and first moment if centered=True)"
    switched("corrected", "bias_correction", correction="second"),
    # "Initial value of accumulators ... PyTorch uses `0`, TF1 uses `1`"
    switched("initial-1", "initial_scale", initial_second_moment="1"),
)


def options(plain: Variant) -> Iterator[Variant]:
    """The variant with every set of options; the momentum in both readings."""
    centered = plain.with_option("centered", centered=True)
    yield plain
    yield centered
    for momentum, ending in (("scaled", ""), ("unscaled", "-unscaled")):
        open_question = {
            "momentum": 'documented as "Decay rate used by the momentum term" and no more: the '
            "buffer may hold steps already multiplied by the learning rate (optax-rmsprop) or "
            "steps before that (optax-rmsprop-unscaled)"
        }
        base = replace(plain, identifier=plain.identifier + ending, readings=open_question)
        # "when it is set to `None`, then momentum is not used at all": a default without a number
        with_momentum = base.with_option("momentum", momentum=momentum)
        yield with_momentum
        yield with_momentum.with_option("nesterov", nesterov=True)
        yield with_momentum.with_option("centered", centered=True)


ADAM = Variant(
    identifier="optax-adam",
    squares="modulus",
    rule=rules.ADAM,
    defaults={"beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="optax.adam, update equation and Args",
    url=DOCUMENTATION + "adam",
    versions=VERSIONS,
)
# eps = 0 and eps_root in the place of epsilon: the equation's second epsilon, inside the root.
ADAM_EPS_ROOT = replace(
    ADAM,
    identifier="optax-adam-eps-root",
    rule=ADAM.rule.having(epsilon="inside"),
    defaults={**ADAM.defaults, "epsilon": "0.0"},
    source="optax.adam, update equation and eps_root",
)
ADAMW = replace(
    ADAM,
    identifier="optax-adamw",
    source="optax.adamw, update equation and Args",
    url=DOCUMENTATION + "adamw",
)
AMSGRAD = replace(
    ADAM,
    identifier="optax-amsgrad",
    source="optax.amsgrad, Args",
    url=DOCUMENTATION + "amsgrad",
)

BETAS = {"beta1": "0.9", "decay": "0.999"}


def alias(name: str, rule: rules.Rule, defaults: dict[str, str], source: str = "") -> Variant:
    """One of ``optax.*``."""
    return Variant(
        identifier=f"optax-{name.rpartition('.')[2].replace('_', '-')}",
        squares="modulus",
        rule=rule,
        defaults=defaults,
        source=f"optax.{name}, {source or 'update equation and Args'}",
        url=DOCUMENTATION + name,
        versions=VERSIONS,
    )


SGD = alias("sgd", rules.SGD, {})
# u = -lr m with m' = g + momentum m
SGD_MOMENTUM = SGD.with_option("momentum", momentum="unscaled")
PAPER = {"correction": "the docstring prints no formula, and names a paper that corrects no bias"}
ADAGRAD = alias(
    "adagrad",
    rules.ADAGRAD.having(epsilon="inside", initial_second_moment="0.1"),
    {"epsilon": "1e-7"},
)
ADADELTA = alias("adadelta", rules.ADADELTA, {"decay": "0.9", "epsilon": "1e-6"})
ADAMAX = alias("adamax", rules.ADAMAX.having(epsilon="new"), {**BETAS, "epsilon": "1e-8"})
NADAM = alias("nadam", rules.NADAM_STEADY, {**BETAS, "epsilon": "1e-8"})
LION = alias("lion", rules.LION, {"beta1": "0.9", "decay": "0.99"})
SIGN_SGD = alias("sign_sgd", rules.SIGNSGD, {})
SIGNUM = alias("signum", rules.SIGNUM, {"beta1": "0.9"})
# eps_root stands for epsilon, and eps is zero: s' = ... + eps_root
ADABELIEF = alias("adabelief", rules.ADABELIEF, {**BETAS, "epsilon": "1e-16"})
ADABELIEF_ROOT = replace(
    ADABELIEF,
    identifier="optax-adabelief-eps-root",
    rule=rules.ADABELIEF.having(epsilon="kept"),
    source="optax.adabelief, update equation and eps_root",
)
ADABELIEF_EPS = replace(
    ADABELIEF,
    identifier="optax-adabelief-eps",
    rule=rules.ADABELIEF.having(epsilon="outside"),
    source="optax.adabelief, update equation and eps",
)
RADAM = alias(
    "radam", rules.RADAM, {**BETAS, "epsilon": "1e-8"}, "Args and reference; threshold=5.0"
)
YOGI = alias(
    "yogi",
    rules.YOGI.having(initial_second_moment="0.000001"),
    {**BETAS, "epsilon": "1e-3"},
    "Args and reference",
)
YOGI_PAPER = replace(
    YOGI,
    identifier="optax-yogi-uncorrected",
    rule=rules.YOGI.having(correction="none", initial_second_moment="0"),
)
RPROP = alias(
    "rprop",
    rules.RPROP,
    {"shrinkage": "0.5", "growth": "1.2", "least_step": "1e-6", "largest_step": "50.0"},
    "Args and references",
)
# v' = (1 - beta2) v + beta2 (g - p): the betas that are printed are what is lost, 1 - b1 and so on.
ADAN = alias("adan", rules.ADAN, {"beta1": "0.98", "beta3": "0.92", "decay": "0.99"})
ADEMAMIX = alias(
    "contrib.ademamix",
    rules.ADEMAMIX,
    {**BETAS, "beta3": "0.9999", "mixture": "5.0", "epsilon": "1e-8"},
)
# The docstring prints no formula: that of the paper, algorithm 1, whose beta1 gathers what the norm
# has divided and weighs nothing by 1 - beta1.
NOVOGRAD = alias(
    "novograd",
    rules.NOVOGRAD,
    {"decay": "0.25", "epsilon": "1e-6"},
    "Args and references; arXiv:1905.11286, algorithm 1",
)
NOVOGRAD_ROOT = replace(
    NOVOGRAD,
    identifier="optax-novograd-eps-root",
    rule=rules.NOVOGRAD.having(epsilon="inside"),
    defaults={**NOVOGRAD.defaults, "epsilon": "0.0"},
    source="optax.novograd, eps_root; arXiv:1905.11286, algorithm 1",
)
# The clip's argument: "a function that takes a step index and returns a clipping value", x^0.25
ADOPT = alias(
    "contrib.adopt",
    rules.ADOPT,
    {"beta1": "0.9", "decay": "0.9999", "epsilon": "1e-6"},
    "Args and reference, arXiv:2411.02853, algorithm 2",
)
ADOPT_UNCLIPPED = replace(
    ADOPT,
    identifier="optax-adopt-unclipped",
    rule=rules.ADOPT.having(limit="none"),
    source="optax.contrib.adopt, use_clipping=False",
)
# "Steps weigh by the largest rate so far", which for one rate is the same for all.
FREE = {"schedule_free": True}
SCHEDULE_FREE_SGD = replace(
    alias(
        "contrib.schedule_free_sgd",
        rules.SGD.having(**FREE),
        {"learning_rate": "1.0", "interpolation": "0.9"},
        "Args; equations of optax.contrib.schedule_free",
    ),
    identifier="optax-schedule-free-sgd-schedule-free",
    features=frozenset({"schedule_free"}),
)
SCHEDULE_FREE_ADAMW = replace(
    alias(
        "contrib.schedule_free_adamw",
        rules.RMSPROP.having(correction="second", **FREE),
        {
            "learning_rate": "0.0025",
            "interpolation": "0.9",
            "decay": "0.999",
            "epsilon": "1e-8",
        },
        "Args; equations of optax.contrib.schedule_free",
    ),
    identifier="optax-schedule-free-adamw-schedule-free",
    features=frozenset({"schedule_free"}),
)

MORE = (
    SCHEDULE_FREE_SGD,
    SCHEDULE_FREE_ADAMW,
    ADOPT,
    ADOPT_UNCLIPPED,
    *(
        variant
        for plain in (NOVOGRAD, NOVOGRAD_ROOT)
        for gathered in [
            plain.with_option("momentum", momentum="unscaled", defaults={"momentum": "0.9"})
        ]
        for variant in (
            gathered,
            gathered.with_option(
                "weight_decay", weight_decay="joined", defaults={"weight_decay": "0.0"}
            ),
        )
    ),
    SGD,
    SGD_MOMENTUM,
    SGD_MOMENTUM.with_option("nesterov", nesterov=True),
    ADAGRAD,
    ADADELTA,
    ADAMAX,
    NADAM,
    LION,
    LION.with_option("weight_decay", weight_decay="decoupled", defaults={"weight_decay": "1e-3"}),
    SIGN_SGD,
    SIGNUM,
    ADABELIEF_ROOT,
    ADABELIEF_EPS,
    RADAM,
    replace(YOGI, readings=PAPER),
    replace(YOGI_PAPER, readings=PAPER),
    RPROP,
    ADAN,
    ADEMAMIX,
)

VARIANTS = (
    *MORE,
    *(variant for plain in SWITCHED for variant in options(plain)),
    ADAM,
    ADAM_EPS_ROOT,
    ADAMW,
    # u = -lr (m / (sqrt(v) + epsilon) + weight_decay parameter)
    ADAMW.with_option("weight_decay", weight_decay="decoupled", defaults={"weight_decay": "1e-4"}),
    # "bias correction to the second moment estimate before taking the elementwise maximum"
    AMSGRAD.with_option("amsgrad", amsgrad="corrected"),
)
