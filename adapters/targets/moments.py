"""``update(parameters, grads, v, s, t, ...)``: a function that is given what it keeps.

Parameters, gradients and what is kept are dictionaries (``W1``, ``b1``; ``dW1``, ``db1``), lists or
arrays, written over or returned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import styles
from optimizer_conformance.adapters.targets.function import arithmetic, devices
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import guarded
from optimizer_conformance.adapters.targets.styles import TargetStyle

DTYPES: list[protocol.DType] = ["float32", "float64", "float16"]
PACKAGES = ("numpy",)
SKIPPED = 0
__all__ = ["DTYPES", "PACKAGES", "SKIPPED", "Session", "arithmetic", "devices", "skipped"]


def skipped(found: Any) -> int:
    """Parameters, gradients, what is kept, and the number of the step."""
    names = [name.lower() for name in styles.ordinary(found)]
    count = 2
    while count < len(names) and names[count] in (styles.MEMORIES | styles.COUNTS):
        count += 1
    return count


class MomentsSession:
    """What is kept starts as zeros, in the container of the parameters."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        if request.groups:
            raise kit.Unsupported("such a function has one set of hyperparameters")
        self.maker, self.rates = maker, list(request.learning_rates)
        if self.rates and "learning_rate" not in maker.names.own:
            raise kit.Unsupported("the function takes no learning rate")
        self.given = maker.arguments(request)
        self.names = styles.ordinary(maker.found)[: skipped(maker.found)]
        self.values = [kit.placed(parameter) for parameter in request.parameters]
        if maker.style is None:
            maker.style = self.tried()
        self.style: TargetStyle = maker.style
        self.kept = self.initial(self.values, self.style)
        self.count = 0

    def initial(self, values: list[Array], style: TargetStyle) -> list[dict[str, Any]]:
        """Zeros under each name: one set in all, or one a parameter."""
        groups = [[value] for value in values] if style.alone else [values]
        kept = [name for name in self.names[2:] if name.lower() not in styles.COUNTS]
        return [
            {name: style.packed([np.zeros_like(value) for value in some]) for name in kept}
            for some in groups
        ]

    def tried(self) -> TargetStyle:
        """The container in which it moves what it is given."""
        many = self.names[0].lower() in styles.MANY
        names = ("dict", "list", "array") if many else ("array", "list", "dict")

        def trial(style: TargetStyle) -> bool:
            count = 1 if style.alone else 2
            values = [np.full((2, 3), 0.5, np.float32) for _ in range(count)]
            before = [value.copy() for value in values]
            gradients = [np.full((2, 3), 0.25, np.float32) for _ in values]
            kept = self.initial(values, style)[0]
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
        own = [gradient.copy() for gradient in gradients]
        pairs = list(zip(self.values, own, strict=True))
        groups = [[pair] for pair in pairs] if self.style.alone else [pairs]
        after: list[Array] = []
        for some, kept in zip(groups, self.kept, strict=True):
            values, sent = [value for value, _ in some], [gradient for _, gradient in some]
            with np.errstate(all="ignore"), guarded("it"):
                after += self.called(self.style, values, sent, kept, self.count, given)
        self.values = after
        return own

    def parameters(self) -> list[Array]:
        return [np.array(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of a function is its own affair")


Session = MomentsSession
