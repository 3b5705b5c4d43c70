"""tf_keras, Keras 2 as it lives on: RMSprop, Adam and AdamW, and the legacy classes beneath."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import Any

import tensorflow as tf
import tf_keras

from adapters import keras_rules, kit, protocol
from adapters.tensorflow import NO_KERNEL, description
from adapters.tensorflow_sessions import Rule, TensorFlowSession

NAME = "tf_keras"

PAGE = "https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/optimizers/{}"


class Rates(tf_keras.optimizers.schedules.LearningRateSchedule):
    """One rate a step, held in floatx as the package's own schedules hold theirs.

    ``start`` is the optimizer's count of iterations at the first.
    """

    def __init__(self, rates: list[float]) -> None:
        self.rates = tf.constant(rates, tf_keras.backend.floatx())
        self.start = tf.Variable(0, dtype=tf.int64, trainable=False)

    def __call__(self, step: Any) -> Any:
        place = tf.cast(step, tf.int64) - self.start
        return tf.gather(self.rates, tf.minimum(place, len(self.rates) - 1))


class OptimizerSession(TensorFlowSession):
    """An optimizer that has grown out of ``tf.keras.optimizers.experimental``."""

    def construct(self) -> None:
        arguments = self.arguments()
        self.schedule = Rates(self.rates) if self.rates else None
        if self.schedule is not None:
            arguments["learning_rate"] = self.schedule
        self.optimizer = self.rule.optimizer(**arguments)
        self.build()

    def build(self) -> None:
        self.optimizer.build(self.variables)

    def made(self, own: str) -> list[Any]:
        return list(getattr(self.optimizer, own))

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        self.optimizer.apply_gradients(zip(gradients, self.variables, strict=True))

    def count(self, step: int) -> None:
        if self.schedule is not None:
            taken = int(self.optimizer.iterations.numpy()) - int(self.schedule.start.numpy())
            self.schedule.start.assign(step - taken)
        self.optimizer.iterations.assign(step)


class LegacySession(OptimizerSession):
    """An ``OptimizerV2``, of which most steps are one training kernel."""

    def build(self) -> None:
        # What the first step would do, too late for set_state before it.
        self.optimizer._create_all_weights(self.variables)

    def made(self, own: str) -> list[Any]:
        return [self.optimizer.get_slot(variable, own) for variable in self.variables]


def rule(
    path: str, base: keras_rules.KerasRule, state: dict[str, str], session: type[OptimizerSession]
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


RMSPROP_STATE = {
    "second_moment": "_velocities",
    "mean_gradient": "_average_gradients",
    "momentum": "_momentums",
}
ADAM_STATE = {
    "first_moment": "_momentums",
    "second_moment": "_velocities",
    "maximum_second_moment": "_velocity_hats",
}
LEGACY_RMSPROP_STATE = {"second_moment": "rms", "mean_gradient": "mg", "momentum": "momentum"}
LEGACY_ADAM_STATE = {"first_moment": "m", "second_moment": "v", "maximum_second_moment": "vhat"}
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
