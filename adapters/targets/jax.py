"""A function on JAX arrays: ``step(params, grads, state, …)``, as Equinox' examples write it."""

from __future__ import annotations

from typing import Any

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


class JaxFunctionSession(optax.ValuesOnJax):
    """A state for each parameter, None before the first step."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        super().__init__(request)
        self.maker, self.rates = maker, list(request.learning_rates)
        if request.groups:
            raise kit.Unsupported("a function has one set of hyperparameters")
        if self.rates and "learning_rate" not in maker.names.own:
            raise kit.Unsupported("the function takes no learning rate")
        self.arguments = maker.arguments(request)
        self.states: list[Any] = [None] * len(self.values)

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


Session = JaxFunctionSession
