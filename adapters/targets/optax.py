"""An Optax transformation, or a function that makes one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from optimizer_conformance.adapters import jax as shipped
from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.jax_aliases import ARITHMETIC
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.kinds import transformation
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.optax_habits import HABITS
from optimizer_conformance.adapters.targets.order import BadTarget, guarded

__all__ = [
    "DTYPES", "HABITS", "PACKAGES", "SKIPPED", "Session", "ValuesOnJax", "arithmetic", "devices",
]  # fmt: skip

SKIPPED = 0
# Shapes beyond which a step is compiled as a whole: by itself JAX compiles each operation anew for
# each shape, which takes minutes.
SHAPES = 24
DTYPES: list[protocol.DType] = ["float32", "float64", "float16", "bfloat16"]
PACKAGES = ("optax", "jax", "jaxlib", "numpy")


def devices() -> dict[str, str]:
    found = shipped.devices()
    return {name: "host" if name == "cpu" else d.device_kind for name, d in found.items()}


def arithmetic() -> dict[str, str]:
    kinds = {device: device.partition(":")[0] for device in devices()}
    return {device: ARITHMETIC[kind] for device, kind in kinds.items() if kind in ARITHMETIC}


class ValuesOnJax:
    """Parameters as JAX arrays, of an optimizer whose state is its own affair."""

    def __init__(self, request: protocol.Open) -> None:
        self.device = shipped.devices()[request.device]
        self.x64 = any(parameter.value.dtype == "float64" for parameter in request.parameters)
        with self.arithmetic():
            self.values = [shipped.to_jax(kit.to_array(p.value)) for p in request.parameters]

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Where and how wide JAX computes."""
        with shipped.enable_x64(self.x64), jax.default_device(self.device):
            yield

    def parameters(self) -> list[Array]:
        with self.arithmetic():
            return [shipped.to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an optimizer that is not known is its own affair")


class OptaxSession(ValuesOnJax):
    """A step as Optax' documentation writes it, over a list of parameters."""

    begun = False  # whether a step was taken

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        super().__init__(request)
        if request.groups:
            raise kit.Unsupported("one transformation has one set of hyperparameters")
        with self.arithmetic():
            changed: dict[str, Any] = {}
            if request.learning_rates:
                if "learning_rate" not in maker.names.own:
                    raise kit.Unsupported("it takes no learning rate, so no schedule")
                rates = jnp.asarray(request.learning_rates)
                changed["learning_rate"] = lambda count: rates[count]
            self.make = lambda: maker.made(**maker.arguments(request, **changed))
            compiled = len({np.shape(value) for value in self.values}) > SHAPES
            self.begin(compiled=compiled)
            self.advance = jax.jit(self.taken) if compiled else self.taken

    def begin(self, *, compiled: bool = False) -> None:
        """A transformation that has taken no step."""
        self.optimizer = self.make()
        if not transformation(self.optimizer):
            kind = type(self.optimizer).__name__
            raise BadTarget(f"it makes a {kind}, which is no Optax transformation")
        init = self.optimizer.init
        with guarded("its init"):
            if compiled:
                with contextlib.suppress(Exception):  # it is no function that can be compiled
                    self.memory = jax.jit(init)(self.values)
                    return
            self.memory = init(self.values)

    def taken(self, own: list[Any], memory: Any, values: list[Any]) -> tuple[list[Any], Any]:
        """Parameters and state after a step."""
        updates, memory = self.optimizer.update(own, memory, values)
        return optax.apply_updates(values, updates), memory

    def step(self, gradients: list[Array]) -> list[Array]:
        with self.arithmetic():
            own = [shipped.to_jax(gradient) for gradient in gradients]
            with guarded("its update"):
                self.values, self.memory = self.advanced(own)
            return [shipped.to_numpy(gradient) for gradient in own]

    def advanced(self, own: list[Any]) -> tuple[list[Any], Any]:
        """A step, which is not compiled where that is not possible."""
        try:
            return self.advance(own, self.memory, self.values)
        except Exception:
            if self.advance == self.taken or self.begun:
                raise
            self.advance = self.taken
            self.begin()  # what a trace has left in it is no step
            return self.advance(own, self.memory, self.values)
        finally:
            self.begun = True


Session = OptaxSession
