"""autograd's rmsprop and adam: functions that take all steps in one call and show no state."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd.misc.optimizers import adam, rmsprop
from greenlet import greenlet

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

NAME = "autograd"


class Rule(NamedTuple):
    """One function; ``names`` are canonical hyperparameters to its own."""

    function: Callable[..., Any]
    family: protocol.Family
    claims: list[str]
    names: dict[str, str]


RULES = {
    "autograd:rmsprop": Rule(
        rmsprop,
        "rmsprop",
        ["autograd-rmsprop", "autograd-rmsprop-inside", "autograd-rmsprop-ones"],
        {"learning_rate": "step_size", "decay": "gamma", "epsilon": "eps"},
    ),
    "autograd:adam": Rule(
        adam,
        "adam",
        ["autograd-adam"],
        {"learning_rate": "step_size", "beta1": "b1", "decay": "b2", "epsilon": "eps"},
    ),
}


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions("autograd", "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family=rule.family,
                claims=rule.claims,
                features=[[]],
                hyperparameters=list(rule.names),
                dtypes=["float64"],
                devices=["cpu"],
                state=[],
                settable=False,
                schedules=False,
                gaps={"float32": "its moments are float64, so parameters become float64"},
                documentation=f"docstring of autograd.misc.optimizers.{name.partition(':')[2]}",
            )
            for name, rule in RULES.items()
        ],
    )


class FunctionSession:
    """A function that is stopped wherever it asks for a gradient, and goes on when there is one."""

    def __init__(self, request: protocol.Open) -> None:
        rule = RULES[request.implementation]
        self.function, self.arguments = rule.function, kit.keywords(request, rule.names)
        self.loop = greenlet(self.run)
        self.values = self.loop.switch([kit.placed(item) for item in request.parameters])

    def run(self, start: list[Array]) -> None:
        self.function(self.gradient, start, num_iters=sys.maxsize, **self.arguments)

    def gradient(self, parameters: list[Array], count: int) -> list[Array]:
        """What the function calls for its next gradient, with the parameters as they are."""
        gradients: list[Array] = self.loop.parent.switch(parameters)
        return gradients

    def step(self, gradients: list[Array]) -> list[Array]:
        self.values = self.loop.switch(gradients)
        return gradients

    def parameters(self) -> list[Array]:
        return [value.copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the moments are local variables of the function")


def open_session(request: protocol.Open) -> kit.Session:
    return FunctionSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return {}  # a wrapper hides the signature that holds the defaults
