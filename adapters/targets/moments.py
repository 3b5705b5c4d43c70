"""``update(parameters, grads, v, s, t, ...)``: a function that is given what it keeps.

Parameters, gradients and what is kept are dictionaries (``W1``, ``b1``; ``dW1``, ``db1``), lists or
arrays, written over or returned.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import styles
from optimizer_conformance.adapters.targets.arrays import StyledSession
from optimizer_conformance.adapters.targets.function import arithmetic, devices
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import guarded
from optimizer_conformance.adapters.targets.styles import TargetStyle

DTYPES: list[protocol.DType] = ["float32", "float64", "float16"]
PACKAGES = ("numpy",)
SKIPPED = 0
LOOP = ("saved", "memory")
__all__ = ["DTYPES", "LOOP", "PACKAGES", "SKIPPED", "Session", "arithmetic", "devices", "skipped"]


def skipped(found: Any) -> int:
    """Parameters, gradients, what is kept, and the number of the step."""
    names = [name.lower() for name in styles.ordinary(found)]
    count = 2
    while count < len(names) and names[count] in (styles.MEMORIES | styles.COUNTS):
        count += 1
    return count


class MomentsSession(StyledSession):
    """What is kept starts as zeros, in the container of the parameters."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        super().__init__(request, maker)
        if self.rates and "learning_rate" not in maker.names.own:
            raise kit.Unsupported("the function takes no learning rate")
        self.names = styles.ordinary(maker.found)[: skipped(maker.found)]
        self.kept = [self.initial(some, self.style) for some in self.parts(self.values)]

    def initial(self, values: list[Array], style: TargetStyle) -> dict[str, Any]:
        """Zeros for the parameters of one call, under each name."""
        kept = [name for name in self.names[2:] if name.lower() not in styles.COUNTS]
        return {name: style.packed([np.zeros_like(value) for value in values]) for name in kept}

    def tried(self) -> TargetStyle:
        """The container in which it moves what it is given."""
        many = self.names[0].lower() in styles.MANY
        names = ("dict", "list", "array") if many else ("array", "list", "dict")

        def trial(style: TargetStyle) -> bool:
            count = 1 if style.alone else 2
            values = [np.full((2, 3), 0.5, np.float32) for _ in range(count)]
            before = [value.copy() for value in values]
            gradients = [np.full((2, 3), 0.25, np.float32) for _ in values]
            kept = self.initial(values, style)
            after = self.called(style, values, gradients, kept, 1, self.given)
            return all((old != new).all() for old, new in zip(before, after, strict=True))

        return styles.chosen([TargetStyle(name, constructed=False) for name in names], trial)

    def called(
        self,
        style: TargetStyle,
        values: list[Array],
        gradients: list[Array],
        kept: dict[str, Any],
        count: int,
        given: dict[str, Any],
    ) -> list[Array]:
        """One call; what it returns after the parameters replaces what is kept, in order."""
        before = [np.array(value) for value in values]
        held = style.packed(values)
        rest = [count if n.lower() in styles.COUNTS else kept[n] for n in self.names[2:]]
        result = self.maker.found(held, style.packed(gradients), *rest, **given)
        after = styles.taken(result, held, style, before)
        if isinstance(result, tuple) and len(result) > len(kept):
            kept.update(zip(kept, result[1:], strict=False))
        return after

    def step(self, gradients: list[Array]) -> list[Array]:
        self.count += 1
        given = dict(self.given)
        if self.rates:
            given.update(self.maker.spelled({"learning_rate": self.rates.pop(0)}))
        own = [self.laid(index, gradient) for index, gradient in enumerate(gradients)]
        after: list[Array] = []
        for values, sent, kept in zip(
            self.parts(self.values), self.parts(own), self.kept, strict=True
        ):
            with np.errstate(all="ignore"), guarded("it"):
                after += self.called(self.style, values, sent, kept, self.count, given)
        self.values = [self.placed(index, value) for index, value in enumerate(after)]
        return own

    def reload(self) -> None:
        """What is kept as a file would give it back."""
        try:
            self.kept = pickle.loads(pickle.dumps(self.kept))
        except Exception as error:
            raise kit.Unsupported(f"what it keeps cannot be pickled: {error}") from error


Session = MomentsSession
