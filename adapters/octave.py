"""MATLAB's two functions: our transcription of their pages in GNU Octave, and the real toolbox.

``octave:…`` shows what the documented algorithm comes to under the language's numeric rules; it is
no evidence of what MathWorks' code does.  ``octave:matlab.…`` is: it drives the functions of Deep
Learning Toolbox, where MathWorks' package ``matlabengine`` is installed in this environment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.octave_matlab import MATLAB_MISSING, Matlab
from optimizer_conformance.adapters.octave_process import HOW, TRANSCRIPTION, Octave
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "octave"

# Canonical hyperparameters to the functions' own.
NAMES = {
    "learning_rate": "learnRate",
    "beta1": "gradDecay",
    "decay": "sqGradDecay",
    "epsilon": "epsilon",
}
EMPTY: Array = np.zeros((0, 0))


class Engine(Protocol):
    """What runs MATLAB's language."""

    def call(self, name: str, *arguments: Any, outputs: int = 1) -> list[Any]:
        """``[out1, …] = name (arguments…)``; lists are cell arrays."""


@dataclass(frozen=True)
class FunctionOffer(Offer):
    """One function: where it runs; ``own`` is its name there.

    Names and state stand in the order of the function's arguments.
    """

    device: str = "cpu"

    def described(
        self, name: str, devices: Sequence[str], **fields: Any
    ) -> protocol.Implementation:
        here = self.device in devices
        reason = MATLAB_MISSING if self.device == "matlab" else HOW
        gaps = GAPS if here else {**GAPS, "device": reason}
        page = f"https://www.mathworks.com/help/deeplearning/ref/{self.own}.html"
        return super().described(
            name, [self.device] if here else [], gaps=gaps, documentation=page, **fields
        )


GAPS = {
    "float16": "the functions take double and single",
    "bfloat16": "the functions take double and single",
}
RMSPROP = FunctionOffer(
    own="rmspropupdate",
    family="rmsprop",
    claims=["matlab-rmspropupdate-r2020a"],
    names={name: own for name, own in NAMES.items() if name != "beta1"},
    state={"second_moment": "averageSqGrad"},
    dtypes=["float32", "float64", "complex64", "complex128"],
)
ADAM = RMSPROP.changed(
    own="adamupdate",
    family="adam",
    claims=["matlab-adamupdate"],
    names=NAMES,
    state={"first_moment": "averageGrad", "second_moment": "averageSqGrad"},
)
OFFERS = {
    "octave:rmspropupdate": RMSPROP,
    "octave:adamupdate": ADAM,
    "octave:adamupdate[hat]": ADAM.changed(own="adamupdate_hat", claims=["matlab-adamupdate-hat"]),
    "octave:matlab.rmspropupdate": RMSPROP.changed(device="matlab"),
    "octave:matlab.adamupdate": ADAM.changed(
        device="matlab", claims=["matlab-adamupdate", "matlab-adamupdate-hat"]
    ),
}


@lru_cache(maxsize=256)
def engine(device: str) -> Engine:
    """The one engine of a device, started when it is first needed."""
    return Matlab() if device == "matlab" else Octave(TRANSCRIPTION)


def devices() -> tuple[dict[str, str], dict[str, str], str]:
    """What is here, its versions, and why nothing is."""
    found, versions = {}, {}
    try:
        (version,) = engine("cpu").call("version")
        found["cpu"] = "host, GNU Octave"
        versions["octave"] = version
    except FileNotFoundError:
        pass
    if not MATLAB_MISSING:
        (version,) = engine("matlab").call("version")
        found["matlab"] = "MATLAB engine"
        versions["matlab"] = version
    return found, versions, "" if found else HOW


def describe() -> protocol.Description:
    found, own, unavailable = devices()
    return ADAPTER.description(
        versions={**own, **kit.versions("numpy")}, devices=found, unavailable=unavailable
    )


class UpdateSession:
    """A session over one function: the parameters are the cells of one cell array."""

    def __init__(self, request: protocol.Open, offer: FunctionOffer) -> None:
        self.function = offer
        self.engine = engine(self.function.device)
        self.given = kit.keywords(request, NAMES)
        self.rates = list(request.learning_rates)
        self.values = [kit.to_array(parameter.value) for parameter in request.parameters]
        self.complex = any(np.iscomplexobj(value) for value in self.values)
        self.averages: dict[str, list[Array]] = {}  # empty: [] for the first call
        self.taken = 0

    def arguments(self) -> list[Any]:
        """What stands behind the averages in the coming call."""
        if self.rates:
            self.given["learnRate"] = self.rates.pop(0)
        names = list(self.function.names.values())
        numbers = [self.given[name] for name in names if name in self.given]
        if set(names[: len(numbers)]) != set(self.given):
            raise kit.Unsupported("arguments go by position: none can be left out in between")
        iteration = [self.taken] if self.function.family == "adam" else []
        return [np.array(float(number)) for number in (*iteration, *numbers)]

    def step(self, gradients: list[Array]) -> list[Array]:
        self.taken += 1
        averages = [self.averages.get(name, EMPTY) for name in self.function.state]
        results = self.engine.call(
            self.function.own,
            self.values,
            gradients,
            *averages,
            *self.arguments(),
            outputs=1 + len(averages),
        )
        shapes = [value.shape for value in self.values]
        self.values, *moments = (
            [array.reshape(shape, order="F") for array, shape in zip(cells, shapes, strict=True)]
            for cells in results
        )
        self.averages = dict(zip(self.function.state, moments, strict=True))
        return gradients

    def parameters(self) -> list[Array]:
        return [self.shown(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {name: [*map(self.shown, arrays)] for name, arrays in self.averages.items()}

    def shown(self, array: Array) -> Array:
        """A copy; to the language a complex number without an imaginary part is a real one."""
        return array.astype(np.result_type(array, np.complex64)) if self.complex else array.copy()

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        self.averages = {name: [*map(np.copy, state[name])] for name in self.function.state}
        self.taken = step


def open_session(request: protocol.Open) -> kit.Session:
    function = OFFERS[request.implementation]
    found, _, unavailable = devices()
    if request.device != function.device or request.device not in found:
        raise kit.Unsupported(
            unavailable or f"{request.implementation} runs on {function.device}; here are {found}"
        )
    if request.features or request.groups:
        raise kit.Unsupported("the functions have neither options nor groups")
    return UpdateSession(request, function)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """The transcription's defaults, read where it sets them; MATLAB shows none."""
    function = OFFERS[implementation]
    if function.device == "matlab":
        return {}
    source = "adam_rule" if function.family == "adam" else function.own
    text = (TRANSCRIPTION / f"{source}.m").read_text(encoding="utf-8")
    own = dict(re.findall(r"if nargin < \d+, (\w+) = (\S+); end", text))
    return {name: float(own[NAMES[name]]) for name in function.names}


ADAPTER = Adapter(NAME, OFFERS, UpdateSession, packages=())
