"""How the optimizers of Keras 2 are driven, whether the package is ``tf_keras`` or ``keras``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

import tensorflow as tf

from optimizer_conformance.adapters import keras_rules
from optimizer_conformance.adapters.offer import Offer
from optimizer_conformance.adapters.tensorflow_sessions import TensorFlowOffer, TensorFlowSession


def schedule_of(package: Any) -> type:
    """The class of schedules that ``package`` takes."""

    class Rates(package.optimizers.schedules.LearningRateSchedule):
        """One rate a step, held in floatx as the package's own schedules hold theirs.

        ``start`` is the optimizer's count of iterations at the first.
        """

        def __init__(self, rates: list[float]) -> None:
            self.rates = tf.constant(rates, package.backend.floatx())
            self.start = tf.Variable(0, dtype=tf.int64, trainable=False)

        def __call__(self, step: Any) -> Any:
            place = tf.cast(step, tf.int64) - self.start
            return tf.gather(self.rates, tf.minimum(place, len(self.rates) - 1))

    return Rates


class OptimizerSession(TensorFlowSession):
    """An optimizer that has grown out of ``tf.keras.optimizers.experimental``."""

    package: Any  # set by `sessions`

    def construct(self) -> None:
        arguments = self.offer.settings(self.request)
        self.schedule = schedule_of(self.package)(self.rates) if self.rates else None
        if self.schedule is not None:
            arguments["learning_rate"] = self.schedule
        self.optimizer = self.offer.own(**arguments)
        self.build()

    def build(self) -> None:
        self.optimizer.build(self.variables)

    def made(self, own: str) -> list[Any]:
        return list(getattr(self.optimizer, own))

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        # AutoGraph's zip takes no `strict` before TensorFlow 2.12.
        self.optimizer.apply_gradients(zip(gradients, self.variables))  # noqa: B905

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


def sessions(package: Any) -> tuple[type[OptimizerSession], type[OptimizerSession]]:
    """The two kinds of session, for the optimizers of one package."""

    class Ours(OptimizerSession):
        pass

    class Legacy(LegacySession):
        pass

    Ours.package = Legacy.package = package
    return Ours, Legacy


AVERAGE = {"average_parameter": "_model_variables_moving_average"}
ADAM_STATE = {
    "first_moment": "_momentums",
    "second_moment": "_velocities",
    "maximum_second_moment": "_velocity_hats",
}
LEGACY_ADAM_STATE = {"first_moment": "m", "second_moment": "v", "maximum_second_moment": "vhat"}
# Canonical state to what a class calls it: of those that have grown out of `experimental`, and of
# those that came before them, which live on as `legacy`.
STATES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "RMSprop": (
        {
            "second_moment": "_velocities",
            "mean_gradient": "_average_gradients",
            "momentum": "_momentums",
            **AVERAGE,
        },
        {"second_moment": "rms", "mean_gradient": "mg", "momentum": "momentum"},
    ),
    "Adam": ({**ADAM_STATE, **AVERAGE}, LEGACY_ADAM_STATE),
    "AdamW": (ADAM_STATE, {}),
    "Lion": ({"first_moment": "momentums"}, {}),
    "SGD": (AVERAGE, {}),
    "Adagrad": ({"second_moment": "_accumulators"}, {"second_moment": "accumulator"}),
    "Adadelta": (
        {"second_moment": "_accumulated_grads", "mean_square_update": "_accumulated_delta_vars"},
        {"second_moment": "accum_grad", "mean_square_update": "accum_var"},
    ),
    "Adamax": (
        {"first_moment": "_m", "largest_size": "_u"},
        {"first_moment": "m", "largest_size": "v"},
    ),
    "Nadam": ({}, {}),
    "Ftrl": (
        {"second_moment": "_accumulators", "linear": "_linears"},
        {"second_moment": "accumulator", "linear": "linear"},
    ),
}


def of_package(name: str, package: Any) -> tuple[TensorFlowOffer, type[OptimizerSession]]:
    """What Keras 3 says of the class ``name``, as far as ``package`` has it, and its session."""
    base = keras_rules.OFFERS[name]
    optimizer = getattr(package.optimizers, name, None)
    ours, legacy = sessions(package)
    old = hasattr(optimizer, "get_slot")
    taken = inspect.signature(optimizer).parameters if optimizer else base.names.values()
    lacking = {canonical for canonical, own in base.names.items() if own not in taken}
    offer = narrowed(tensorflow_offer(base, own=optimizer), lacking, STATES[name][old])
    if old and name == "Nadam":
        offer = offer.changed(schedules=False)  # "does not support […] LearningRateSchedules"
    return offer, legacy if old else ours


def tensorflow_offer(base: Offer, **fields: Any) -> TensorFlowOffer:
    """What Keras 3 says of a class, with what is TensorFlow's own."""
    known = {item.name: getattr(base, item.name) for item in fields_of(base)}
    return TensorFlowOffer(**{**known, **fields})


def narrowed(
    offer: TensorFlowOffer, lacking: set[str], state: Mapping[str, str]
) -> TensorFlowOffer:
    """An offer without the hyperparameters ``lacking``, and with its own names for the state."""
    needs = {name: own[1] for name, own in offer.state.items() if not isinstance(own, str)}
    gone = lacking | ({"ema"} if "ema_decay" in lacking else set())
    return offer.changed(
        features=[listed for listed in offer.features if not gone & set(listed)],
        names={name: own for name, own in offer.names.items() if name not in lacking},
        state={name: (own, needs.get(name, "")) for name, own in state.items()},
    )
