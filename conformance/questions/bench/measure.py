"""A measurement: a time beside another time, taken in turn, with its spread.

Times depend on the machine; what can be compared between machines, and from one release to the
next, is how many times as long something takes as another thing that was timed in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

Clock = Callable[[], float]
Pair = tuple[float, float]


@dataclass(frozen=True)
class Measure:
    """What one thing costs at one size.

    group   the table that it stands in, and what that table is about
    name    what is timed
    size    how much of it, in words
    value   the median, in ``unit``
    beside  what was timed in turn with it; empty for nothing
    ratio   the median of value / that, pair by pair; None for nothing
    spread  half of what lies between the quartiles, as a part of the median: of the ratio where
            there is one, else of the value
    aim     the most that it is meant to be, of the ratio where there is one; None for no aim
    """

    group: str
    name: str
    size: str
    value: float
    unit: str
    beside: str = ""
    ratio: float | None = None
    spread: float = 0.0
    aim: float | None = None

    @property
    def judged(self) -> float:
        """What is held against the aim, and against other runs."""
        return self.value if self.ratio is None else self.ratio

    @property
    def met(self) -> bool:
        """Whether it stays under its aim."""
        return self.aim is None or self.judged <= self.aim

    @property
    def key(self) -> str:
        """What it is called from one run to the next."""
        return " · ".join((self.group, self.name, self.size))


@dataclass(frozen=True)
class TimeUnit:
    """Seconds, as so many of a smaller unit a piece."""

    name: str
    scale: float
    pieces: int = 1

    def of(self, seconds: float) -> float:
        """So many seconds in this unit, a piece."""
        return seconds * self.scale / self.pieces


def nanoseconds(elements: int) -> TimeUnit:
    """Nanoseconds an element."""
    return TimeUnit("ns an element", 1e9, elements)


def spread(values: Sequence[float]) -> float:
    """Half the distance of the quartiles, as a part of the median."""
    if len(values) < 2 or not median(values):
        return 0.0
    low, _, high = quantiles(values, n=4)
    return (high - low) / 2 / median(values)


def seconds(call: Callable[[], object], clock: Clock = time.thread_time) -> float:
    """What a call takes, by the processor's time of this thread where nothing else is said."""
    start = clock()
    call()
    return clock() - start


def in_turn(
    ours: Callable[[], object],
    other: Callable[[], object],
    repeats: int,
    clock: Clock = time.thread_time,
) -> list[Pair]:
    """Both in turn, so that whatever the machine does besides meets both; once before for each."""
    ours(), other()
    return [(seconds(ours, clock), seconds(other, clock)) for _ in range(repeats)]


def measured(
    group: str,
    name: str,
    size: str,
    unit: TimeUnit,
    pairs: Iterable[Pair],
    beside: str,
    aim: float | None = None,
) -> Measure:
    """A measurement of pairs of seconds."""
    pairs = list(pairs)
    ratios = [one / other for one, other in pairs]
    value = unit.of(median(one for one, _ in pairs))
    return Measure(group, name, size, value, unit.name, beside, median(ratios), spread(ratios), aim)


def alone(
    group: str,
    name: str,
    size: str,
    unit: TimeUnit,
    times: Sequence[float],
    aim: float | None = None,
) -> Measure:
    """A measurement that has nothing beside it; its aim is of the value."""
    values = [unit.of(one) for one in times]
    return Measure(group, name, size, median(values), unit.name, spread=spread(values), aim=aim)
