"""What Flax steps: an ``nnx.Optimizer`` over a model, or a ``TrainState`` over parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from optimizer_conformance.adapters import jax as shipped
from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import optax
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import BadTarget, guarded

SKIPPED = 1
DTYPES = optax.DTYPES
PACKAGES = ("flax", *optax.PACKAGES)
devices, arithmetic = optax.devices, optax.arithmetic


def stated(found: Any) -> Any:
    """The constructor of a class, which Flax calls through one of its own."""
    return functools.partial(found.__init__, None) if inspect.isclass(found) else None


class Model(nnx.Module):
    """A model that has these parameters and nothing else."""

    def __init__(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, nnx.Param(value))


class FlaxSession:
    """A session over one optimizer; whether it holds the parameters is for it to say."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        self.device = shipped.devices()[request.device]
        self.x64 = any(parameter.value.dtype == "float64" for parameter in request.parameters)
        if request.groups:
            raise kit.Unsupported("it has one set of hyperparameters")
        changed: dict[str, Any] = {}
        if request.learning_rates:
            if "learning_rate" not in maker.names.own:
                raise kit.Unsupported("it takes no learning rate, so no schedule")
            with self.arithmetic():
                rates = jnp.asarray(request.learning_rates)
            changed["learning_rate"] = lambda count: rates[count]
        self.names = [f"w{index}" for index, _ in enumerate(request.parameters)]
        with self.arithmetic():
            values = [shipped.to_jax(kit.to_array(p.value)) for p in request.parameters]
            self.values = dict(zip(self.names, values, strict=True))
            self.model = Model(self.values)
            first = self.values if stepped_by_state(maker.found) else self.model
            self.optimizer = maker.made(first, **maker.arguments(request, **changed))
        if not (self.holds or isinstance(self.optimizer, nnx.Optimizer)):
            raise BadTarget(
                f"it makes a {type(self.optimizer).__name__}, which is neither an nnx.Optimizer "
                "nor a TrainState"
            )

    @property
    def holds(self) -> bool:
        """Whether it is a ``TrainState``, which has the parameters."""
        return hasattr(self.optimizer, "apply_gradients") and hasattr(self.optimizer, "params")

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Where and how wide JAX computes."""
        with shipped.enable_x64(self.x64), jax.default_device(self.device):
            yield

    def step(self, gradients: list[Array]) -> list[Array]:
        with self.arithmetic():
            own = dict(zip(self.names, map(shipped.to_jax, gradients), strict=True))
            with guarded("its step"):
                if self.holds:
                    self.optimizer = self.optimizer.apply_gradients(grads=own)
                else:
                    self.update(own)
            return [shipped.to_numpy(own[name]) for name in self.names]

    def update(self, own: dict[str, Any]) -> None:
        """A step of ``nnx.Optimizer``, which took the gradients alone before Flax 0.11."""
        gradients = nnx.State({name: nnx.Param(value) for name, value in own.items()})
        if len(inspect.signature(self.optimizer.update).parameters) > 1:
            self.optimizer.update(self.model, gradients)
        else:
            self.optimizer.update(gradients)

    def parameters(self) -> list[Array]:
        with self.arithmetic():
            if self.holds:
                return [shipped.to_numpy(self.optimizer.params[name]) for name in self.names]
            return [shipped.to_numpy(getattr(self.model, name)[...]) for name in self.names]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an optimizer that is not known is its own affair")


def stepped_by_state(found: Any) -> bool:
    """Whether a function takes parameters and not a model: it says that it makes a TrainState."""
    stated = getattr(found, "func", found)
    return "TrainState" in str(inspect.signature(stated).return_annotation)


Session = FlaxSession
