"""Where elements deviate, and whether they were written at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer_conformance.questions.steps.request import StepRequest
from optimizer_conformance.reference.numbers.precision import Array

NAMED = 8  # places that are named one by one
TAIL = 32  # elements that are left over where the others go by vectors
FEW = 64  # times as many do not deviate


@dataclass(frozen=True, eq=False)
class Places:
    """What the places tell.

    why        what they alone explain, in words
    left       flat indices of the elements that they do not explain
    eligible   elements that a rule may have to explain, ``left`` among them
    where      words for a part of the array that alone deviates; empty: it is no such part
    unwritten  quantities that the step does not write
    """

    why: tuple[str, ...]
    left: Array
    eligible: Array
    where: str = ""
    unwritten: tuple[str, ...] = ()


def places(asked: StepRequest, wrong: Mapping[str, Array]) -> Places:
    """``wrong`` maps each quantity to the flat indices of the elements that deviate."""
    size = asked.size
    unwritten: dict[str, list[str]] = {}
    explained, left = [], []
    for name, indices in wrong.items():
        if not unmoved(asked, name, indices).all():
            left.append(indices)
        elif indices.size:
            place = part(indices, size)
            unwritten.setdefault(place, []).append(name)
            explained += [indices] if place else []
    nothing = np.zeros(0, int)
    out = np.concatenate([nothing, *explained])
    remaining = np.setdiff1d(np.concatenate([nothing, *left]), out)
    where = part(remaining, size)
    eligible = np.setdiff1d(np.arange(size), out)
    why = tuple(not_written(names, place) for place, names in unwritten.items())
    return Places(why, remaining, eligible, where, tuple(unwritten.get("", ())))


def unmoved(asked: StepRequest, name: str, indices: Array) -> Array:
    """Which of the elements are what they were before the step, bit by bit."""
    if name not in asked.before:
        return np.zeros(indices.size, bool)
    old, new = asked.before[name], asked.after[name]
    if old.format != new.format:
        return np.zeros(indices.size, bool)
    one, two = old.values(indices), new.values(indices)
    found: Array = (one == two) | (np.isnan(one) & np.isnan(two))
    return found


def not_written(names: list[str], where: str) -> str:
    """That quantities are as they were, in words."""
    what = " and ".join(", ".join(n.replace("_", " ") for n in names).rsplit(", ", 1))
    verb = "are" if len(names) > 1 else "is"
    prefix = f"{where}: " if where else ""
    return f"{prefix}{what} {verb} not written: what was there before the step is there after it"


def part(indices: Array, size: int) -> str:
    """Words for a part of the array; empty where the elements are all over it."""
    if not indices.size or indices.size > size // 2:
        return ""
    first, last = int(indices[0]), int(indices[-1])
    if size - first <= TAIL and size > TAIL * 4:
        return f"the last {size - first:,} of {size:,} elements alone"
    if last == size - 1 and indices.size * 2 > size - first and first > 0:
        return f"the last {size - first:,} of {size:,} elements alone"
    if first == 0 and indices.size * 2 > last + 1 and last < size - 1:
        return f"the first {last + 1:,} of {size:,} elements alone"
    if indices.size >= 3 and (every := stride(indices, size)):
        return every
    return ""


def named(indices: Array, size: int) -> str:
    """A few elements by their numbers; empty where they are many."""
    if indices.size > NAMED or size < FEW * indices.size:
        return ""
    return f"of {size:,} elements number {', '.join(map(str, indices))} alone"


def stride(indices: Array, size: int) -> str:
    """Every n-th element, if it is that."""
    step = int(np.gcd.reduce(np.diff(indices)))
    start = int(indices[0])
    if step < 2 or indices.size * 2 <= (size - start) / step:
        return ""
    return f"every {step}th element from number {start} on alone"
