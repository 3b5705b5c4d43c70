"""A plain function: ``update(parameter, gradient, state, **hyperparameters)`` on NumPy arrays."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.arrays import ArraySession
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import Misbehaviour, guarded

SKIPPED = 3
DTYPES: list[protocol.DType] = ["float32", "float64", "float16"]
PACKAGES = ("numpy",)
LOOP = ("missing", "saved", "memory")


def devices() -> dict[str, str]:
    return {"cpu": "host"}


def arithmetic() -> dict[str, str]:
    return {}


class FunctionSession(ArraySession):
    """A state for each parameter, None before the first step."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        super().__init__(request, maker)
        if self.rates and "learning_rate" not in maker.names.own:
            raise kit.Unsupported("the function takes no learning rate")
        self.arguments = maker.arguments(request)
        self.states: list[Any] = [None] * len(self.values)
        self.groups = [
            maker.arguments(request, **(request.groups[p.group] if request.groups else {}))
            for p in request.parameters
        ]

    def step(self, gradients: list[Array]) -> list[Array]:
        rate = {}
        if self.rates:
            rate = self.maker.spelled({"learning_rate": self.rates.pop(0)})
        for index, sent in enumerate(gradients):
            if sent is None:
                continue
            value, gradient = self.values[index], self.laid(index, sent)
            with np.errstate(all="ignore"), guarded("it"):
                found = self.maker.found(
                    value, gradient, self.states[index], **{**self.groups[index], **rate}
                )
            if not isinstance(found, (tuple, list)) or len(found) != 2:
                raise Misbehaviour(f"it returns {described(found)}, not (parameter, state)")
            self.values[index] = self.placed(index, self.checked(found[0], value))
            self.states[index] = found[1]
            gradients[index] = gradient
        return gradients

    def reload(self) -> None:
        """The states as a file would give them back."""
        try:
            self.states = pickle.loads(pickle.dumps(self.states))
        except Exception as error:
            raise kit.Unsupported(f"its state cannot be pickled: {error}") from error

    def checked(self, after: Any, before: Array) -> Array:
        """The new parameter, if it can be one."""
        array = np.asarray(after)
        if array.shape != before.shape:
            raise Misbehaviour(
                f"it returns a parameter of shape {array.shape} for one of {before.shape}"
            )
        if array.dtype.name not in kit.STORAGE:
            raise Misbehaviour(
                f"it returns a parameter of dtype {array.dtype} for one of {before.dtype}"
            )
        return array


def described(value: Any) -> str:
    """What came back instead."""
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values"
    return "None" if value is None else f"one {type(value).__name__}"


Session = FunctionSession
