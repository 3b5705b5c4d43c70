"""tinygrad's Adam and AdamW: on its interpreter, which needs no compiler, and through clang."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

# Read while tinygrad is imported, which otherwise looks for a device that it can use.
os.environ["DEV"] = "PYTHON"

from tinygrad import Context, Tensor
from tinygrad.nn import optim

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

NAME = "tinygrad"

PAGE = "https://docs.tinygrad.org/nn/#tinygrad.nn.optim.{}"
GAPS = {
    "float64": "moments and learning rate are float32, whatever the parameter is",
    "float16": "not driven here: the moments beside a float16 parameter are float32",
    "bfloat16": "not driven here: the moments beside a bfloat16 parameter are float32",
}
COMPILER = os.environ.get("CC", "clang")  # as tinygrad's ClangCompiler asks for it
NO_COMPILER = f"its device CPU compiles with {COMPILER}, which is not on PATH: install clang"
# tinygrad's device to what stands in brackets.
DEVICES = {"PYTHON": "", "CPU": "clang"}


class Rule(NamedTuple):
    """One function that makes an optimizer; ``off`` switches off what is on by default."""

    function: Any
    claims: list[str]
    features: list[list[str]]
    names: dict[str, str]
    off: Mapping[str, float]


SHARED = {"learning_rate": "lr", "beta1": "b1", "decay": "b2", "epsilon": "eps"}
RULES = {
    "Adam": Rule(optim.Adam, ["tinygrad-adam", "tinygrad-adam-hat"], [[]], SHARED, {}),
    "AdamW": Rule(
        optim.AdamW,
        [
            f"tinygrad-adamw{epsilon}{scale}"
            for epsilon in ("", "-hat")
            for scale in ("", "-unscaled")
        ],
        [[], ["weight_decay"]],
        {**SHARED, "weight_decay": "weight_decay"},
        {"weight_decay": 0.0},
    ),
}
# Every implementation: its rule's name and tinygrad's device.
IMPLEMENTATIONS = {
    f"{NAME}:{name}{option and f'[{option}]'}": (name, device)
    for name in RULES
    for device, option in DEVICES.items()
}
STATE = {"first_moment": "m", "second_moment": "v"}


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions(NAME, "numpy"),
        devices={"cpu": "host"},
        implementations=[
            implementation(full, RULES[name], device)
            for full, (name, device) in IMPLEMENTATIONS.items()
        ],
    )


def implementation(full: str, rule: Rule, device: str) -> protocol.Implementation:
    missing = device == "CPU" and shutil.which(COMPILER) is None
    return protocol.Implementation(
        name=full,
        family="adam",
        claims=rule.claims,
        features=rule.features,
        hyperparameters=list(rule.names),
        dtypes=["float32"],
        devices=[] if missing else ["cpu"],
        state=list(STATE),
        compiled=True,
        gaps={**GAPS, **({"device": NO_COMPILER} if missing else {})},
        documentation=PAGE.format(full.partition(":")[2].partition("[")[0]),
    )


class OptimizerSession:
    """A session over one ``tinygrad.nn.optim.Optimizer``."""

    def __init__(self, request: protocol.Open, rule: Rule, device: str) -> None:
        self.device = device
        self.values = [
            self.tensor(kit.to_array(parameter.value)).is_param_(True)
            for parameter in request.parameters
        ]
        off = {name: value for name, value in rule.off.items() if name not in request.features}
        self.rates = list(request.learning_rates)
        self.optimizer = rule.function(
            self.values,
            **(off if request.hyperparameters else {}),
            **kit.keywords(request, rule.names),
        )

    def tensor(self, array: Array) -> Any:
        """The array as a tensor with memory of its own."""
        return Tensor(array.copy(), device=self.device).realize()

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = self.tensor(gradient)
        if self.rates:
            rate = Tensor([self.rates.pop(0)], dtype=self.optimizer.lr.dtype, device=self.device)
            self.optimizer.lr.assign(rate).realize()
        with Context(TRAINING=1):
            self.optimizer.step()
        return [value.grad.numpy().copy() for value in self.values]

    def parameters(self) -> list[Array]:
        return [value.numpy().copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {
            name: [tensor.numpy().copy() for tensor in getattr(self.optimizer, own)]
            for name, own in STATE.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, STATE)
        for name, arrays in state.items():
            for tensor, array in zip(getattr(self.optimizer, STATE[name]), arrays, strict=True):
                tensor.assign(self.tensor(array)).realize()
        # Powers of the decay rates are products, of which each step adds a factor.
        for tensor, beta in (
            (self.optimizer.b1_t, self.optimizer.b1),
            (self.optimizer.b2_t, self.optimizer.b2),
        ):
            power = np.prod(np.full(step, beta, np.float32), dtype=np.float32)
            tensor.assign(self.tensor(np.full(1, power))).realize()


def open_session(request: protocol.Open) -> kit.Session:
    name, device = IMPLEMENTATIONS[request.implementation]
    kit.check_features(request, RULES[name].features)
    if request.groups:
        raise kit.Unsupported("a group of parameters is an optimizer of its own")
    return OptimizerSession(request, RULES[name], device)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[IMPLEMENTATIONS[implementation][0]]
    return kit.constructor_defaults(rule.function, rule.names)
