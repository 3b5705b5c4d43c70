"""Sonnet: ``sonnet.optimizers.RMSProp``, ``Adam``, ``SGD`` and ``Momentum``."""

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://sonnet.readthedocs.io/en/latest/api.html#{}"
VERSIONS = "dm-sonnet 2.0"

# mom <- momentum mom + learning_rate update / sqrt(ms + epsilon), printed with and without mg^2.
RMSPROP = Variant(
    identifier="sonnet-rmsprop",
    rule=rules.RMSPROP.having(epsilon="inside"),
    # The learning rate has no default.
    defaults={"decay": "0.9", "epsilon": "1e-10"},
    source="sonnet.optimizers.RMSProp, equations and signature",
    url=PAGE.format("rmsprop"),
    versions=VERSIONS,
)
CENTERED = RMSPROP.with_option("centered", centered=True)
ADAM = Variant(
    identifier="sonnet-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="sonnet.optimizers.Adam, equations of apply and signature",
    url=PAGE.format("adam"),
    versions=VERSIONS,
)
SGD = Variant(
    identifier="sonnet-sgd",
    # The docstring prints no formula: the name is what it says.
    rule=rules.SGD,
    defaults={},
    source="sonnet.optimizers.SGD, arguments and name",
    url=PAGE.format("sgd"),
    versions=VERSIONS,
)
# accum <- momentum accum + update; parameter <- parameter - learning_rate accum, and with
# use_nesterov less learning_rate update + learning_rate momentum accum.
MOMENTUM = Variant(
    identifier="sonnet-momentum-momentum",
    rule=rules.SGD.having(momentum="unscaled"),
    # Neither the learning rate nor the momentum has a default.
    defaults={},
    source="sonnet.optimizers.Momentum, equations of apply and signature",
    url=PAGE.format("momentum"),
    versions=VERSIONS,
    features=frozenset({"momentum"}),
)

VARIANTS = (
    SGD,
    MOMENTUM,
    MOMENTUM.with_option("nesterov", nesterov=True),
    RMSPROP,
    RMSPROP.with_option("momentum", momentum="scaled", defaults={"momentum": "0.0"}),
    CENTERED,
    CENTERED.with_option("momentum", momentum="scaled", defaults={"momentum": "0.0"}),
    ADAM,
)
