"""An optimizer class of Keras 2, of ``keras`` or ``tf_keras``, or one of its legacy."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.targets import tensorflow as shared
from optimizer_conformance.adapters.tensorflow_keras2 import schedule_of

SKIPPED = shared.SKIPPED
DTYPES: list[protocol.DType] = shared.DTYPES
PACKAGES = ("tensorflow", "numpy")
devices, arithmetic = shared.devices, shared.arithmetic


def package_of(found: Any) -> Any:
    """The package of the base class: ``keras`` or ``tf_keras``, as its users import it."""
    lines = found.__mro__ if inspect.isclass(found) else type(found).__mro__
    names = {c.__module__.partition(".")[0] for c in lines}
    name = "tf_keras" if "tf_keras" in names else "keras"
    return sys.modules[name]


class Keras2Session(shared.TensorFlowTargetSession):
    """A session over one optimizer."""

    def made(self, request: protocol.Open) -> Any:
        arguments = self.maker.arguments(request)
        if self.rates:
            name = self.maker.names.own.get("learning_rate")
            if name is None:
                raise kit.Unsupported("it takes no learning rate, so no schedule")
            found = getattr(self.maker.found, "func", self.maker.found)
            arguments[name] = schedule_of(package_of(found))(self.rates)
            self.rates = []
        return self.maker.made(**arguments)

    def build(self) -> None:
        if not hasattr(self.optimizer, "get_slot"):  # the legacy makes its slots as it steps
            self.optimizer.build(self.variables)

    def apply(self, tensors: Sequence[Any]) -> None:
        pairs = list(zip(tensors, self.variables))  # noqa: B905 - equally many
        self.optimizer.apply_gradients(pairs)


Session = Keras2Session
