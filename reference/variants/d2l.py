"""Dive into Deep Learning 8.6, the MXNet edition, and the Gluon optimizer that it calls."""

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

BOOK = "Dive into Deep Learning (MXNet edition)"

RULE = Variant(
    identifier="d2l-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-6"},
    source=f"{BOOK} 8.6.2, Implementation from Scratch",
)

TWO_DIMENSIONAL = Variant(
    identifier="d2l-rmsprop-2d",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"learning_rate": "0.4", "decay": "0.9", "epsilon": "1e-6"},
    source=f"{BOOK} 8.6.1, The Algorithm",
)

# The book calls Gluon's optimizer by name and passes gamma1; the rest of its defaults are MXNet's.
GLUON = Variant(
    identifier="d2l-gluon-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    defaults={"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-8"},
    source=f"{BOOK} 8.6.3, Concise Implementation; MXNet 1.9.1, mxnet.optimizer.RMSProp",
    versions="mxnet 1.x",
)

# Graves' form as MXNet documents it: gamma2 is the momentum, the buffer holds scaled steps.
GLUON_CENTERED = GLUON.with_option(
    "centered", "momentum", centered=True, momentum="scaled", defaults={"momentum": "0.9"}
)

VARIANTS = (RULE, TWO_DIMENSIONAL, GLUON, GLUON_CENTERED)
