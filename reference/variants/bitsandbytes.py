"""bitsandbytes: the optimizers of ``bitsandbytes.optim`` that step element by element.

The docstrings print no formula.  They describe the arguments in the words of PyTorch's optimizers,
whose place they are meant to take.
"""

from dataclasses import replace

from optimizer_conformance.reference import rules
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://huggingface.co/docs/bitsandbytes/main/en/reference/optim/{}"
VERSIONS = "bitsandbytes 0.50"
DROP_IN = "; a replacement for the class of the same name in PyTorch"

RMSPROP = Variant(
    identifier="bitsandbytes-rmsprop",
    rule=rules.RMSPROP,
    defaults={"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"},
    source="bitsandbytes.optim.RMSprop, arguments" + DROP_IN,
    url=PAGE.format("rmsprop"),
    versions=VERSIONS,
)
UNSCALED = replace(RMSPROP, identifier="bitsandbytes-rmsprop-unscaled")
BUFFER = (
    '"speeds up the optimizer by taking bigger steps" is all that is said of momentum: the rate '
    "may stand inside the buffer (this reading) or be applied to it (the reading -unscaled, as in "
    "PyTorch)"
)
ADAM = Variant(
    identifier="bitsandbytes-adam",
    rule=rules.ADAM,
    defaults={"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"},
    source="bitsandbytes.optim.Adam, arguments" + DROP_IN,
    url=PAGE.format("adam"),
    versions=VERSIONS,
)
DECOUPLED = replace(ADAM, identifier="bitsandbytes-adam-decoupled")
ADAMW = replace(
    ADAM,
    identifier="bitsandbytes-adamw",
    source="bitsandbytes.optim.AdamW, arguments" + DROP_IN,
    url=PAGE.format("adamw"),
)
ADAMW_UNSCALED = replace(ADAMW, identifier="bitsandbytes-adamw-unscaled")
DECAY = (
    'Adam\'s weight_decay is "the weight decay value": it may be added to the gradient (this '
    "reading, as in PyTorch) or shrink the parameter (the reading -decoupled)"
)
SCALE = (
    "the weight decay may be scaled by the learning rate (this reading, as in PyTorch) or not, as "
    "in the paper (the reading -unscaled)"
)


def with_momentum(variant: Variant, buffer: str) -> Variant:
    """One reading of the buffer."""
    option = variant.with_option("momentum", momentum=buffer, defaults={"momentum": "0"})
    return replace(option, readings={"momentum": BUFFER})


def with_decay(variant: Variant, kind: str, default: str, reading: str = "") -> Variant:
    """One reading of weight decay."""
    option = variant.with_option(
        "weight_decay", weight_decay=kind, defaults={"weight_decay": default}
    )
    return replace(option, readings={"weight_decay": reading} if reading else {})


def other(name: str, rule: rules.Rule, defaults: dict[str, str], about: str = DROP_IN) -> Variant:
    """One class that follows the rule of its name."""
    return Variant(
        identifier=f"bitsandbytes-{name.lower()}",
        rule=rule,
        defaults=defaults,
        source=f"bitsandbytes.optim.{name}, arguments{about}",
        url=PAGE.format(name.lower()),
        versions=VERSIONS,
    )


SGD = other("SGD", rules.SGD, {})
SGD_UNSCALED = replace(SGD, identifier="bitsandbytes-sgd-unscaled")
ADAGRAD = other("Adagrad", rules.ADAGRAD, {"learning_rate": "0.01", "epsilon": "1e-10"})
# The docstring prints betas of (0.9, 0.999); the signature has others.
LION = other("Lion", rules.LION, {"learning_rate": "1e-4", "beta1": "0.9", "decay": "0.999"}, "")
# No docstring: what the signature says.
ADEMAMIX = other(
    "AdEMAMix",
    rules.ADEMAMIX,
    {**ADAM.defaults, "beta3": "0.9999", "mixture": "5"},
    " of the constructor, which has no docstring; the paper of its name",
)
MORE = (
    with_momentum(SGD, "scaled"),
    with_momentum(SGD_UNSCALED, "unscaled"),
    ADAGRAD,
    with_decay(ADAGRAD, "l2", "0"),
    LION,
    with_decay(LION, "decoupled", "0"),
    ADEMAMIX,
    with_decay(ADEMAMIX, "decoupled", "0.01"),
)

VARIANTS = (
    *MORE,
    RMSPROP,
    with_momentum(RMSPROP, "scaled"),
    with_momentum(UNSCALED, "unscaled"),
    with_decay(RMSPROP, "l2", "0"),
    ADAM,
    ADAM.with_option("amsgrad", amsgrad="raw"),
    with_decay(ADAM, "l2", "0", DECAY),
    with_decay(DECOUPLED, "decoupled", "0", DECAY),
    ADAMW,
    ADAMW.with_option("amsgrad", amsgrad="raw"),
    with_decay(ADAMW, "decoupled", "0.01", SCALE),
    with_decay(ADAMW_UNSCALED, "decoupled-unscaled", "0.01", SCALE),
)
