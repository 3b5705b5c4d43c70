"""pytorch_optimizer: those of its classes that are Adam, as they come or with a switch turned.

The docstrings print no formula.  They name what a class adds to Adam, and its arguments.
"""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://pytorch-optimizers.readthedocs.io/en/v4.1.0/optimizer/#pytorch_optimizer.{}"
VERSIONS = "pytorch_optimizer 4.1"
BETAS = {"beta1": "0.9", "decay": "0.999"}
EPSILON = (
    'the docstring calls it "term added to the denominator" and no more: that may be the '
    "corrected root (this reading) or the uncorrected one (the reading -hat)"
)


def adam(name: str, about: str, *, rate: str = "0.001", epsilon: str = "1e-8") -> Variant:
    """One class in the form of Algorithm 1 of Kingma and Ba."""
    return Variant(
        identifier=f"pytorch-optimizer-{name.lower()}",
        rule=rules.ADAM,
        defaults={"learning_rate": rate, **BETAS, "epsilon": epsilon},
        source=f"pytorch_optimizer.{name}, {about}",
        url=PAGE.format(name),
        versions=VERSIONS,
        readings={"epsilon": EPSILON},
    )


def hat(variant: Variant) -> Variant:
    """The other reading of epsilon."""
    return replace(
        variant,
        identifier=f"{variant.identifier}-hat",
        rule=variant.rule.having(epsilon="hat"),
    )


def decayed(variant: Variant, kind: str, default: str = "0") -> Variant:
    """With weight decay: added to the gradient, or with ``weight_decouple`` to the parameter."""
    return variant.with_option(
        "weight_decay", weight_decay=kind, defaults={"weight_decay": default}
    )


def options(variant: Variant, kind: str, default: str = "0") -> tuple[Variant, ...]:
    """Plain, with weight decay, and uphill."""
    return (
        variant,
        decayed(variant, kind, default),
        variant.with_option("maximize", maximize=True),
    )


# Ma and Yarats, arXiv:1810.06801, algorithm 2: with nu = 1 corrected moments and epsilon outside.
QHADAM = replace(
    adam("QHAdam", "arguments, with nus of one, its default; arXiv:1810.06801, algorithm 2"),
    readings={},
)
# Without bias correction, "version 3 of the paper".
LAMB = replace(
    adam("Lamb", "adam: a trust ratio of 1, and the default update", epsilon="1e-6"),
    rule=rules.RMSPROP.having(first_moment=True, epsilon="outside"),
    readings={},
)
PADAM = adam("PAdam", "arguments, with an exponent of one half", rate="0.1")
ADAMP = adam("AdamP", "arguments, with a threshold that nothing falls below")
ADAMC = adam("AdamC", "arguments, for parameters of no normalisation layer")
GALORE = adam("GaLore", "arguments, for groups without a rank", epsilon="1e-6")
FLASH = adam("FlashAdamW", "arguments, with quantize off")


def other(name: str, rule: rules.Rule, defaults: dict[str, str]) -> Variant:
    """One class that follows its paper."""
    return Variant(
        identifier=f"pytorch-optimizer-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"pytorch_optimizer.{name}, arguments",
        url=PAGE.format(name),
        versions=VERSIONS,
    )


MOMENTS = {**BETAS, "epsilon": "1e-8"}
RATE = {"learning_rate": "0.001"}
ADABELIEF = other("AdaBelief", rules.ADABELIEF, {**RATE, **BETAS, "epsilon": "1e-16"})
# "term added to the denominator": the largest size so far (this reading), or before that.
ADAMAX = other("AdaMax", rules.ADAMAX, {**RATE, **MOMENTS})
ADAMAX_NEW = replace(
    ADAMAX,
    identifier="pytorch-optimizer-adamax-new",
    rule=rules.ADAMAX.having(epsilon="new"),
)
ADAN = other(
    "Adan",
    rules.ADAN,
    {**RATE, "beta1": "0.98", "beta3": "0.92", "decay": "0.99", "epsilon": "1e-8"},
)
ADEMAMIX = other(
    "AdEMAMix",
    rules.ADEMAMIX,
    {**RATE, **MOMENTS, "beta3": "0.9999", "mixture": "5"},
)
LION = other("Lion", rules.LION, {"learning_rate": "0.0001", "beta1": "0.9", "decay": "0.99"})
RADAM = other("RAdam", rules.RADAM, {**RATE, **MOMENTS})
# "Default is `step ** 0.25`": of the paper's steps (this reading), the first of which is the second
# call, or of all calls (the reading -all).
ADOPT = other("ADOPT", rules.ADOPT, {**RATE, "beta1": "0.9", "decay": "0.9999", "epsilon": "1e-6"})
ADOPT_ALL = replace(
    ADOPT, identifier="pytorch-optimizer-adopt-all", rule=rules.ADOPT.having(limit="all")
)
YOGI = other(
    "Yogi",
    # "Initial values for first and second moments"
    rules.YOGI.having(initial_second_moment="0.000001"),
    {"learning_rate": "0.01", **BETAS, "epsilon": "0.001"},
)
SIGNSGD = other("SignSGD", rules.SIGNUM, {**RATE, "beta1": "0.9"})
SGDW = other("SGDW", rules.SGD, {"learning_rate": "0.0001"})
SGDW_MOMENTUM = SGDW.with_option("momentum", momentum="unscaled", defaults={"momentum": "0"})


