"""fastai: ``fastai.optimizer.RMSProp`` and ``Adam``."""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://docs.fast.ai/optimizer.html#{}"
VERSIONS = "fastai 2.8"
RMSPROP = Variant(
    identifier="fastai-rmsprop",
    rule=rules.RMSPROP,
    # The learning rate has no default.
    defaults={"decay": "0.99", "epsilon": "1e-8"},
    source="fastai.optimizer.RMSProp, arguments, weight_decay and l2_reg",
    url=PAGE.format("rmsprop"),
    versions=VERSIONS,
    readings={
        "epsilon": 'eps is "added for numerical stability" and no more: to the root (this reading) '
        "or to what it is taken of (the reading -inside)"
    },
)
ADAM = Variant(
    identifier="fastai-adam",
    rule=rules.ADAM,
    defaults={"beta1": "0.9", "decay": "0.99", "epsilon": "1e-5"},
    source="fastai.optimizer.Adam, arguments, weight_decay and l2_reg; arXiv:1412.6980",
    url=PAGE.format("adam"),
    versions=VERSIONS,
    readings={
        "epsilon": "the page names the paper, Kingma and Ba: epsilon may be added to the corrected "
        "root, as in Algorithm 1 (this reading), or to the uncorrected one, as at the end of "
        "section 2 (the reading -hat)"
    },
)


def every_option(variant: Variant, other: str, epsilon: str, decay: str) -> tuple[Variant, ...]:
    """Both readings of epsilon, plain and with either kind of weight decay."""
    rule = variant.rule.having(epsilon=epsilon)
    second = replace(variant, identifier=f"{variant.identifier}-{other}", rule=rule)
    default = {"weight_decay": decay}
    return tuple(
        item
        for reading in (variant, second)
        for item in (
            reading,
            # decaying p "with lr*wd"
            reading.with_option("weight_decay", weight_decay="decoupled", defaults=default),
            # "adding wd*p to p.grad"
            replace(reading, identifier=f"{reading.identifier}-l2").with_option(
                "weight_decay", weight_decay="l2", defaults=default
            ),
        )
    )


VARIANTS = (
    *every_option(RMSPROP, "inside", "inside", "0"),
    *every_option(ADAM, "hat", "hat", "0.01"),
)
