"""Sonnet's RMSProp and Adam on TensorFlow, eager and inside of a tf.function."""

from __future__ import annotations

from typing import Any

import sonnet
import tensorflow as tf

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.tensorflow import description
from optimizer_conformance.adapters.tensorflow_sessions import Rule, TensorFlowSession

NAME = "sonnet"

PAGE = "https://sonnet.readthedocs.io/en/latest/api.html#{}"


class OptimizerSession(TensorFlowSession):
    """An optimizer that makes its state for the parameters of its first step."""

    def construct(self) -> None:
        arguments = self.arguments()
        if self.rates:
            # A rate that changes is a variable; float64, so that it stays what was sent.
            self.rate = tf.Variable(self.rates[0], dtype=tf.float64)
            arguments["learning_rate"] = self.rate
        self.optimizer = self.rule.optimizer(**arguments)
        # What the first step would do, too late for set_state before it.
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
        if self.rule.family == "adam":
            self.optimizer.step.assign(step)


SESSIONS = {"": OptimizerSession, "function": OptimizerSession}
RULES = {
    "RMSProp": Rule(
        optimizer=sonnet.optimizers.RMSProp,
        sessions=SESSIONS,
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
            "second_moment": ("ms", ""),
            "mean_gradient": ("mg", "centered"),
            "momentum": ("mom", "momentum"),
        },
        documentation=PAGE.format("rmsprop"),
    ),
    "Adam": Rule(
        optimizer=sonnet.optimizers.Adam,
        sessions=SESSIONS,
        family="adam",
        claims=["sonnet-adam"],
        features=[[]],
        names={
            "learning_rate": "learning_rate",
            "beta1": "beta1",
            "decay": "beta2",
            "epsilon": "epsilon",
        },
        state={"first_moment": ("m", ""), "second_moment": ("v", "")},
        documentation=PAGE.format("adam"),
    ),
}
NO_COMPLEX = {
    dtype: f"ValueError: Expected integer or floating point type, got <dtype: '{dtype}'>"
    for dtype in ("complex64", "complex128")
}
# Every implementation: its rule's name and the option in brackets.
IMPLEMENTATIONS = {
    f"{NAME}:{name}{f'[{option}]' if option else ''}": (name, option)
    for name in RULES
    for option in SESSIONS
}


def describe() -> protocol.Description:
    versions = {**kit.versions("dm-sonnet"), "tensorflow": tf.__version__, **kit.versions("numpy")}
    return description(NAME, RULES, IMPLEMENTATIONS, versions, dict.fromkeys(RULES, NO_COMPLEX))


def open_session(request: protocol.Open) -> kit.Session:
    name, option = IMPLEMENTATIONS[request.implementation]
    kit.check_features(request, RULES[name].features)
    return OptimizerSession(request, RULES[name], option)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[IMPLEMENTATIONS[implementation][0]]
    return kit.constructor_defaults(rule.optimizer, {**rule.names, "centered": "centered"})
