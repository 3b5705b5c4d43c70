"""JAX's ``example_libraries.optimizers``: docstrings that name their rule and print no formula."""

from dataclasses import replace
from typing import Any

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

DOCUMENTATION = "https://docs.jax.dev/en/latest/jax.example_libraries.optimizers.html"
EPSILON = (
    'documented as "Epsilon parameter" and no more: it may stand inside the root (jax-rmsprop) or '
    "outside it (jax-rmsprop-outside)"
)
MOMENTUM = (
    'documented as "Momentum parameter" and no more: the buffer may hold steps already multiplied '
    "by the step size or steps before that (…-unscaled)"
)

RMSPROP = Variant(
    identifier="jax-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"decay": "0.9", "epsilon": "1e-8"},
    source="jax.example_libraries.optimizers.rmsprop, docstring and signature",
    url=DOCUMENTATION,
    versions="jax 0.10.2",
    readings={"epsilon": EPSILON},
)
OUTSIDE = replace(RMSPROP, identifier="jax-rmsprop-outside", rule=rules.RMSPROP)


def with_momentum(plain: Variant, ending: str, momentum: str) -> Variant:
    """``rmsprop_momentum`` in one reading of its buffer."""
    named: dict[str, Any] = {
        "identifier": plain.identifier + ending,
        "source": "jax.example_libraries.optimizers.rmsprop_momentum, docstring and signature",
        "readings": {**plain.readings, "momentum": MOMENTUM},
    }
    return replace(plain, **named).with_option(
        "momentum", momentum=momentum, defaults={"momentum": "0.9"}
    )


# The docstring names Adam, its two moment estimates, and an epsilon "for numerical stability":
# Algorithm 1 of Kingma and Ba.
ADAM = Variant(
    identifier="jax-adam",
    rule=rules.ADAM,
    defaults={"beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="jax.example_libraries.optimizers.adam, docstring and signature; arXiv:1412.6980, "
    "Algorithm 1",
    url=DOCUMENTATION,
    versions="jax 0.10.2",
)

VARIANTS = (
    RMSPROP,
    OUTSIDE,
    with_momentum(RMSPROP, "", "scaled"),
    with_momentum(RMSPROP, "-unscaled", "unscaled"),
    with_momentum(OUTSIDE, "", "scaled"),
    with_momentum(OUTSIDE, "-unscaled", "unscaled"),
    ADAM,
)
