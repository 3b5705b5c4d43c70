"""The documents' own snippets, run as they stand: naive NumPy and Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

if TYPE_CHECKING:
    from typing import TypeAlias

NAME = "numpy"

# Quoted, because Python 3.8 cannot subscript it.
Rule: TypeAlias = "Callable[[Array, Array, Array, float, float, float], None]"


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


class Snippet(NamedTuple):
    rule: Rule
    dtypes: list[protocol.DType]
    claims: str
    source: str


ANY: list[protocol.DType] = ["float32", "float64", "complex64", "complex128"]
SNIPPETS = {
    "numpy:codecademy": Snippet(
        codecademy, ANY, "codecademy-rmsprop", "Codecademy, RMSprop, Example"
    ),
    "numpy:d2l.scratch": Snippet(d2l_scratch, ANY, "d2l-rmsprop", "Dive into Deep Learning 8.6.2"),
    "numpy:d2l.2d": Snippet(
        d2l_two_dimensional, ["float64"], "d2l-rmsprop-2d", "Dive into Deep Learning 8.6.1"
    ),
}
HYPERPARAMETERS = ["learning_rate", "decay", "epsilon"]


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions("numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family="rmsprop",
                claims=[snippet.claims],
                features=[[]],
                hyperparameters=HYPERPARAMETERS,
                dtypes=snippet.dtypes,
                devices=["cpu"],
                state=["second_moment"],
                documentation=snippet.source,
            )
            for name, snippet in SNIPPETS.items()
        ],
    )


class SnippetSession:
    """A session over one snippet."""

    def __init__(self, request: protocol.Open) -> None:
        self.rule = SNIPPETS[request.implementation].rule
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


def open_session(request: protocol.Open) -> kit.Session:
    return SnippetSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """The snippets have no constructor: their constants are claims of the documents."""
    return {}
