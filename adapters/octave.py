"""MATLAB's two functions: our transcription of their pages in GNU Octave, and the real toolbox.

``octave:…`` shows what the documented algorithm comes to under the language's numeric rules; it is
no evidence of what MathWorks' code does.  ``octave:matlab.…`` is: it drives the functions of Deep
Learning Toolbox, where MathWorks' package ``matlabengine`` is installed in this environment.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.octave_matlab import MATLAB_MISSING, Matlab
from optimizer_conformance.adapters.octave_process import HOW, TRANSCRIPTION, Octave

NAME = "octave"

RMSPROP = ["learning_rate", "decay", "epsilon"]
ADAM = ["learning_rate", "beta1", "decay", "epsilon"]
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


class Function(NamedTuple):
    """One function: where it runs, its name there, and the variants that it states."""

    device: str
    name: str
    claims: list[str]

    @property
    def family(self) -> protocol.Family:
        return "adam" if self.name.startswith("adam") else "rmsprop"

    @property
    def hyperparameters(self) -> list[str]:
        """Canonical names, in the order of the function's arguments."""
        return ADAM if self.family == "adam" else RMSPROP

    @property
    def averages(self) -> list[str]:
        """Canonical names of the averages, in the order of the function's arguments."""
        first = ["first_moment"] if self.family == "adam" else []
        return [*first, "second_moment"]


FUNCTIONS = {
    "octave:rmspropupdate": Function("cpu", "rmspropupdate", ["matlab-rmspropupdate-r2020a"]),
    "octave:adamupdate": Function("cpu", "adamupdate", ["matlab-adamupdate"]),
    "octave:adamupdate[hat]": Function("cpu", "adamupdate_hat", ["matlab-adamupdate-hat"]),
    "octave:matlab.rmspropupdate": Function(
        "matlab", "rmspropupdate", ["matlab-rmspropupdate-r2020a"]
    ),
    "octave:matlab.adamupdate": Function(
        "matlab", "adamupdate", ["matlab-adamupdate", "matlab-adamupdate-hat"]
    ),
}
DOCUMENTATION = "https://www.mathworks.com/help/deeplearning/ref/{}.html"
GAPS = {
    "float16": "the functions take double and single",
    "bfloat16": "the functions take double and single",
}


@cache
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
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions={**own, **kit.versions("numpy")},
        devices=found,
        implementations=[
            protocol.Implementation(
                name=name,
                family=function.family,
                claims=function.claims,
                features=[[]],
                hyperparameters=function.hyperparameters,
                dtypes=["float32", "float64", "complex64", "complex128"],
                devices=[function.device] if function.device in found else [],
                state=function.averages,
                gaps=GAPS | missing(function, found),
                documentation=DOCUMENTATION.format(function.name),
            )
            for name, function in FUNCTIONS.items()
        ],
        unavailable=unavailable,
    )


def missing(function: Function, found: dict[str, str]) -> dict[str, str]:
    """Why a function's device is not here."""
    if function.device in found:
        return {}
    return {"device": MATLAB_MISSING if function.device == "matlab" else HOW}


class UpdateSession:
    """A session over one function: the parameters are the cells of one cell array."""

    def __init__(self, request: protocol.Open) -> None:
        self.function = FUNCTIONS[request.implementation]
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
        names = [NAMES[name] for name in self.function.hyperparameters]
        numbers = [self.given[name] for name in names if name in self.given]
        if set(names[: len(numbers)]) != set(self.given):
            raise kit.Unsupported("arguments go by position: none can be left out in between")
        iteration = [self.taken] if self.function.family == "adam" else []
        return [np.array(float(number)) for number in (*iteration, *numbers)]

    def step(self, gradients: list[Array]) -> list[Array]:
        self.taken += 1
        averages = [self.averages.get(name, EMPTY) for name in self.function.averages]
        results = self.engine.call(
            self.function.name,
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
        self.averages = dict(zip(self.function.averages, moments, strict=True))
        return gradients

    def parameters(self) -> list[Array]:
        return [self.shown(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {name: [*map(self.shown, arrays)] for name, arrays in self.averages.items()}

    def shown(self, array: Array) -> Array:
        """A copy; to the language a complex number without an imaginary part is a real one."""
        return array.astype(np.result_type(array, np.complex64)) if self.complex else array.copy()

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        self.averages = {name: [*map(np.copy, state[name])] for name in self.function.averages}
        self.taken = step


def open_session(request: protocol.Open) -> kit.Session:
    function = FUNCTIONS[request.implementation]
    found, _, unavailable = devices()
    if request.device != function.device or request.device not in found:
        raise kit.Unsupported(
            unavailable or f"{request.implementation} runs on {function.device}; here are {found}"
        )
    if request.features or request.groups:
        raise kit.Unsupported("the functions have neither options nor groups")
    return UpdateSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """The transcription's defaults, read where it sets them; MATLAB shows none."""
    function = FUNCTIONS[implementation]
    if function.device == "matlab":
        return {}
    source = "adam_rule" if function.family == "adam" else function.name
    text = (TRANSCRIPTION / f"{source}.m").read_text(encoding="utf-8")
    own = dict(re.findall(r"if nargin < \d+, (\w+) = (\S+); end", text))
    return {name: float(own[NAMES[name]]) for name in function.hyperparameters}
