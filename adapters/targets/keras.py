"""A Keras optimizer class, on whatever back end Keras has here."""

from __future__ import annotations

from typing import Any

import keras

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.keras_backends import Rates, to_keras, to_numpy, variables
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import Misbehaviour, guarded

SKIPPED = 0
# JAX keeps float32 where float64 is asked for; the first trial tells.
DTYPES: list[protocol.DType] = ["float32", "float64", "float16", "bfloat16"]
BACKEND = keras.backend.backend()
PACKAGES = ("keras", BACKEND, "numpy")


def devices() -> dict[str, str]:
    return {"cpu": f"host, {BACKEND}"}


def arithmetic() -> dict[str, str]:
    return {"cpu": "xla-cpu"} if BACKEND == "jax" else {}


class KerasSession:
    """A session over one ``keras.Optimizer``."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        if request.groups:
            raise kit.Unsupported("an optimizer of Keras has one set of hyperparameters")
        self.variables = variables(request)
        changed: dict[str, Any] = {}
        if request.learning_rates:
            changed["learning_rate"] = Rates(list(request.learning_rates))
        self.scheduled = bool(changed)
        self.optimizer = maker.made(**maker.arguments(request, **changed))
        with guarded("its build"):
            self.optimizer.build(self.variables)

    def rate(self) -> float:
        return float(to_numpy(keras.ops.convert_to_tensor(self.optimizer.learning_rate)))

    def step(self, gradients: list[Array]) -> list[Array]:
        tensors = [to_keras(gradient) for gradient in gradients]
        before = None if self.scheduled else self.rate()
        with guarded("its step"):
            self.optimizer.apply(tensors, self.variables)
        if before is not None and self.rate() != before:
            raise Misbehaviour(f"its step changes learning_rate from {before} to {self.rate()}")
        return [to_numpy(tensor) for tensor in tensors]

    def parameters(self) -> list[Array]:
        return [to_numpy(variable.value) for variable in self.variables]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an optimizer that is not known is its own affair")


Session = KerasSession
