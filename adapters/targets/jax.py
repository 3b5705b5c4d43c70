"""A function on JAX arrays: ``step(params, grads, state, …)``, as Equinox' examples write it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from optimizer_conformance.adapters import jax as shipped
from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import optax
from optimizer_conformance.adapters.targets.function import described
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import Misbehaviour, guarded

SKIPPED = 3
DTYPES = optax.DTYPES
PACKAGES = ("jax", "jaxlib", "numpy")
devices, arithmetic = optax.devices, optax.arithmetic


class JaxFunctionSession:
    """A state for each parameter, None before the first step."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        self.maker, self.rates = maker, list(request.learning_rates)
        if request.groups:
            raise kit.Unsupported("a function has one set of hyperparameters")
        if self.rates and "learning_rate" not in maker.names.own:
            raise kit.Unsupported("the function takes no learning rate")
        self.device = shipped.devices()[request.device]
        self.x64 = any(parameter.value.dtype == "float64" for parameter in request.parameters)
        self.arguments = maker.arguments(request)
        with self.arithmetic():
            self.values = [shipped.to_jax(kit.to_array(p.value)) for p in request.parameters]
        self.states: list[Any] = [None] * len(self.values)

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Where and how wide JAX computes."""
        with shipped.enable_x64(self.x64), jax.default_device(self.device):
            yield

    def step(self, gradients: list[Array]) -> list[Array]:
        rate = self.maker.spelled({"learning_rate": self.rates.pop(0)}) if self.rates else {}
        with self.arithmetic():
            own = [shipped.to_jax(gradient) for gradient in gradients]
            for index, (value, gradient) in enumerate(zip(self.values, own, strict=True)):
                with guarded("it"):
                    found = self.maker.found(
                        value, gradient, self.states[index], **{**self.arguments, **rate}
                    )
                if not isinstance(found, (tuple, list)) or len(found) != 2:
                    raise Misbehaviour(f"it returns {described(found)}, not (parameters, state)")
                self.values[index], self.states[index] = found
            return [shipped.to_numpy(gradient) for gradient in own]

    def parameters(self) -> list[Array]:
        with self.arithmetic():
            return [shipped.to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of a function is its own affair")


Session = JaxFunctionSession
