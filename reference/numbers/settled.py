"""Bounds with coefficients that are known: only what each element rounds by itself is left.

The bound of an implementation that forms 1 - beta^t in float32 is an interval for that number, wide
enough for every way of forming it, at each element anew.  But it is one number.  Here each
coefficient is its centre, moved by what somebody says, and off by its own rounding alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer_conformance.reference.numbers.bound import Bound
from optimizer_conformance.reference.numbers.bound_arithmetic import BoundArithmetic


class SettledArithmetic(BoundArithmetic):
    """Bounds with every coefficient at its centre, or ``moved`` from there by so much.

    ``moved`` has the keys of ``constants``, which holds each coefficient that was asked for.
    """

    def __init__(self, *inner: Any, moved: Mapping[object, Any], **more: Any) -> None:
        super().__init__(*inner, **more)
        self.moved = moved

    def _held(self, key: object, exact: Any, error: Any = None) -> Bound:
        if key not in self.constants:
            value = self.nearest(exact(self.representation)) + self.moved.get(key, 0.0)
            self.constants[key] = Bound(self, value, abs(value) * self.unit, value >= 0)
        return self.constants[key]

    def apart(self, b: Bound, c: Bound) -> float:
        """Nothing: weights that do not add up to one are moved to what they are."""
        return 0.0
