"""autograd's rmsprop and adam: functions that take all steps in one call and show no state."""

from __future__ import annotations

import sys
from typing import Any

from autograd.misc.optimizers import adam, rmsprop
from greenlet import greenlet

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "autograd"


def row(function: Any, *claims: str, **names: str) -> Offer:
    """One function; ``names`` are its own, by canonical hyperparameter."""
    return Offer(
        own=function,
        family="adam" if "beta1" in names else "rmsprop",
        claims=claims,
        names=names,
        dtypes=["float64"],
        settable=False,
        schedules=False,
        gaps={"float32": "its moments are float64, so parameters become float64"},
        page=f"docstring of autograd.misc.optimizers.{function.__name__}",
    )


OFFERS = {
    "autograd:rmsprop": row(
        rmsprop,
        "autograd-rmsprop",
        "autograd-rmsprop-inside",
        "autograd-rmsprop-ones",
        learning_rate="step_size",
        decay="gamma",
        epsilon="eps",
    ),
    "autograd:adam": row(
        adam, "autograd-adam", learning_rate="step_size", beta1="b1", decay="b2", epsilon="eps"
    ),
}


class FunctionSession:
    """A function that is stopped wherever it asks for a gradient, and goes on when there is one."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        self.function, self.arguments = offer.own, kit.keywords(request, offer.names)
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


ADAPTER = Adapter(NAME, OFFERS, FunctionSession, packages=("autograd", "numpy"))
describe, open_session = ADAPTER.describe, ADAPTER.open_session


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return {}  # a wrapper hides the signature that holds the defaults
