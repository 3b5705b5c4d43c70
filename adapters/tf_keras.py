"""tf_keras, Keras 2 as it lives on: RMSprop, Adam and AdamW, and the legacy classes beneath."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter

import tensorflow as tf
import tf_keras

from optimizer_conformance.adapters import keras_rules, kit, protocol
from optimizer_conformance.adapters.tensorflow import NO_KERNEL, description
from optimizer_conformance.adapters.tensorflow_keras2 import (
    ADAM_STATE,
    LEGACY_ADAM_STATE,
    LEGACY_RMSPROP_STATE,
    RMSPROP_STATE,
    sessions,
)
from optimizer_conformance.adapters.tensorflow_sessions import Rule, TensorFlowSession

NAME = "tf_keras"

PAGE = "https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/optimizers/{}"

OptimizerSession, LegacySession = sessions(tf_keras)


def rule(
    path: str, base: keras_rules.KerasRule, state: dict[str, str], session: type[TensorFlowSession]
) -> Rule:
    """What Keras 3 says of a class of the same name, in the words of this package."""
    legacy = path.startswith("legacy.")
    # Gradients are scaled by a LossScaleOptimizer, an object of its own.
    lacking = {"loss_scale", "weight_decay"} if legacy else {"loss_scale"}
    system = "tf-keras-legacy" if legacy else "tf-keras"
    return Rule(
        optimizer=attrgetter(path)(tf_keras.optimizers),
        sessions={"": session, "function": session},
        family=base.family,
        claims=[
            claim.replace("keras", system)
            for claim in base.claims
            if not (legacy and claim.endswith("-l2"))
        ],
        features=[listed for listed in base.features if not lacking & set(listed)],
        names={name: own for name, own in base.names.items() if name not in lacking},
        state={name: (own, base.state[name][1]) for name, own in state.items()},
        documentation=PAGE.format(path.replace(".", "/")),
    )


RULES = {
    path: rule(path, base, state, session)
    for path, base, state, session in (
        ("RMSprop", keras_rules.RMSPROP, RMSPROP_STATE, OptimizerSession),
        ("Adam", keras_rules.ADAM, ADAM_STATE, OptimizerSession),
        ("AdamW", keras_rules.ADAMW, ADAM_STATE, OptimizerSession),
        ("legacy.RMSprop", keras_rules.RMSPROP, LEGACY_RMSPROP_STATE, LegacySession),
        ("legacy.Adam", keras_rules.ADAM, LEGACY_ADAM_STATE, LegacySession),
    )
}
COMPLEX = ("complex64", "complex128")
# With amsgrad; without it these take complex numbers.
MAXIMUM = "with amsgrad, tf.maximum: complex64 is not in the list of allowed values"
NO_COMPLEX = {
    **dict.fromkeys(("Adam", "AdamW"), dict.fromkeys(COMPLEX, MAXIMUM)),
    "legacy.Adam": dict.fromkeys(COMPLEX, f"with amsgrad: {NO_KERNEL}"),
}
# Every implementation: its rule's name and the option in brackets.
IMPLEMENTATIONS = {
    f"{NAME}:{name}{f'[{option}]' if option else ''}": (name, option)
    for name, item in RULES.items()
    for option in item.sessions
}


def describe() -> protocol.Description:
    versions = {**kit.versions("tf_keras"), "tensorflow": tf.__version__, **kit.versions("numpy")}
    return description(NAME, RULES, IMPLEMENTATIONS, versions, NO_COMPLEX)


def open_session(request: protocol.Open) -> kit.Session:
    name, option = IMPLEMENTATIONS[request.implementation]
    item = RULES[name]
    if unknown := set(request.features) - set(chain.from_iterable(item.features)):
        raise kit.Unsupported(f"{request.implementation} has no {', '.join(sorted(unknown))}")
    return item.sessions[option](request, item, option)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    item = RULES[IMPLEMENTATIONS[implementation][0]]
    names = {**item.names, **{name: name for name in keras_rules.SWITCHES}}
    return kit.constructor_defaults(item.optimizer, names)
