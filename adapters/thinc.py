"""Thinc's Adam, which trains spaCy: a callable that is given one parameter after the other."""

from __future__ import annotations

from typing import Any

from thinc.api import Adam

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

NAME = "thinc"

NAMES = {
    "learning_rate": "learn_rate",
    "beta1": "beta1",
    "decay": "beta2",
    "epsilon": "eps",
    "weight_decay": "L2",
}
STATE = {"first_moment": "mom1", "second_moment": "mom2"}
DTYPE = "ValueError: Buffer dtype mismatch, expected 'float32_t'"
GAPS = {
    "float16": DTYPE,
    "bfloat16": "NumPy has no bfloat16",
    "float64": DTYPE,
    "scalar": "TypeError: len() of unsized object",
    "gradient": "a step leaves zeros in it, as zero_grad does elsewhere",
}
# Gradients are clipped to a norm of 1 by default, which is no part of the rule.
UNCLIPPED: dict[str, Any] = {"grad_clip": 0.0, "use_averages": False}
# Name to what its documentation states, its options, and the arguments that choose it.
WAYS: dict[str, tuple[list[str], list[list[str]], dict[str, Any]]] = {
    "thinc:Adam[grad_clip=0]": (["thinc-adam", "thinc-adam-hat"], [[], ["weight_decay"]], {}),
    "thinc:Adam[grad_clip=0,L2_is_weight_decay=False]": (
        ["thinc-adam-l2", "thinc-adam-hat-l2"],
        [["weight_decay"]],
        {"L2_is_weight_decay": False},
    ),
}


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions(NAME, "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family="adam",
                claims=claims,
                features=features,
                hyperparameters=list(NAMES),
                dtypes=["float32"],
                devices=["cpu"],
                state=list(STATE),
                gaps=GAPS,
                documentation="https://thinc.ai/docs/api-optimizers",
            )
            for name, (claims, features, _) in WAYS.items()
        ],
    )


class OptimizerSession:
    """One optimizer; a parameter's key is its place."""

    def __init__(self, request: protocol.Open) -> None:
        self.values = [kit.to_array(parameter.value) for parameter in request.parameters]
        own: dict[str, Any] = kit.keywords(request, NAMES)
        if request.learning_rates:
            own["learn_rate"] = list(request.learning_rates)
        _, _, arguments = WAYS[request.implementation]
        self.optimizer = Adam(**{**own, **UNCLIPPED, **arguments})
        self.keys = [(index, "w") for index in range(len(self.values))]

    def step(self, gradients: list[Array]) -> list[Array]:
        for key, value, gradient in zip(self.keys, self.values, gradients, strict=True):
            self.values[key[0]], _ = self.optimizer(key, value, gradient)
        self.optimizer.step_schedules()
        return gradients

    def parameters(self) -> list[Array]:
        return [value.copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, and where a parameter is empty, which it passes over."""
        moments = {name: getattr(self.optimizer, own) for name, own in STATE.items()}
        if any(key not in of for of in moments.values() for key in self.keys):
            return {}
        return {
            name: [of[key].reshape(self.values[key[0]].shape).copy() for key in self.keys]
            for name, of in moments.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, STATE)
        for name, arrays in state.items():
            getattr(self.optimizer, STATE[name]).update(
                zip(self.keys, (array.reshape(-1) for array in arrays), strict=True)
            )
        self.optimizer.nr_update.update(dict.fromkeys(self.keys, step))


def open_session(request: protocol.Open) -> kit.Session:
    kit.check_features(request, WAYS[request.implementation][1])
    if request.groups:
        raise kit.Unsupported("an optimizer has one set of hyperparameters")
    if any(not parameter.value.shape for parameter in request.parameters):
        raise kit.Unsupported(GAPS["scalar"])
    return OptimizerSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    WAYS[implementation]  # an implementation that is not there has no defaults
    return kit.constructor_defaults(Adam, NAMES)
