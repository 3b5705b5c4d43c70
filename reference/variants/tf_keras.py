"""tf_keras: Keras 2's ``RMSprop``, ``Adam`` and ``AdamW``, and those of ``optimizers.legacy``.

The docstrings of the current classes say of the rules what Keras 3's say, argument by argument, and
so do their examples; the legacy ones lack weight decay.  No formula is printed.
"""

from dataclasses import replace

from optimizer_conformance.reference.variants import keras
from optimizer_conformance.reference.variants.record import Variant

PAGE = "https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/optimizers/{}"
VERSIONS = "tf_keras 2.21"
NAMES = {
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adamax": "Adamax",
    "nadam": "Nadam",
    "ftrl": "Ftrl",
    "lion": "Lion",
}
YOUNG = ("adamw", "lion")  # which came after the legacy classes


# What these docstrings print and Keras 3's do not.
OTHERWISE = {"lion": {"learning_rate": "0.0001"}}


def renamed(variant: Variant, system: str, page: str) -> Variant:
    """The same statement in this package."""
    kind = variant.base.split("-")[1]
    name = NAMES[kind]
    return replace(
        variant,
        defaults={**variant.defaults, **OTHERWISE.get(kind, {})},
        identifier=variant.identifier.replace("keras", system, 1),
        source=variant.source.replace("keras.", "tf_keras.", 1),
        url=PAGE.format(page.format(name)),
        versions=VERSIONS,
    )


CURRENT = [
    item
    for item in keras.VARIANTS
    if item.base.split("-")[1] in NAMES and "loss_scale" not in item.features
]
LEGACY = [
    item
    for item in CURRENT
    if not {"weight_decay", "ema"} & item.features and item.base.split("-")[1] not in YOUNG
]

VARIANTS = (
    *(renamed(item, "tf-keras", "{}") for item in CURRENT),
    *(renamed(item, "tf-keras-legacy", "legacy/{}") for item in LEGACY),
)
