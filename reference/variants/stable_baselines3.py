"""Stable-Baselines3: ``stable_baselines3.common.sb2_compat.rmsprop_tf_like.RMSpropTFLike``."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

EPSILON = (
    'the docstring lists "Move epsilon inside square root" among its changes (this reading), and '
    "further down still has PyTorch's sentence that the root is taken before epsilon is added (the "
    "reading -outside)"
)
RMSPROP = Variant(
    identifier="stable-baselines3-rmsproptflike",
    # "Initialize squared gradient to ones rather than zeros"
    rule=rules.RMSPROP.having(epsilon="inside", initial_second_moment="1"),
    defaults={"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"},
    source="RMSpropTFLike, docstring",
    url="https://github.com/DLR-RM/stable-baselines3/blob/v2.9.2/stable_baselines3/common/"
    "sb2_compat/rmsprop_tf_like.py",
    versions="stable-baselines3 2.9",
    readings={"epsilon": EPSILON},
)
OUTSIDE = replace(
    RMSPROP,
    identifier="stable-baselines3-rmsproptflike-outside",
    rule=RMSPROP.rule.having(epsilon="outside"),
)
# "Based on the PyTorch v1.5.0 implementation": the rate is applied to the buffer, as there.
BUFFER: dict[str, Any] = {"momentum": "unscaled", "defaults": {"momentum": "0"}}


def every_option(variant: Variant) -> tuple[Variant, ...]:
    """The options of one reading."""
    centered = variant.with_option("centered", centered=True)
    decay: dict[str, Any] = {"weight_decay": "l2", "defaults": {"weight_decay": "0"}}
    return (
        variant,
        variant.with_option("momentum", **BUFFER),
        centered,
        centered.with_option("momentum", **BUFFER),
        variant.with_option("weight_decay", **decay),
    )


VARIANTS = (*every_option(RMSPROP), *every_option(OUTSIDE))