def hats(variant: Variant) -> tuple[Variant, Variant]:
    """Both readings of epsilon."""
    return replace(variant, readings={"epsilon": EPSILON}), hat(variant)


FREE = {"schedule_free": True}
SCHEDULE_FREE_SGD = replace(
    other(
        "ScheduleFreeSGD", rules.SGD.having(**FREE), {"learning_rate": "1", "interpolation": "0.9"}
    ),
    identifier="pytorch-optimizer-schedulefreesgd-schedule-free",
    features=frozenset({"schedule_free"}),
)
SCHEDULE_FREE_ADAMW = replace(
    other(
        "ScheduleFreeAdamW",
        rules.RMSPROP.having(correction="second", **FREE),
        {"learning_rate": "0.0025", "interpolation": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    ),
    identifier="pytorch-optimizer-schedulefreeadamw-schedule-free",
    features=frozenset({"schedule_free"}),
)
LOOKAHEAD = replace(
    other("Lookahead", rules.SGD.having(lookahead=True), {"slow_share": "0.5", "period": "5"}),
    identifier="pytorch-optimizer-lookahead-lookahead",
    features=frozenset({"lookahead"}),
    source="pytorch_optimizer.Lookahead, arguments; arXiv:1907.08610, algorithm 1",
)
NOVOGRAD_DECAY = (
    'weight_decouple stands for decay that is not added "to the gradient": to that which the norm '
    "has divided, as in the paper (this reading), or before that (the reading -l2)"
)
NOVOGRAD = replace(
    adam("NovoGrad", "arguments; arXiv:1905.11286, algorithm 1"),
    rule=rules.NOVOGRAD,
    defaults={"learning_rate": "0.001", "decay": "0.98", "epsilon": "1e-8"},
    readings={},
).with_option("momentum", momentum="unscaled", defaults={"momentum": "0.95"})
NOVOGRAD_L2 = replace(NOVOGRAD, identifier="pytorch-optimizer-novograd-l2-momentum")
MORE = (
    *(
        replace(decayed(plain, kind), readings={"weight_decay": NOVOGRAD_DECAY})
        for plain, kind in ((NOVOGRAD, "joined"), (NOVOGRAD_L2, "l2"))
    ),
    NOVOGRAD,
    NOVOGRAD.with_option("maximize", maximize=True),
    LOOKAHEAD,
    SCHEDULE_FREE_SGD,
    SCHEDULE_FREE_ADAMW,
    *(item for plain in (ADOPT, ADOPT_ALL) for item in options(plain, "l2")),
    *options(ADABELIEF, "decoupled"),
    *(item for plain in (ADAMAX, ADAMAX_NEW) for item in options(plain, "l2")),
    ADAN,
    ADAN.with_option("maximize", maximize=True),
    *options(ADEMAMIX, "l2"),
    *options(LION, "decoupled"),
    *(item for plain in hats(RADAM) for item in options(plain, "decoupled")),
    *options(YOGI, "decoupled"),
    *options(SIGNSGD, "decoupled"),
    *options(SGDW, "decoupled"),
    SGDW_MOMENTUM,
    SGDW_MOMENTUM.with_option("nesterov", nesterov=True),
)
VARIANTS = (
    *MORE,
    *options(QHADAM, "l2"),
    decayed(replace(QHADAM, identifier=f"{QHADAM.identifier}-decoupled"), "decoupled"),
    # fixed_decay: "without scaling it by the learning rate"
    decayed(replace(QHADAM, identifier=f"{QHADAM.identifier}-fixed"), "decoupled-unscaled"),
    *options(LAMB, "decoupled"),
    *(
        variant
        for start, kind, default in (
            (PADAM, "l2", "0"),
            (ADAMP, "decoupled", "0"),
            (ADAMC, "decoupled", "0"),
            (GALORE, "decoupled", "0"),
            (FLASH, "decoupled", "0.01"),
        )
        for reading in (start, hat(start))
        for variant in options(reading, kind, default)
    ),
    *(reading.with_option("amsgrad", amsgrad="raw") for reading in (ADAMC, hat(ADAMC))),
)
