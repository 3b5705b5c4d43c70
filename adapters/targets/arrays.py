"""What sessions over NumPy arrays have in common whose state nobody else knows."""

from __future__ import annotations

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.styles import TargetStyle


class ArraySession:
    """Parameters as arrays; ``what`` keeps a state that cannot be seen or set."""

    what = "a function"

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        self.maker, self.rates = maker, list(request.learning_rates)
        self.values = [kit.placed(parameter) for parameter in request.parameters]
        self.layouts = [parameter.gradients for parameter in request.parameters]
        self.memory = [parameter.layout for parameter in request.parameters]
        self.buffers: dict[int, Array] = {}

    def placed(self, index: int, value: Array) -> Array:
        """A parameter goes on where it was asked to lie."""
        layout = self.memory[index]
        return value if layout == "contiguous" else kit.arranged(value, layout)

    def laid(self, index: int, gradient: Array) -> Array:
        """A gradient where it has to lie in memory, and no other one's."""
        if self.layouts[index] != "reused":
            return kit.arranged(gradient.copy(), self.layouts[index])
        buffer = self.buffers.setdefault(index, np.empty_like(gradient))
        buffer[...] = gradient
        return buffer

    def parameters(self) -> list[Array]:
        return [np.array(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported(f"the state of {self.what} is its own affair")


class StyledSession(ArraySession):
    """The same with one set of hyperparameters, in a style that is found by trying."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        if request.groups:
            raise kit.Unsupported(f"{self.what} has one set of hyperparameters")
        super().__init__(request, maker)
        self.given = maker.arguments(request)
        self.count = 0

    @property
    def style(self) -> TargetStyle:
        """Found once for all sessions of the target."""
        if self.maker.style is None:
            self.maker.style = self.tried()
        return self.maker.style

    def tried(self) -> TargetStyle:
        """The style in which it moves what it is given."""
        raise NotImplementedError

    def parts(self, values: list[Array]) -> list[list[Array]]:
        """Arrays as one call gets them: all together, or one after the other."""
        return [[value] for value in values] if self.style.alone else [values]
