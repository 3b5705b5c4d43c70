"""Sonnet's RMSProp, Adam, SGD and Momentum on TensorFlow, eager and inside of a tf.function."""

from __future__ import annotations

from typing import Any

import sonnet
import tensorflow as tf

from optimizer_conformance.adapters import kit
from optimizer_conformance.adapters.tensorflow import TensorFlowAdapter
from optimizer_conformance.adapters.tensorflow_sessions import (
    ADAM_NAMES,
    MOMENTS,
    TensorFlowOffer,
    TensorFlowSession,
    rows,
)

NAME = "sonnet"

PAGE = "https://sonnet.readthedocs.io/en/latest/api.html#{}"


class OptimizerSession(TensorFlowSession):
    """An optimizer that makes its state for the parameters of its first step."""

    def construct(self) -> None:
        arguments = self.offer.settings(self.request)
        if "nesterov" in self.request.features:
            arguments["use_nesterov"] = True
        if self.rates:
            # A rate that changes is a variable; float64, so that it stays what was sent.
            self.rate = tf.Variable(self.rates[0], dtype=tf.float64)
            arguments["learning_rate"] = self.rate
        self.optimizer = self.offer.own(**arguments)
        # What the first step would do, too late for set_state before it.
        if self.offer.state:
            self.optimizer._initialize(self.variables)

    def made(self, own: str) -> list[Any]:
        return list(getattr(self.optimizer, own))

    def apply(self, gradients: list[Any], *scalars: Any) -> None:
        self.optimizer.apply(gradients, self.variables)

    def advance(self, gradients: list[Any]) -> None:
        if self.rates:
            self.rate.assign(self.rates.pop(0))
        self.run(gradients)

    def count(self, step: int) -> None:
        if self.offer.family == "adam":
            self.optimizer.step.assign(step)


SESSIONS = {"": OptimizerSession, "function": OptimizerSession}
NO_COMPLEX = {
    dtype: f"ValueError: Expected integer or floating point type, got <dtype: '{dtype}'>"
    for dtype in ("complex64", "complex128")
}
RMSPROP = TensorFlowOffer(
    own=sonnet.optimizers.RMSProp,
    family="rmsprop",
    claims=["sonnet-rmsprop"],
    features=[[], ["momentum"], ["centered"], ["centered", "momentum"]],
    names={
        "learning_rate": "learning_rate",
        "decay": "decay",
        "momentum": "momentum",
        "epsilon": "epsilon",
    },
    # There is always a buffer; with momentum 0 it holds nothing but the last step.
    state={
        "second_moment": "ms",
        "mean_gradient": ("mg", "centered"),
        "momentum": ("mom", "momentum"),
    },
    switches=["centered"],
    gaps=NO_COMPLEX,
    page=PAGE.format("rmsprop"),
)
ADAM = TensorFlowOffer(
    own=sonnet.optimizers.Adam,
    family="adam",
    claims=["sonnet-adam"],
    names=ADAM_NAMES,
    state=MOMENTS,
    gaps=NO_COMPLEX,
    page=PAGE.format("adam"),
)
SGD = TensorFlowOffer(
    own=sonnet.optimizers.SGD,
    family="sgd",
    claims=["sonnet-sgd"],
    names={"learning_rate": "learning_rate"},
    gaps=NO_COMPLEX,
    page=PAGE.format("sgd"),
)
MOMENTUM = TensorFlowOffer(
    own=sonnet.optimizers.Momentum,
    family="sgd",
    claims=["sonnet-momentum"],
    features=[["momentum"], ["momentum", "nesterov"]],
    names={"learning_rate": "learning_rate", "momentum": "momentum"},
    state={"momentum": "accumulated_momentum"},
    gaps=NO_COMPLEX,
    page=PAGE.format("momentum"),
)
CLASSES = {"RMSProp": RMSPROP, "Adam": ADAM, "SGD": SGD, "Momentum": MOMENTUM}
ADAPTER = TensorFlowAdapter(
    NAME,
    {
        name: offer
        for path, row in CLASSES.items()
        for name, offer in rows(f"{NAME}:{path}", row, SESSIONS).items()
    },
    {**kit.versions("dm-sonnet"), "tensorflow": tf.__version__, **kit.versions("numpy")},
    {"sonnet.optimizers": "Optimizer"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
