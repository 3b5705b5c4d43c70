"""Rows that a worker and we share: what stays the same, the inputs, the results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from optimizer_conformance.questions.sweep.slices import BITS, Slice, bits_of


class Memory:
    """A file in the worker's folder that both map; ``xp`` is the library of its array."""

    xp: Any = np

    def __init__(self, path: Path, slice_: Slice, elements: int) -> None:
        start, shown = slice_.start, slice_.start.quantities
        same = {name: number for name, number in start.state if name not in start.varying}
        names = ["value", *same, *(f"gradient {i}" for i in range(len(start.gradients)))]
        self.rows = {
            name: row for row, name in enumerate([*names, *start.inputs, *map(after, shown)])
        }
        kind = BITS[start.dtype]
        self.array = self.room(path, kind, (len(self.rows), elements))
        fixed = {"value": start.parameter, **same}
        fixed.update({f"gradient {i}": g for i, g in enumerate(start.gradients)})
        for name, number in fixed.items():
            self.array[self.rows[name]] = kind(bits_of(number, start.dtype))
        self.request: dict[str, Any] = {
            "memory": str(path),
            "dtype": start.dtype,
            "elements": elements,
            "value": self.rows["value"],
            "gradients": [self.rows[name] for name in (*names[1 + len(same) :], "gradient")],
            "results": {name: self.rows[after(name)] for name in shown},
            "state": {name: self.rows[name] for name, _ in start.state},
            "step": start.taken,
        }

    def room(self, path: Path, kind: Any, shape: tuple[int, int]) -> Any:
        """The rows, as an array."""
        return np.memmap(path, kind, "w+", shape=shape)

    def results(self, shown: Sequence[str]) -> list[int]:
        """The rows of what comes out."""
        return [self.rows[after(name)] for name in shown]

    def given(self, bits: Sequence[Any], names: Sequence[str]) -> None:
        """Write the inputs of a block; what is left of the last one stays as it was."""
        for name, row in zip(names, bits, strict=True):
            self.array[self.rows[name], : len(row)] = row

    def seen(self, shown: Sequence[str], count: int) -> Any:
        """The bits of the results, a row a quantity."""
        return self.array[self.results(shown), :count]


def after(quantity: str) -> str:
    """What a quantity's row of results is called: a state has one for what went in, too."""
    return f"{quantity} after"
