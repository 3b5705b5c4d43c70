"""Optax: ``rmsprop``, ``adam``, ``adamw`` and ``amsgrad``, after their docstrings.

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

VARIANTS = (
    *(variant for plain in SWITCHED for variant in options(plain)),
    ADAM,
    ADAM_EPS_ROOT,
    ADAMW,
    # u = -lr (m / (sqrt(v) + epsilon) + weight_decay parameter)
    ADAMW.with_option("weight_decay", weight_decay="decoupled", defaults={"weight_decay": "1e-4"}),
    # "bias correction to the second moment estimate before taking the elementwise maximum"
    AMSGRAD.with_option("amsgrad", amsgrad="corrected"),
)
