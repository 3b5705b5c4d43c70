"""The documents' own snippets, run as they stand: naive NumPy and Python."""

from __future__ import annotations

import math

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "numpy"


def codecademy(
    theta: Array, average: Array, gradient: Array, eta: float, rho: float, epsilon: float
) -> None:
    """Codecademy's example (its section "Example")."""
    average[...] = rho * average + (1 - rho) * gradient**2
    theta -= eta / np.sqrt(average + epsilon) * gradient


def d2l_scratch(
    parameter: Array, state: Array, gradient: Array, rate: float, gamma: float, epsilon: float
) -> None:
    """Dive into Deep Learning 8.6.2, with NumPy in the place of mxnet.nd."""
    state[...] = gamma * state + (1 - gamma) * np.square(gradient)
    parameter[...] -= rate * gradient / np.sqrt(state + epsilon)


def d2l_two_dimensional(
    x: Array, s: Array, gradient: Array, eta: float, gamma: float, epsilon: float
) -> None:
    """Dive into Deep Learning 8.6.1: the rule on Python's own floats."""
    for i, g in np.ndenumerate(gradient):
        g = float(g)  # noqa: PLW2901 - the book's arithmetic is on Python floats
        s[i] = gamma * float(s[i]) + (1 - gamma) * square(g)
        x[i] = float(x[i]) - eta / math.sqrt(float(s[i]) + epsilon) * g


def square(g: float) -> float:
    """``g ** 2`` as the book writes it; Python raises where IEEE arithmetic overflows."""
    try:
        return g**2
    except OverflowError:
        return math.inf


NAMES = {"learning_rate": "rate", "decay": "decay", "epsilon": "epsilon"}
SCRATCH = Offer(
    own=d2l_scratch,
    family="rmsprop",
    claims=["d2l-rmsprop"],
    names=NAMES,
    state={"second_moment": "average"},
    dtypes=["float32", "float64", "complex64", "complex128"],
    page="Dive into Deep Learning 8.6.2",
)
OFFERS = {
    "numpy:codecademy": SCRATCH.changed(
        own=codecademy, claims=["codecademy-rmsprop"], page="Codecademy, RMSprop, Example"
    ),
    "numpy:d2l.scratch": SCRATCH,
    "numpy:d2l.2d": SCRATCH.changed(
        own=d2l_two_dimensional,
        claims=["d2l-rmsprop-2d"],
        dtypes=["float64"],
        gaps={"epsilon=0": "ZeroDivisionError where the gradient is zero"},
        page="Dive into Deep Learning 8.6.1",
    ),
}


class SnippetSession:
    """A session over one snippet."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        self.rule = offer.own
        self.hyperparameters = request.hyperparameters
        self.rates = list(request.learning_rates)
        self.values = [kit.placed(parameter) for parameter in request.parameters]
        self.averages = [np.zeros_like(value) for value in self.values]

    def step(self, gradients: list[Array]) -> list[Array]:
        h = self.hyperparameters
        rate = self.rates.pop(0) if self.rates else h["learning_rate"]
        for value, average, gradient in zip(self.values, self.averages, gradients, strict=True):
            with np.errstate(all="ignore"):
                self.rule(value, average, gradient, rate, h["decay"], h["epsilon"])
        return gradients

    def parameters(self) -> list[Array]:
        return [value.copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {"second_moment": [average.copy() for average in self.averages]}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        self.averages = [average.copy() for average in state["second_moment"]]


ADAPTER = Adapter(NAME, OFFERS, SnippetSession, packages=("numpy",))
describe, open_session = ADAPTER.describe, ADAPTER.open_session


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """The snippets have no constructor: their constants are claims of the documents."""
    return {}
