"""torch_optimizer: those of its classes that are Adam, as they come or with a switch turned.

The docstrings print no formula.  They name a paper and the arguments.
"""

from collections.abc import Iterator
from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://pytorch-optimizer.readthedocs.io/en/latest/api.html#torch_optimizer.{}"
VERSIONS = "torch_optimizer 0.3"
EPSILON = (
    'the docstring calls it a "term added to the denominator" and no more: the denominator may be '
    "the corrected root (this reading) or the uncorrected one (the reading -hat)"
)
DECAY = (
    'the docstring says "weight decay (L2 penalty)" of a class whose paper takes decay apart from '
    "the gradient: it may be added to the gradient (this reading), shrink the parameter by the "
    "learning rate (the reading -decoupled) or, where the rate carries the bias corrections, by "
    "that (the reading -corrected)"
)


def adam(name: str, about: str, epsilon: str = "1e-8") -> Variant:
    """One class in the form of Algorithm 1 of Kingma and Ba."""
    return Variant(
        identifier=f"torch-optimizer-{name.lower()}",
        rule=rules.ADAM,
        defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": epsilon},
        source=f"torch_optimizer.{name}, {about}",
        url=PAGE.format(name.lower()),
        versions=VERSIONS,
    )


def hat(variant: Variant) -> tuple[Variant, Variant]:
    """Both readings of epsilon."""
    variant = replace(variant, readings={"epsilon": EPSILON})
    rule = variant.rule.having(epsilon="hat")
    return variant, replace(variant, identifier=f"{variant.identifier}-hat", rule=rule)


def decays(variant: Variant, **kinds: str) -> Iterator[Variant]:
    """The variant, and each reading of its weight decay, zero by default; endings to kinds."""
    yield variant
    for ending, kind in kinds.items():
        named = replace(variant, identifier=f"{variant.identifier}{ending and '-' + ending}")
        option = named.with_option(
            "weight_decay", weight_decay=kind, defaults={"weight_decay": "0"}
        )
        open_ = {"weight_decay": DECAY} if len(kinds) > 1 else {}
        yield replace(option, readings={**variant.readings, **open_})


# Ma and Yarats, arXiv:1810.06801, algorithm 2: with nu = 1 corrected moments and epsilon outside.
QHADAM = adam("QHAdam", "arguments, with nus of one, their default; arXiv:1810.06801, algorithm 2")
# A trust ratio of one "turns this into Adam", debiased only where that is asked for.
LAMB = replace(
    adam("Lamb", "arguments, with adam", epsilon="1e-6"),
    rule=rules.RMSPROP.having(first_moment=True, epsilon="outside"),
)
DEBIASED = replace(
    adam("Lamb", "arguments, with adam and debias", epsilon="1e-6"),
    identifier="torch-optimizer-lamb-debias",
)
ADAMP = adam("AdamP", "arguments, with a threshold that nothing falls below")
ADAMOD = adam("AdaMod", "arguments, with a smoothing that forgets at once")
PLAIN = {"": "l2", "decoupled": "decoupled"}


def other(name: str, rule: rules.Rule, defaults: dict[str, str]) -> Variant:
    """One class that follows its paper."""
    return Variant(
        identifier=f"torch-optimizer-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"torch_optimizer.{name}, arguments and paper",
        url=PAGE.format(name.lower()),
        versions=VERSIONS,
    )


BETAS = {"beta1": "0.9", "decay": "0.999"}
L2 = {"weight_decay": "l2", "defaults": {"weight_decay": "0"}}
YOGI = other(
    "Yogi",
    # "initial values for first and second moments"; corrected in neither paper nor docstring.
    rules.YOGI.having(initial_second_moment="0.000001"),
    {"learning_rate": "0.01", **BETAS, "epsilon": "0.001"},
)
YOGI_PAPER = replace(
    YOGI, identifier="torch-optimizer-yogi-uncorrected", rule=YOGI.rule.having(correction="none")
)
RADAM = other("RAdam", rules.RADAM, {"learning_rate": "0.001", **BETAS, "epsilon": "1e-8"})
RADAM_HAT = replace(
    RADAM, identifier="torch-optimizer-radam-hat", rule=RADAM.rule.having(epsilon="hat")
)
ADABELIEF = other(
    "AdaBelief", rules.ADABELIEF, {"learning_rate": "0.01", **BETAS, "epsilon": "0.001"}
)
SGDW = other("SGDW", rules.SGD, {"learning_rate": "0.001"})
SGDW_MOMENTUM = SGDW.with_option("momentum", momentum="unscaled", defaults={"momentum": "0"})
NOVOGRAD = other(
    "NovoGrad", rules.NOVOGRAD, {"learning_rate": "0.001", "decay": "0", "epsilon": "1e-8"}
).with_option("momentum", momentum="unscaled", defaults={"momentum": "0.95"})
NOVOGRAD_L2 = replace(NOVOGRAD, identifier="torch-optimizer-novograd-l2-momentum")
NOVOGRAD_DECAY = {
    "weight_decay": 'the docstring says "weight decay (L2 penalty)" of a class whose paper adds it '
    "to the gradient that the norm has divided (this reading); it may be added before that (the "
    "reading -l2)"
}
MORE = (
    *(
        replace(
            plain.with_option("weight_decay", weight_decay=kind, defaults={"weight_decay": "0"}),
            readings=NOVOGRAD_DECAY,
        )
        for plain, kind in ((NOVOGRAD, "joined"), (NOVOGRAD_L2, "l2"))
    ),
    NOVOGRAD,
    *(item for plain in (YOGI, YOGI_PAPER) for item in decays(plain, **{"": "l2"})),
    *(
        item
        for plain in (RADAM, RADAM_HAT)
        for item in decays(plain, **{"": "l2", "decoupled": "decoupled"})
    ),
    *decays(ADABELIEF, **{"": "l2"}),
    *decays(SGDW, **{"": "decoupled"}),
    SGDW_MOMENTUM,
    SGDW_MOMENTUM.with_option("nesterov", nesterov=True),
)
# The docstring prints a default of 5 for alpha, which is none.
LOOKAHEAD = Variant(
    identifier="torch-optimizer-lookahead-lookahead",
    rule=rules.SGD.having(lookahead=True),
    features=frozenset({"lookahead"}),
    defaults={"period": "5"},
    source="torch_optimizer.Lookahead, arguments; arXiv:1907.08610, algorithm 1",
    url=PAGE.format("Lookahead"),
    versions=VERSIONS,
)

VARIANTS = (
    LOOKAHEAD,
    *MORE,
    *decays(QHADAM, **{"": "l2"}),
    # decouple_weight_decay
    *decays(replace(QHADAM, identifier=f"{QHADAM.identifier}-decoupled"), **{"": "decoupled"}),
    *decays(LAMB, **PLAIN),
    *(
        variant
        for reading in hat(DEBIASED)
        for variant in decays(reading, **PLAIN, corrected="decoupled-corrected")
    ),
    *(
        variant
        for start in (ADAMP, ADAMOD)
        for reading in hat(start)
        for variant in decays(reading, **PLAIN)
    ),
)
