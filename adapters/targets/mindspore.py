"""A MindSpore ``nn.Optimizer`` subclass, in PyNative mode on the CPU."""

from __future__ import annotations

import functools
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.mindspore import copied, grouped, placed
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import guarded

SKIPPED = 1
DTYPES: list[protocol.DType] = ["float32", "float64", "float16"]
GROUPS = ("learning_rate", "weight_decay")
PACKAGES = ("mindspore", "numpy")


def devices() -> dict[str, str]:
    return {"cpu": "host"}


def arithmetic() -> dict[str, str]:
    return {}


def stated(found: Any) -> Any:
    """The constructor behind MindSpore's decorators, which hide its signature."""
    for cell in getattr(getattr(found, "__init__", None), "__closure__", None) or ():
        if getattr(cell.cell_contents, "__name__", "") == "__init__":
            return functools.partial(cell.cell_contents, None)
    return None


class MindSporeSession:
    """A session over one optimizer, which is called with the gradients."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        ms.set_context(mode=ms.PYNATIVE_MODE)
        self.layouts = [asked.layout for asked in request.parameters]
        arrays = [(asked.name, kit.to_array(asked.value)) for asked in request.parameters]
        self.values = [Parameter(Tensor(array), name=name) for name, array in arrays]
        arguments: dict[str, Any] = maker.arguments(request)
        if request.learning_rates:
            arguments.update(maker.spelled({"learning_rate": list(request.learning_rates)}))
        self.optimizer = maker.made(grouped(request, self.values), **arguments)

    def step(self, gradients: list[Array]) -> list[Array]:
        tensors = list(map(placed, gradients, self.layouts))
        with guarded("its construct"):
            self.optimizer(tuple(tensors))
        return [np.array(copied(tensor)) for tensor in tensors]

    def parameters(self) -> list[Array]:
        return [copied(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an optimizer that is not known is its own affair")


Session = MindSporeSession
