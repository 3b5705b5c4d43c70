"""What has come of the blocks of a sweep so far."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.judging.fused import evaluator
from optimizer_conformance.questions.sweep.engines import SweepEngine
from optimizer_conformance.questions.sweep.ladder import Ladder
from optimizer_conformance.questions.sweep.record import (
    FORMAT,
    KINDS,
    Beside,
    QuantitySweep,
    Settings,
    Sweep,
    Turn,
    Witness,
)
from optimizer_conformance.questions.sweep.slices import Slice, decimal_of, numbers
from optimizer_conformance.questions.sweep.stepping import Stepping
from optimizer_conformance.workers.subject import Subject

PILOT = 512  # elements at each place by which one learns how hyperparameters are held
MIDDLE = (0.15, 0.2, 0.225, 0.235, 0.245, 0.26, 0.3)  # of all bit patterns: numbers around 1
TURNS = 64  # kept of all
ONE_BY_ONE = 1 << 16  # elements that may be judged one by one


@dataclass
class Others:
    """How often the bits of another implementation differ, and the first element, by quantity."""

    subject: Subject
    differing: dict[str, int]
    first: dict[str, int] = field(default_factory=dict)
    witnesses: dict[str, Witness | None] = field(default_factory=dict)


class Findings:
    """What has come of the blocks so far."""

    def __init__(
        self,
        settings: Settings,
        whole: Slice,
        asked: Subject,
        others: Sequence[Subject],
        engine: SweepEngine,
    ) -> None:
        self.settings, self.whole, self.engine = settings, whole, engine
        self.hardware = asked.description.devices.get(asked.device, "")
        self.ladder = Ladder(whole.start, asked.implementation.family, ONE_BY_ONE, engine)
        self.shown = whole.start.quantities
        self.done, self.seconds = 0, 0.0
        self.turns: list[Turn] = []
        self.more_turns = 0
        self.ends = ""  # what the last parameter came to
        self.witnesses: dict[tuple[str, str, int], Witness] = {}
        self.others = [Others(other, dict.fromkeys(self.shown, 0)) for other in others]

    def go_on(self, earlier: Sweep) -> None:
        """Take over what an interrupted sweep had found."""
        self.done, self.seconds = earlier.done, earlier.seconds
        self.turns, self.more_turns = list(earlier.turns), earlier.more_turns
        self.ends = earlier.ends or (self.turns[-1].kind if self.turns else "")
        self.ladder.unjudged = earlier.unjudged
        for name, item in earlier.quantities.items():
            tally = self.ladder.tallies[name]
            tally.counts, tally.held = dict(item.counts), item.held
            for index, label in enumerate(("score", "ulp")):
                witness = getattr(item, label)
                if witness is not None:
                    tally.best[index], tally.places[index] = witness.value, witness.element
                    self.witnesses[name, label, witness.element] = witness
            if item.deviation is not None:
                tally.deviating = item.deviation.element
                self.witnesses[name, "deviation", tally.deviating] = item.deviation
        for other, kept in zip(self.others, earlier.beside, strict=True):
            other.differing = dict(kept.differing)
            other.witnesses = dict(kept.first)

    def learn(self, running: Stepping) -> None:
        """How hyperparameters are held, by gradients in the middle of the range."""
        state = len(self.whole.states) // 2 if self.whole.start.varying else 0
        given, seen = [], []
        host = self.engine.host
        for share in MIDDLE:
            first = int((state + share) * self.whole.gradients)
            bits = self.whole.bits(first, PILOT)
            given.append([numbers(row, self.whole.start.dtype) for row in bits])
            stepped = host(running.send(first, PILOT).result())
            seen.append(numbers(stepped, self.whole.start.dtype))
        joined = tuple(np.concatenate(rows) for rows in zip(*given, strict=True))
        self.ladder.learn(joined, np.concatenate(seen, axis=1))

    def add(self, first: int, seen: Sequence[Any]) -> None:
        """A block: the bits of each implementation, the one that is judged first."""
        xp = self.engine.xp
        bits = self.whole.bits(first, seen[0].shape[1], xp)
        mine = xp.ascontiguousarray(self.engine.array(seen[0]))
        self.ladder.judge(first, bits, mine)
        self.turn(first, mine[self.shown.index("parameter")])
        for name, label, element in self.unseen():
            place = element - first
            self.witnesses[name, label, element] = self.witness(
                element, name, label, int(mine[self.shown.index(name), place])
            )
        for other, theirs in zip(self.others, seen[1:], strict=True):
            self.compare(first, mine, theirs, other)
        self.done += len(bits[0])

    def unseen(self) -> Iterator[tuple[str, str, int]]:
        """Witnesses that this block has brought."""
        for name, tally in self.ladder.tallies.items():
            labelled = zip(("score", "ulp", "deviation"), (*tally.places, tally.deviating),
                           strict=True)  # fmt: skip
            for label, element in labelled:
                if element >= 0 and (name, label, element) not in self.witnesses:
                    yield name, label, element

    def witness(self, element: int, name: str, label: str, bits: int) -> Witness:
        """One element in words and numbers."""
        start = self.whole.start
        given = tuple(numbers(row, start.dtype) for row in self.whole.bits(element, 1))
        rows = np.empty((2, len(self.shown), 1))
        evaluator(start)(given, 0, 1, rows[0], rows[1])
        tally = self.ladder.tallies[name]
        value = {"score": tally.best[0], "ulp": tally.best[1]}.get(label, 0.0)
        expected = float(rows[0, self.shown.index(name), 0])
        return Witness(
            element, self.inputs(element), shown(bits, start.dtype), repr(expected), value
        )

    def inputs(self, element: int) -> dict[str, str]:
        """The inputs of an element."""
        bits = self.whole.bits(element, 1)
        dtype = self.whole.start.dtype
        return {
            name: shown(int(row[0]), dtype)
            for name, row in zip(self.whole.start.inputs, bits, strict=True)
        }

    def turn(self, first: int, row: Any) -> None:
        """Where the parameter comes to something else than the element before."""
        places, kinds = np.zeros(TURNS, np.int64), np.zeros(TURNS, np.int64)
        values = numbers(row, self.whole.start.dtype)
        count = self.engine.turns(values, self.whole.start.parameter, places, kinds)
        known = KINDS[int(kinds[0])] == self.ends
        for place, kind in list(zip(places[:count], kinds[:count], strict=False))[known:]:
            element = first + int(place)
            if len(self.turns) < TURNS:
                self.turns.append(Turn(element, self.inputs(element), KINDS[int(kind)]))
            else:
                self.more_turns += 1
        self.more_turns += max(count - TURNS, 0)
        self.ends = KINDS[kind_of(float(values[-1]), self.whole.start.parameter)]

    def compare(self, first: int, mine: Any, theirs: Any, other: Others) -> None:
        """Bit by bit; two nan are alike whatever they carry."""
        dtype, theirs = self.whole.start.dtype, self.engine.array(theirs)
        for row, name in enumerate(self.shown):
            one, two = (canonical(self.engine.xp, rows[row], dtype) for rows in (mine, theirs))
            count, place = self.engine.unequal(one, two)
            other.differing[name] += count
            if count and other.witnesses.get(name) is None:
                element = first + int(place)
                other.witnesses[name] = Witness(
                    element,
                    self.inputs(element),
                    shown(int(mine[row, place]), dtype),
                    shown(int(theirs[row, place]), dtype),
                    0.0,
                )

    def sweep(self) -> Sweep:
        """All of it."""
        quantities = {
            name: QuantitySweep(
                dict(tally.counts),
                self.witnesses.get((name, "score", tally.places[0])),
                self.witnesses.get((name, "ulp", tally.places[1])),
                tally.held,
                self.witnesses.get((name, "deviation", tally.deviating)),
            )
            for name, tally in self.ladder.tallies.items()
        }
        beside = [
            Beside(
                other.subject.name,
                other.subject.description.versions,
                dict(other.differing),
                {name: other.witnesses.get(name) for name in self.shown},
            )
            for other in self.others
        ]
        return Sweep(
            FORMAT,
            self.settings,
            self.done,
            str(self.ladder.way),
            quantities,
            list(self.turns),
            self.more_turns,
            beside,
            self.ladder.unjudged,
            round(self.seconds, 1),
            self.hardware,
            self.engine.name,
            self.ends,
        )


def kind_of(value: float, before: float) -> int:
    """Which of KINDS a parameter has come to, as :func:`changes.turns` says."""
    if math.isnan(value):
        return 3
    return 2 if math.isinf(value) else int(value != before)


def canonical(xp: Any, bits: Any, dtype: str) -> Any:
    """Bits in which every nan is the same: all ones."""
    values = numbers(bits, dtype)
    return xp.where(xp.isnan(values), bits.dtype.type(np.iinfo(bits.dtype).max), bits)


def shown(bits: int, dtype: str) -> str:
    """Bits in hexadecimal, and the number that they are."""
    digits = 8 if dtype == "float32" else 4
    return f"0x{bits:0{digits}x} = {decimal_of(bits, dtype)!r}"
