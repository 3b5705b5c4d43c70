"""``update(w, dw, config) -> (w, config)``: hyperparameters and state in one dictionary."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.arrays import ArraySession
from optimizer_conformance.adapters.targets.function import arithmetic, devices
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.names import meanings
from optimizer_conformance.adapters.targets.order import Misbehaviour, guarded

DTYPES: list[protocol.DType] = ["float32", "float64", "float16"]
PACKAGES = ("numpy",)
SKIPPED = 0
__all__ = ["DTYPES", "PACKAGES", "SKIPPED", "Session", "arithmetic", "devices", "stated"]


class StatedNumbers:
    """The signature that the keys of its dictionary amount to."""

    def __init__(self, defaults: dict[str, Any]) -> None:
        kind = inspect.Parameter.KEYWORD_ONLY
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind, default=value) for name, value in defaults.items()]
        )

    def __call__(self) -> None:
        """So that it has a signature."""


def stated(found: Any) -> StatedNumbers:
    """What it fills into an empty dictionary, of which the names of hyperparameters count."""
    with guarded("it"):
        _, config = found(np.full(3, 0.5), np.full(3, 0.25), {})
    numbers = {
        name: value
        for name, value in dict(config or {}).items()
        if isinstance(value, (int, float)) and meanings(name)
    }
    return StatedNumbers(numbers)


class ConfigSession(ArraySession):
    """A dictionary for each parameter."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        super().__init__(request, maker)
        self.configs: list[dict[str, Any]] = [
            maker.arguments(request, **(request.groups[p.group] if request.groups else {}))
            for p in request.parameters
        ]

    def step(self, gradients: list[Array]) -> list[Array]:
        rate = self.rates.pop(0) if self.rates else None
        for index, gradient in enumerate(gradients):
            config = self.configs[index]
            if rate is not None:
                config.update(self.maker.spelled({"learning_rate": rate}))
            value = self.values[index]
            with np.errstate(all="ignore"), guarded("it"):
                found = self.maker.found(value, gradient, config)
            if not isinstance(found, (tuple, list)) or len(found) != 2:
                raise Misbehaviour("it does not return (parameter, config)")
            if np.shape(found[0]) != value.shape:
                raise Misbehaviour(f"it returns a parameter of shape {np.shape(found[0])}")
            self.values[index], self.configs[index] = np.asarray(found[0]), found[1]
        return gradients


Session = ConfigSession
