"""A ``torch.optim.Optimizer`` subclass, or a function that makes one of parameters."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import BadTarget, Misbehaviour, guarded
from optimizer_conformance.adapters.torch import placed, to_numpy, to_torch

SKIPPED = 1
DTYPES: list[protocol.DType] = ["float32", "float64", "float16", "bfloat16"]
PACKAGES = ("torch", "numpy")


def devices() -> dict[str, str]:
    torch.set_num_threads(1)
    count = torch.cuda.device_count()
    return {"cpu": "host", **{f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(count)}}


def arithmetic() -> dict[str, str]:
    return {device: "cuda" for device in devices() if device != "cpu"}


class TorchSession:
    """A session over one optimizer, whose groups hold what may change between steps."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        self.device = request.device
        self.names = maker.names.own
        self.rates = list(request.learning_rates)
        self.values = [placed(parameter, self.device) for parameter in request.parameters]
        groups = [
            {
                "params": [
                    value
                    for value, asked in zip(self.values, request.parameters, strict=True)
                    if asked.group == index
                ],
                **maker.spelled(overrides),
            }
            for index, overrides in enumerate(request.groups)
        ]
        self.optimizer = maker.made(groups or self.values, **maker.arguments(request))
        step = getattr(self.optimizer, "step", None)
        if step is None:
            raise BadTarget(f"it makes a {type(self.optimizer).__name__}, which has no step")
        closure = inspect.signature(step).parameters.get("closure")
        if closure is not None and closure.default is closure.empty:
            raise BadTarget(
                "its step needs a closure that computes the loss again; here are gradients alone"
            )
        if self.rates and not all(self.rate in group for group in self.optimizer.param_groups):
            raise kit.Unsupported(f"its groups have no {self.rate}, so no schedule reaches it")

    @property
    def rate(self) -> str:
        """What its groups call the learning rate."""
        return self.names.get("learning_rate", "lr")

    def held(self) -> list[dict[str, Any]]:
        """The hyperparameters of each group, as numbers."""
        return [
            {own: number(group[own]) for own in self.names.values() if own in group}
            for group in self.optimizer.param_groups
        ]

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = to_torch(gradient, self.device)
        if self.rates:
            rate = self.rates.pop(0)
            for group in self.optimizer.param_groups:
                group[self.rate] = rate
        before = self.held()
        with guarded("its step"):
            self.optimizer.step()
        for old, new in zip(before, self.held(), strict=True):
            for own in old:
                if new.get(own) != old[own]:
                    raise Misbehaviour(f"its step changes {own} from {old[own]} to {new.get(own)}")
        if any(value.grad is None for value in self.values):
            raise Misbehaviour("its step takes the gradients away")
        return [to_numpy(value.grad) for value in self.values]

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an optimizer that is not known is its own affair")


def number(value: Any) -> Any:
    """A hyperparameter in a form that another may be compared with."""
    if isinstance(value, tuple | list):
        return tuple(number(item) for item in value)
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


Session = TorchSession
