"""Bounds for arithmetic in one format and state in another, as mixed precision has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from optimizer_conformance.judging.oracle import WIDEST, effects
from optimizer_conformance.reference.numbers import (
    PRECISIONS,
    Bound,
    BoundArithmetic,
    Precision,
    Representation,
)
from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reference.numbers.hyper import IDEAL, representations
from optimizer_conformance.reference.rules import STATE


@dataclass(frozen=True)
class Storage:
    """The formats in which a step computes and keeps its state; empty: that of the arithmetic."""

    working: str
    state: str = ""

    def __str__(self) -> str:
        if self.state in ("", self.working):
            return f"all in {self.working}"
        return f"arithmetic in {self.working}, state in {self.state}"


class Mixed(BoundArithmetic):
    """Bounds in which what a step keeps is rounded once more, to the format that it is kept in."""

    def __init__(self, kept: dict[str, Precision], *arguments: Any) -> None:
        super().__init__(*arguments)
        self.kept = kept

    def define(self, name: str, x: Bound) -> Bound:
        """A kept quantity, rounded to its format where that is narrower."""
        x = super().define(name, x)
        format_ = self.kept.get(name)
        if format_ is None or format_.unit_roundoff <= self.unit:
            return x
        error = x.error + format_.unit_roundoff * (np.abs(x.value) + x.error)
        return Bound(self, x.value, error + format_.smallest_subnormal, x.nonnegative)


@lru_cache(maxsize=512)
def system(
    storage: Storage,
    dtype: str,
    profile: str,
    *,
    way: Representation = WIDEST,
    effect: str = "",
) -> BoundArithmetic:
    """The bounds of a storage whose parameters are of ``dtype``; by default for every holding.

    Experiments stay in the middle of the range, but float16 has hardly one.
    """
    working, state = storage.working, storage.state or storage.working
    kept = dict.fromkeys(STATE, PRECISIONS[state]) | {"parameter": PRECISIONS[dtype]}
    formats = dict.fromkeys((working, dtype))
    widened = [w for name in formats for w in representations(name, corrected=True)]
    return Mixed(
        kept,
        PRECISIONS[working],
        effects(effect or ("flush" if working == "float16" else "none"), working),
        IDEAL if way is WIDEST else way,
        tuple(dict.fromkeys(widened)) if way is WIDEST else (),
        budget(profile, working),
    )


def coarser(dtype: str) -> tuple[Storage, ...]:
    """What an implementation in ``dtype`` may do more coarsely, the least first."""
    return {
        "float64": (Storage("float64", "float32"), Storage("float32")),
        "float32": (Storage("float32", "bfloat16"), Storage("float32", "float16")),
    }.get(dtype, ())


def finer(dtype: str) -> tuple[Storage, ...]:
    """What an implementation in ``dtype`` may do, the finest first."""
    if dtype in ("float16", "bfloat16"):
        return (Storage("float32"), Storage("float32", dtype), Storage(dtype))
    return (Storage(dtype), *coarser(dtype))
