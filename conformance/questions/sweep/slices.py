"""Slices: every value that one input of a step can have, or every pair of two.

A slice is the set of all bit patterns of a format, in their order, so a block of it is a range of
integers.  Of a state only what it can hold is gone through: finite numbers, of squares those that
are not negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from optimizer_conformance.judging.fused import FusedStep
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.numbers.precision import Array, from_bits, to_bits
from optimizer_conformance.reference.rules import Rule

BITS: dict[str, Any] = {"float16": np.uint16, "bfloat16": np.uint16, "float32": np.uint32}
KINDS = {
    "first": "every gradient of the first step",
    "second": "every gradient of the second step, after one that stays the same",
    "state": "every gradient of a step from a state that stays the same",
    "pairs": "every pair of a state and a gradient",
}
TAKEN = 10  # steps that led to a state that is put in
FORMER = 0.75  # the gradient before the second step


@dataclass(frozen=True)
class Slice:
    """What is gone through.

    kind   a key of KINDS
    start  the step, its dtype, and the numbers that stay the same
    """

    kind: str
    start: FusedStep

    @cached_property
    def states(self) -> Array:
        """The bits of every state, where it is gone through too."""
        rule, dtype = self.start.rule, self.start.dtype
        bits = np.arange(2 ** (8 * BITS[dtype](0).nbytes), dtype=BITS[dtype])
        values: Array = numbers(bits, dtype)
        kept = np.isfinite(values)
        if rule.state[self.start.varying[0]].squares:
            kept &= ~np.signbit(values)
        return bits[kept]

    @property
    def gradients(self) -> int:
        """How many gradients there are: all bit patterns, nan among them."""
        return int(2 ** (8 * BITS[self.start.dtype](0).nbytes))

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.gradients * (len(self.states) if self.start.varying else 1)

    def bits(self, first: int, count: int, xp: Any = np) -> tuple[Any, ...]:
        """The bits of a range of elements, an array an input; gradients change fastest.

        ``xp`` is the array library that makes them.
        """
        kind = BITS[self.start.dtype]
        every = xp.arange(first, first + count, dtype=np.int64)
        if not self.start.varying:
            return (every.astype(kind),)
        states = xp.asarray(self.states)
        return states[every // self.gradients], (every % self.gradients).astype(kind)


def numbers(bits: Any, dtype: str) -> Any:
    """Bits as float32, which holds every value of these formats; of any array library."""
    if dtype == "float32":
        return bits.view(np.float32)
    if dtype == "bfloat16":
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    with np.errstate(invalid="ignore"):
        return bits.view(np.float16).astype(np.float32)


def slice_of(
    kind: str,
    rule: Rule,
    dtype: str,
    decimals: dict[str, str],
    *,
    parameter: float | None = None,
    varying: str = "",
    profile: str = "ieee",
) -> Slice:
    """A slice with the numbers that stay the same, as far as nothing else is said.

    From a parameter of zero the whole update can be seen; a state is that of small gradients.
    Raises ValueError for a kind that this rule or dtype does not have.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown slice {kind!r}; known are {', '.join(KINDS)}")
    if dtype not in BITS:
        raise ValueError(f"{dtype} has too many values; it can be one of {', '.join(BITS)}")
    if kind in ("state", "pairs") and not rule.state:
        raise ValueError("this rule keeps no state")
    if kind == "pairs" and dtype == "float32":
        raise ValueError("pairs of float32 are too many; --dtype bfloat16 or float16")
    if varying and varying not in rule.state:
        raise ValueError(f"the rule keeps no {varying}; it keeps {', '.join(rule.state)}")
    state = tuple(
        (name, held(0.25 if kept.squares else -0.125, dtype)) for name, kept in rule.state.items()
    )
    squares = [name for name, kept in rule.state.items() if kept.squares]
    start = FusedStep(
        rule,
        dtype,
        tuple(sorted(decimals.items())),
        held(0.0 if parameter is None else parameter, dtype),
        (FORMER,) if kind == "second" else (),
        TAKEN if kind in ("state", "pairs") else 0,
        state if kind in ("state", "pairs") else (),
        ((varying or (squares or [*rule.state])[0]),) if kind == "pairs" else (),
        profile,
    )
    return Slice(kind, start)


def held(value: float, dtype: str) -> float:
    """The nearest number that the dtype has."""
    return float(PRECISIONS[dtype].round(np.asarray(value)))


def bits_of(value: float, dtype: str) -> int:
    """The bits of a number that the dtype has."""
    stored = to_bits(np.asarray([value]), dtype)
    return int(stored.view(BITS[dtype])[0])


def decimal_of(bits: int, dtype: str) -> float:
    """The number of some bits."""
    stored = np.asarray([bits], dtype=BITS[dtype])
    if dtype == "bfloat16":
        return float(from_bits(stored, dtype)[0])
    return float(numbers(stored, dtype)[0])
