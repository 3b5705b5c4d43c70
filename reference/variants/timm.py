"""timm: the optimizers of ``timm.optim`` that step element by element."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

DECAY = (
    "decoupled_decay refers to Loshchilov and Hutter, whose algorithm 2 multiplies the decay by "
    "the schedule's multiplier and not by alpha: the learning rate may scale it (this reading, as "
    "in PyTorch) or not (the reading -unscaled)"
)
RMSPROP = Variant(
    identifier="timm-rmsproptf",
    # "Epsilon applied inside square-root", "square_avg initialized to ones"
    rule=rules.RMSPROP.having(epsilon="inside", initial_second_moment="1"),
    defaults={"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-10"},
    source="timm.optim.RMSpropTF, noteworthy changes and arguments",
    url="https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/optim/rmsprop_tf.py",
    versions="timm 1.0",
)
UNSCALED = replace(RMSPROP, identifier="timm-rmsproptf-unscaled")
DECOUPLED = replace(
    RMSPROP, identifier="timm-rmsproptf-decoupled", readings={"weight_decay": DECAY}
)
DECOUPLED_UNSCALED = replace(DECOUPLED, identifier="timm-rmsproptf-decoupled-unscaled")


def momenta(variant: Variant, buffer: str) -> tuple[Variant, Variant]:
    """The buffer, with "LR scaling of update accumulated" in it or not, centred or not."""
    option: dict[str, Any] = {"momentum": buffer, "defaults": {"momentum": "0"}}
    centered = variant.with_option("centered", centered=True)
    return variant.with_option("momentum", **option), centered.with_option("momentum", **option)


def with_decay(variant: Variant, kind: str) -> Variant:
    """One kind of weight decay; zero by default."""
    return variant.with_option("weight_decay", weight_decay=kind, defaults={"weight_decay": "0"})


URL = "https://github.com/huggingface/pytorch-image-models/blob/v1.0.31/timm/optim/{}.py"


def other(name: str, rule: rules.Rule, defaults: dict[str, str], about: str) -> Variant:
    """One class whose docstring names a paper."""
    return Variant(
        identifier=f"timm-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"timm.optim.{name}, {about}",
        url=URL.format(name.lower()),
        versions="timm 1.0",
    )


BETAS = {"beta1": "0.9", "decay": "0.9999"}
ADOPT = other(
    "Adopt",
    rules.ADOPT,
    {"learning_rate": "0.001", **BETAS, "epsilon": "1e-6"},
    "clip_exp=0.25 and the paper that it names, arXiv:2411.02853, algorithm 2",
)
UNCLIPPED = replace(ADOPT, identifier="timm-adopt-unclipped", rule=rules.ADOPT.having(limit="none"))
LION = other(
    "Lion",
    rules.LION,
    {"learning_rate": "1e-4", "beta1": "0.9", "decay": "0.99"},
    "the paper that it names, arXiv:2302.06675",
)
SGDW = other("SGDW", rules.SGD, {"learning_rate": "0.001"}, "arguments and name")
LOOKAHEAD = replace(
    other(
        "Lookahead",
        rules.SGD.having(lookahead=True),
        {"slow_share": "0.5", "period": "6"},
        "the paper that it names, arXiv:1907.08610, algorithm 1",
    ),
    identifier="timm-lookahead-lookahead",
    features=frozenset({"lookahead"}),
)
# "adding it to the normalized gradient before the momentum update (as per the paper)"
NOVOGRAD = other(
    "NvNovoGrad",
    rules.NOVOGRAD,
    {"learning_rate": "0.001", "decay": "0.98", "epsilon": "1e-8"},
    "arguments, and the paper that its module names, arXiv:1905.11286, algorithm 1",
).with_option("momentum", momentum="unscaled", defaults={"momentum": "0.95"})
MORE = (
    NOVOGRAD,
    with_decay(NOVOGRAD, "joined"),
    with_decay(
        replace(NOVOGRAD, identifier="timm-nvnovograd-decoupled-momentum"),
        "decoupled",
    ),
    LOOKAHEAD,
    ADOPT,
    with_decay(ADOPT, "l2"),
    UNCLIPPED,
    with_decay(UNCLIPPED, "l2"),
    LION,
    with_decay(LION, "decoupled"),
    SGDW,
    SGDW.with_option("momentum", momentum="unscaled", defaults={"momentum": "0"}),
    with_decay(SGDW, "decoupled"),
    other(
        "Adan",
        rules.ADAN,
        {
            "learning_rate": "0.001",
            "beta1": "0.98",
            "beta3": "0.92",
            "decay": "0.99",
            "epsilon": "1e-8",
        },
        "the paper that it names, arXiv:2208.06677",
    ),
)

VARIANTS = (
    *MORE,
    RMSPROP,
    RMSPROP.with_option("centered", centered=True),
    *momenta(RMSPROP, "scaled"),
    *momenta(UNSCALED, "unscaled"),
    with_decay(RMSPROP, "l2"),
    with_decay(DECOUPLED, "decoupled"),
    with_decay(DECOUPLED_UNSCALED, "decoupled-unscaled"),
)
