"""tf_keras, Keras 2 as it lives on: RMSprop, Adam and AdamW, and the legacy classes beneath."""

from __future__ import annotations

from operator import attrgetter

import tensorflow as tf
import tf_keras

from optimizer_conformance.adapters import keras_rules, kit
from optimizer_conformance.adapters.offer import Offer
from optimizer_conformance.adapters.tensorflow import NO_KERNEL, TensorFlowAdapter
from optimizer_conformance.adapters.tensorflow_keras2 import (
    ADAM_STATE,
    LEGACY_ADAM_STATE,
    LEGACY_RMSPROP_STATE,
    RMSPROP_STATE,
    narrowed,
    sessions,
    tensorflow_offer,
)
from optimizer_conformance.adapters.tensorflow_sessions import (
    TensorFlowOffer,
    TensorFlowSession,
    rows,
)

NAME = "tf_keras"

PAGE = "https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/optimizers/{}"

OptimizerSession, LegacySession = sessions(tf_keras)


def row(
    path: str, base: Offer, state: dict[str, str], session: type[TensorFlowSession]
) -> dict[str, TensorFlowOffer]:
    """What Keras 3 says of a class of the same name, in the words of this package."""
    legacy = path.startswith("legacy.")
    # Gradients are scaled by a LossScaleOptimizer, an object of its own.
    lacking = {"loss_scale", "weight_decay"} if legacy else {"loss_scale"}
    system = "tf-keras-legacy" if legacy else "tf-keras"
    offer = tensorflow_offer(
        base,
        own=attrgetter(path)(tf_keras.optimizers),
        claims=[
            claim.replace("keras", system)
            for claim in base.claims
            if not (legacy and claim.endswith("-l2"))
        ],
        gaps={**base.gaps, **NO_COMPLEX.get(path, {})},
        page=PAGE.format(path.replace(".", "/")),
    )
    options = {"": session, "function": session}
    return rows(f"{NAME}:{path}", narrowed(offer, lacking, state), options)


COMPLEX = ("complex64", "complex128")
# With amsgrad; without it these take complex numbers.
MAXIMUM = "with amsgrad, tf.maximum: complex64 is not in the list of allowed values"
NO_COMPLEX = {
    **dict.fromkeys(("Adam", "AdamW"), dict.fromkeys(COMPLEX, MAXIMUM)),
    "legacy.Adamax": {"bfloat16": "No OpKernel was registered to support Op 'ResourceApplyAdaMax'"},
    "legacy.Adam": dict.fromkeys(COMPLEX, f"with amsgrad: {NO_KERNEL}"),
}
ADADELTA_STATE = {
    "second_moment": "_accumulated_grads",
    "mean_square_update": "_accumulated_delta_vars",
}
ADAMAX_STATE = {"first_moment": "_m", "largest_size": "_u"}
LEGACY_ADADELTA_STATE = {"second_moment": "accum_grad", "mean_square_update": "accum_var"}
FTRL_STATE = {"second_moment": "_accumulators", "linear": "_linears"}
LEGACY_FTRL_STATE = {"second_moment": "accumulator", "linear": "linear"}
LEGACY_ADAMAX_STATE = {"first_moment": "m", "largest_size": "v"}
RMSPROP, ADAM, ADAMW = keras_rules.RMSPROP, keras_rules.ADAM, keras_rules.ADAMW
OFFERS = {
    **row("RMSprop", RMSPROP, RMSPROP_STATE, OptimizerSession),
    **row("Adam", ADAM, ADAM_STATE, OptimizerSession),
    **row("AdamW", ADAMW, ADAM_STATE, OptimizerSession),
    **row("Lion", keras_rules.LION, {"first_moment": "momentums"}, OptimizerSession),
    **row("SGD", keras_rules.SGD, {}, OptimizerSession),
    **row("Adagrad", keras_rules.ADAGRAD, {"second_moment": "_accumulators"}, OptimizerSession),
    **row("Adadelta", keras_rules.ADADELTA, ADADELTA_STATE, OptimizerSession),
    **row("Adamax", keras_rules.ADAMAX, ADAMAX_STATE, OptimizerSession),
    **row("Nadam", keras_rules.NADAM, {}, OptimizerSession),
    **row("Ftrl", keras_rules.FTRL, FTRL_STATE, OptimizerSession),
    **row("legacy.Ftrl", keras_rules.FTRL, LEGACY_FTRL_STATE, LegacySession),
    **row("legacy.SGD", keras_rules.SGD, {}, LegacySession),
    **row("legacy.Adadelta", keras_rules.ADADELTA, LEGACY_ADADELTA_STATE, LegacySession),
    **row("legacy.Adamax", keras_rules.ADAMAX, LEGACY_ADAMAX_STATE, LegacySession),
    **row("legacy.RMSprop", RMSPROP, LEGACY_RMSPROP_STATE, LegacySession),
    **row("legacy.Adam", ADAM, LEGACY_ADAM_STATE, LegacySession),
}
ADAPTER = TensorFlowAdapter(
    NAME,
    OFFERS,
    {**kit.versions("tf_keras"), "tensorflow": tf.__version__, **kit.versions("numpy")},
    {"tf_keras.optimizers": "Optimizer", "tf_keras.optimizers.legacy": "OptimizerV2"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
