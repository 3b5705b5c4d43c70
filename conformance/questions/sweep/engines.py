"""What carries a sweep's judging out: the host's cores, or the device that steps.

Both are made from the same graphs and count the same; what their tables leave open is asked of the
host in either case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from optimizer_conformance.judging.fused import FusedStep, evaluator
from optimizer_conformance.questions.sweep import changes, marking
from optimizer_conformance.questions.sweep.memory import Memory
from optimizer_conformance.questions.sweep.slices import Slice
from optimizer_conformance.reference.numbers import Representation
from optimizer_conformance.reference.numbers.precision import Array


@dataclass(frozen=True)
class Tables:
    """What the results of a step are held against, one after the other.

    tables  an effect of the range, and how hyperparameters are held.  The first is the bound, the
            others are those of the range
    held    whether the second is of hyperparameters as the implementation holds them
    """

    start: FusedStep
    tables: tuple[tuple[str, Representation], ...]
    held: bool


@dataclass(frozen=True)
class SweepBlock:
    """Inputs and results of a block, float32 numbers; ``seen`` has a row a quantity."""

    asked: Tables
    given: tuple[Any, ...]
    seen: Any


# What an eager engine says of a result: no table holds it, one does, or they promise nothing.
WRONG, SETTLED, UNSAID = 0, 1, 2


@dataclass
class Marks:
    """What has come of a block, a row a quantity; ``best`` and ``held`` go on from what they hold.

    settled  whether a table holds a result; of an eager engine WRONG, SETTLED or UNSAID
    counts   results by the columns of :mod:`questions.sweep.marking`
    best     the largest score and error in ulp
    places   the elements of the block that brought them; -1 where none did
    held     the largest score of those that the second table holds
    hits     how many each table has settled, where somebody counts them
    """

    settled: Any
    counts: Array
    best: Array
    places: Array
    held: Array
    hits: Array

    @classmethod
    def fresh(cls, settled: Any, best: Array, held: Array) -> Marks:
        """Before a block."""
        rows = len(best)
        return cls(
            settled,
            np.zeros((rows, 4), np.int64),
            best,
            np.full((rows, 2), -1, np.int64),
            held,
            np.zeros(marking.TABLES, np.int64),
        )


class SweepEngine(Protocol):
    """Arrays of one library, and what is asked of a block of them.

    name      what it is called in a record
    xp        the library's namespace, NumPy's or one like it
    eager     whether every table of the range is asked of every block: compiling costs little
    """

    @property
    def name(self) -> str:
        """Of a record."""

    @property
    def xp(self) -> Any:
        """Of arrays."""

    @property
    def eager(self) -> bool:
        """Of compiling."""

    def memories(self, device: str, slice_: Slice, elements: int) -> Sequence[Memory]:
        """Two memories that lie where this engine works, for what steps there; none elsewhere."""

    def array(self, values: Any) -> Any:
        """Values of the host, or of this library, as this library's."""

    def host(self, values: Any) -> Array:
        """The other way."""

    def judge(self, block: SweepBlock, marks: Marks) -> None:
        """Judge a block."""

    def turns(self, seen: Any, before: float, places: Array, kinds: Array) -> int:
        """:func:`questions.sweep.changes.turns`."""

    def unequal(self, one: Any, other: Any) -> tuple[int, int]:
        """How many of two rows of bits differ, and the first that does; -1 for none."""


class Host:
    """NumPy's arrays and compiled loops."""

    name = "host"
    xp = np
    eager = False

    def memories(self, device: str, slice_: Slice, elements: int) -> Sequence[Memory]:
        """A worker's own folder is the place: none."""
        return ()

    def array(self, values: Any) -> Any:
        """As they are."""
        return values

    def host(self, values: Any) -> Array:
        """As they are."""
        found: Array = values
        return found

    def judge(self, block: SweepBlock, marks: Marks) -> None:
        """By :func:`questions.sweep.marking.judge`."""
        asked = block.asked
        loops = tuple(evaluator(asked.start, effect, way) for effect, way in asked.tables)
        marking.judge(
            loops, block.given, asked.held, block.seen, marking.described(asked.start.dtype),
            marks.settled, marks.counts, marks.best, marks.places, marks.held, marks.hits,
        )  # fmt: skip

    def turns(self, seen: Any, before: float, places: Array, kinds: Array) -> int:
        """By :func:`questions.sweep.changes.turns`."""
        return int(changes.turns(np.ascontiguousarray(seen), before, places, kinds))

    def unequal(self, one: Any, other: Any) -> tuple[int, int]:
        """By :func:`questions.sweep.changes.unequal`."""
        rows = (np.ascontiguousarray(row.astype(np.uint32, copy=False)) for row in (one, other))
        count, first = changes.unequal(*rows)
        return int(count), int(first)
