"""tf_keras, Keras 2 as it lives on: RMSprop, Adam and AdamW, and the legacy classes beneath."""

from __future__ import annotations

from operator import attrgetter

import tensorflow as tf
import tf_keras

from optimizer_conformance.adapters import keras_rules, kit
from optimizer_conformance.adapters.tensorflow import NO_KERNEL, TensorFlowAdapter
from optimizer_conformance.adapters.tensorflow_keras2 import (
    STATES,
    narrowed,
    sessions,
    tensorflow_offer,
)
from optimizer_conformance.adapters.tensorflow_sessions import TensorFlowOffer, rows

NAME = "tf_keras"

PAGE = "https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/optimizers/{}"

OptimizerSession, LegacySession = sessions(tf_keras)


def row(path: str) -> dict[str, TensorFlowOffer]:
    """What Keras 3 says of a class of the same name, in the words of this package."""
    legacy, name = path.startswith("legacy."), path.rpartition(".")[2]
    base = keras_rules.OFFERS[name]
    # Gradients are scaled by a LossScaleOptimizer, an object of its own.
    lacking = {"loss_scale"} | ({"weight_decay", "ema_decay"} if legacy else set())
    system = "tf-keras-legacy" if legacy else "tf-keras"
    offer = tensorflow_offer(
        base,
        own=attrgetter(path)(tf_keras.optimizers),
        claims=[
            claim.replace("keras", system)
            for claim in base.claims
            if not (legacy and claim.endswith(("-l2", "-before")))
        ],
        gaps={**base.gaps, **NO_COMPLEX.get(path, {})},
        page=PAGE.format(path.replace(".", "/")),
    )
    options = dict.fromkeys(("", "function"), LegacySession if legacy else OptimizerSession)
    return rows(f"{NAME}:{path}", narrowed(offer, lacking, STATES[name][legacy]), options)


COMPLEX = ("complex64", "complex128")
# With amsgrad; without it these take complex numbers.
MAXIMUM = "with amsgrad, tf.maximum: complex64 is not in the list of allowed values"
NO_COMPLEX = {
    **dict.fromkeys(("Adam", "AdamW"), dict.fromkeys(COMPLEX, MAXIMUM)),
    "legacy.Adamax": {"bfloat16": "No OpKernel was registered to support Op 'ResourceApplyAdaMax'"},
    "legacy.Adam": dict.fromkeys(COMPLEX, f"with amsgrad: {NO_KERNEL}"),
}
LEGACY = ("Ftrl", "SGD", "Adadelta", "Adamax", "RMSprop", "Adam")
CLASSES = (*STATES, *(f"legacy.{name}" for name in LEGACY))
OFFERS = {full: offer for path in CLASSES for full, offer in row(path).items()}
ADAPTER = TensorFlowAdapter(
    NAME,
    OFFERS,
    {**kit.versions("tf_keras"), "tensorflow": tf.__version__, **kit.versions("numpy")},
    {"tf_keras.optimizers": "Optimizer", "tf_keras.optimizers.legacy": "OptimizerV2"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
