"""A ``tf.Module`` that steps variables: ``apply_gradients(grads, vars)``, Sonnet's ``apply`` …"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import styles
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import BadTarget, guarded

SKIPPED = 0
DTYPES: list[protocol.DType] = ["float32", "float64", "float16", "bfloat16"]
PACKAGES: tuple[str, ...] = ("tensorflow", "numpy")


def devices() -> dict[str, str]:
    return {"cpu": "host"}


def arithmetic() -> dict[str, str]:
    return {}


def stated(found: Any) -> Any:
    """The constructor of a class: Sonnet's are called through one of its own."""
    return functools.partial(found.__init__, None) if inspect.isclass(found) else None


def to_tensorflow(array: Array) -> Any:
    """The array's bits as a tensor."""
    bits = array.dtype.name == "uint16"
    return tf.constant(array.view(tf.bfloat16.as_numpy_dtype) if bits else array)


def to_numpy(value: Any) -> Array:
    """The bits of a variable or a tensor, in memory of their own."""
    array: Array = value.numpy().copy()
    return array.view("uint16") if array.dtype == tf.bfloat16.as_numpy_dtype else array


class TensorFlowTargetSession:
    """A session over one object and its variables."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        if request.groups:
            raise kit.Unsupported("it has one set of hyperparameters")
        values = [to_tensorflow(kit.to_array(p.value)) for p in request.parameters]
        self.variables = [tf.Variable(v, name=f"w{i}") for i, v in enumerate(values)]
        self.maker, self.rates = maker, list(request.learning_rates)
        self.optimizer = self.made(request)
        with guarded("its build"):
            self.build()

    def made(self, request: protocol.Open) -> Any:
        """The object; raises Unsupported where no schedule reaches it."""
        found = self.maker.made(**self.maker.arguments(request))
        self.rate = self.maker.names.own.get("learning_rate", "")
        if self.rates and not isinstance(getattr(found, self.rate, None), (float, tf.Variable)):
            raise kit.Unsupported(f"it keeps no {self.rate or 'learning rate'} that can be changed")
        return found

    def build(self) -> None:
        """What has to be there before a step."""
        name = styles.method_of(self.optimizer)
        if not name:
            raise BadTarget(
                f"it makes a {type(self.optimizer).__name__}, which has none of "
                f"{', '.join(styles.METHODS)}"
            )
        self.method = getattr(self.optimizer, name)
        self.first, *others = [word.lower() for word in styles.ordinary(self.method)]
        self.pairs = len(styles.names_of(self.method)) == 1 or not others

    def apply(self, tensors: Sequence[Any]) -> None:
        """One step, with its arguments in its own order."""
        if self.pairs:
            self.method(list(zip(tensors, self.variables)))  # noqa: B905 - equally many
        elif self.first in (styles.MANY | styles.ONE | {"vars"}):
            self.method(self.variables, list(tensors))
        else:
            self.method(list(tensors), self.variables)

    def move(self, rate: float) -> None:
        """Give it the rate of the next step."""
        held = getattr(self.optimizer, self.rate)
        if isinstance(held, tf.Variable):
            held.assign(rate)
        else:
            setattr(self.optimizer, self.rate, rate)

    def step(self, gradients: list[Array]) -> list[Array]:
        if self.rates:
            self.move(self.rates.pop(0))
        tensors = [to_tensorflow(gradient) for gradient in gradients]
        with guarded("its step"):
            self.apply(tensors)
        return [to_numpy(tensor) for tensor in tensors]

    def parameters(self) -> list[Array]:
        return [to_numpy(variable) for variable in self.variables]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an object that is not known is its own affair")


Session = TensorFlowTargetSession
