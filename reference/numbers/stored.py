"""Quantities that are kept in other formats than the one that a step computes in.

A bfloat16 parameter with float32 moments: the step is computed in float32, and what it keeps is
rounded once more where it is stored.  Whoever goes on with the stored number and whoever goes on
with the one in the register are both right, so the rounding enters everything that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.bound import Bound, Effects
from optimizer_conformance.reference.numbers.bound_arithmetic import BoundArithmetic
from optimizer_conformance.reference.numbers.precision import Array, Precision


def narrower(kept: Precision, working: Precision) -> bool:
    """Whether a format does not hold every number of another one."""
    return kept.bits < working.bits or kept.largest < working.largest


class StoringArithmetic(BoundArithmetic):
    """Bounds for one working precision, with quantities that are stored in narrower formats.

    stored  name of a quantity to its format and to what happens at the ends of that one's range
    """

    def __init__(
        self, *inner: Any, stored: Mapping[str, tuple[Precision, Effects]], **more: Any
    ) -> None:
        super().__init__(*inner, **more)
        self.stored = {
            name: place for name, place in stored.items() if narrower(place[0], self.precision)
        }

    def define(self, name: str, x: Bound) -> Bound:
        """As ever, and rounded to the format in which it is stored."""
        found = super().define(name, x)
        if name not in self.stored:
            return found
        kept, effects = self.stored[name]
        size = np.abs(found.value) + found.error
        least = effects.underflow or kept.smallest_subnormal / 2  # a store rounds gradually
        error = found.error + np.maximum(kept.unit_roundoff * size, least)
        result = Bound(self, found.value, error, found.nonnegative)
        return self.saturated(result, kept.largest) if effects.saturate else result


@dataclass(frozen=True)
class Rows:
    """The formats of a table's rows, as one precision: what is asked is answered row by row.

    working  the precision of the arithmetic, in which the reference knows its own error
    """

    working: Precision
    formats: tuple[Precision, ...]

    @property
    def name(self) -> str:
        """Of the arithmetic."""
        return self.working.name

    @property
    def unit_roundoff(self) -> float:
        """Of the arithmetic."""
        return self.working.unit_roundoff

    def round(self, values: Array) -> Array:
        """Each row rounded to nearest in its format."""
        return np.stack([kept.round(row) for kept, row in self._rows(values)])

    def quantum(self, values: Array) -> Array:
        """The unit in the last place at each value."""
        return np.stack([kept.quantum(row) for kept, row in self._rows(values)])

    def _rows(self, values: Array) -> list[tuple[Precision, Array]]:
        every = self.formats * (len(values) // len(self.formats))
        return list(zip(every, values, strict=True))
