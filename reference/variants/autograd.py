"""autograd: the functions of ``autograd.misc.optimizers``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

VERSIONS = "autograd 1.9"

EPSILON = (
    'the docstring is "Root mean squared prop: See Adagrad paper for details" and no more: epsilon '
    "may be added to the root (this reading) or to what it is taken of (-inside)"
)
START = "nothing is said of where the average starts: at zero (this reading), or at one (-ones)"
RMSPROP = Variant(
    identifier="autograd-rmsprop",
    rule=rules.RMSPROP,
    defaults={"learning_rate": "0.1", "decay": "0.9", "epsilon": "1e-8"},
    source="autograd.misc.optimizers.rmsprop, docstring and signature",
    versions=VERSIONS,
    readings={"epsilon": EPSILON, "initial_second_moment": START},
)
ADAM = Variant(
    identifier="autograd-adam",
    # The docstring refers to the paper, whose Algorithm 1 adds epsilon to the corrected root.
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="autograd.misc.optimizers.adam, docstring and signature; arXiv:1412.6980, Algorithm 1",
    versions=VERSIONS,
)

VARIANTS = (
    RMSPROP,
    replace(
        RMSPROP, identifier="autograd-rmsprop-inside", rule=rules.RMSPROP.having(epsilon="inside")
    ),
    replace(
        RMSPROP,
        identifier="autograd-rmsprop-ones",
        rule=rules.RMSPROP.having(epsilon="outside", initial_second_moment="1"),
    ),
    ADAM,
)
