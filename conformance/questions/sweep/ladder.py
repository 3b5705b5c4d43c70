"""The verdicts of a block: by the bound, by what accepts the rest, and one by one at last.

The first loop decides nearly everything.  What it leaves open goes through the tables that
:func:`conformance.judging.verdict.classify` asks, in its order: hyperparameters as this
implementation holds them, then what may happen at the ends of the range.  What none of them accepts
deviates; where the bound promises nothing, ``classify`` itself is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.cases.case import Written
from optimizer_conformance.judging.fused import FusedStep, evaluator
from optimizer_conformance.judging.oracle import Oracle, Question, range_effects
from optimizer_conformance.judging.verdict import arranged, classify
from optimizer_conformance.questions.sweep import marking
from optimizer_conformance.questions.sweep.engines import (
    UNSAID,
    WRONG,
    Host,
    Marks,
    SweepBlock,
    SweepEngine,
    Tables,
)
from optimizer_conformance.questions.sweep.slices import numbers
from optimizer_conformance.reference.numbers import Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reports.verdicts import OF_ELEMENTS, Verdict

ONE_BY_ONE = 1 << 14  # elements at a time that classify is asked about
BESIDE = 64  # elements that no table explains, and others, that classify is asked about together
OFTEN = 1 / 64  # of a block: what a table of the range settles, for it to be asked of every block
BY_TABLE = (Verdict.exact, Verdict.rounding, Verdict.representation, Verdict.range)


@dataclass
class Tally:
    """What has come of a quantity so far.

    counts  results by verdict
    best    the largest score and error in ulp of results inside a bound, and the elements
    held    the largest score of those that the implementation's own hyperparameters explain
    """

    counts: dict[str, int] = field(default_factory=lambda: {str(v): 0 for v in OF_ELEMENTS})
    best: list[float] = field(default_factory=lambda: [0.0, 0.0])
    places: list[int] = field(default_factory=lambda: [-1, -1])
    held: float = 0.0
    deviating: int = -1


@dataclass
class Rest:
    """Elements that are left: their places in the slice, inputs, results, and what is settled."""

    places: Array
    given: tuple[Array, ...]
    seen: Array
    settled: Array = None  # type: ignore[assignment]  # nothing yet

    def __post_init__(self) -> None:
        if self.settled is None:
            self.settled = np.zeros(self.seen.shape, dtype=bool)

    def part(self, chosen: Array) -> Rest:
        """Some of them."""
        given = tuple(row[chosen] for row in self.given)
        rows = (np.ascontiguousarray(rows[:, chosen]) for rows in (self.seen, self.settled))
        return Rest(self.places[chosen], given, *rows)


class Ladder:
    """Judges the blocks of one implementation; ``limit`` elements at most one by one."""

    def __init__(
        self, start: FusedStep, family: str, limit: int, engine: SweepEngine | None = None
    ) -> None:
        self.start, self.shown, self.family, self.left = start, start.quantities, family, limit
        self.oracle, self.way, self.engine = Oracle(), IDEAL, engine or Host()
        self.tallies = {name: Tally() for name in self.shown}
        self.unjudged = 0
        self.known: tuple[tuple[Array, ...], Array] | None = None
        self.often: list[str] = list(self.effects) if self.engine.eager else []

    def learn(self, given: tuple[Array, ...], seen: Array) -> None:
        """How hyperparameters are held, from some elements in the middle of the range."""
        _, self.way = self.verdicts(given, seen)
        few = slice(None, None, max(len(given[0]) // BESIDE, 1))
        self.known = tuple(row[few] for row in given), seen[:, few]

    def judge(self, first: int, bits: tuple[Any, ...], seen: Any) -> None:
        """Count the verdicts of a block of bits, arrays of the engine."""
        engine, xp = self.engine, self.engine.xp
        given = tuple(numbers(row, self.start.dtype) for row in bits)
        found = xp.ascontiguousarray(numbers(seen, self.start.dtype))
        tallies = self.tallies.values()
        marks = Marks.fresh(
            xp.empty(found.shape, np.uint8 if engine.eager else bool),
            np.array([tally.best for tally in tallies]),
            np.array([tally.held for tally in tallies]),
        )
        tables = self.tables()
        engine.judge(SweepBlock(tables, given, found), marks)
        for row, tally in enumerate(tallies):
            for verdict, number in zip(BY_TABLE, marks.counts[row], strict=True):
                tally.counts[str(verdict)] += int(number)
            tally.best, tally.held = marks.best[row].tolist(), float(marks.held[row])
            tally.places = [
                first + int(new) if new >= 0 else old
                for old, new in zip(tally.places, marks.places[row], strict=True)
            ]
        by_effect = dict(zip(self.often, marks.hits[1 + tables.held :], strict=False))
        self.often.sort(key=lambda effect: -by_effect.get(effect, 0))
        if engine.eager:
            self.remaining(first, given, found, marks.settled)
            return
        left = xp.flatnonzero(~marks.settled.all(axis=0))
        if left.size:
            few = tuple(engine.host(row[left]) for row in given)
            rows = (
                np.ascontiguousarray(engine.host(rows[:, left])) for rows in (found, marks.settled)
            )
            self.explain(Rest(first + engine.host(left), few, *rows), found.shape[1])

    def remaining(self, first: int, given: tuple[Any, ...], found: Any, marks: Any) -> None:
        """What every table has been asked of: the rest deviates, or is asked one by one."""
        engine, xp = self.engine, self.engine.xp
        wrong = xp.flatnonzero((marks == WRONG).any(axis=0))[:BESIDE]
        if wrong.size:
            few = tuple(engine.host(row[wrong]) for row in given)
            asked = (engine.host(rows[:, wrong]) for rows in (found, marks == WRONG))
            if not self.stands(few, *asked):
                marks[marks == WRONG] = UNSAID
        for tally, row in zip(self.tallies.values(), marks == WRONG, strict=True):
            count = int(xp.count_nonzero(row))
            tally.counts[str(Verdict.deviates)] += count
            if count and tally.deviating < 0:
                tally.deviating = first + int(row.argmax())
        unsaid = xp.flatnonzero((marks == UNSAID).any(axis=0))
        taken, beyond = unsaid[: self.left], unsaid[self.left :]
        self.unjudged += int(xp.count_nonzero(marks[:, beyond] == UNSAID))
        few = tuple(engine.host(row[taken]) for row in given)
        rows = (engine.host(rows[:, taken]) for rows in (found, marks != UNSAID))
        rest = Rest(first + engine.host(taken), few, *map(np.ascontiguousarray, rows))
        self.one_by_one(rest)

    def tables(self) -> Tables:
        """What a block is judged by at once.

        Where each takes a second to compile, of those of the range only what has settled much.
        """
        held = self.way is not IDEAL
        ways = (IDEAL, self.way) if held else (IDEAL,)
        bounds = (("none", way) for way in ways)
        return Tables(self.start, (*bounds, *((name, self.way) for name in self.often)), held)

    def explain(self, rest: Rest, size: int) -> None:
        """What is left of a block of that size, by every table, and what none says anything of."""
        endless = np.zeros(rest.seen.shape, dtype=bool)
        marking.bounded(evaluator(self.start), rest.given, rest.seen, rest.settled, endless)
        if self.way is not IDEAL:
            best = np.array([tally.held for tally in self.tallies.values()])
            strange = ~np.isfinite(rest.given[-1])
            passed = rest.settled | strange
            self.accept(Verdict.representation, rest, "none", passed, np.zeros_like(passed), best)
            for tally, largest in zip(self.tallies.values(), best, strict=True):
                tally.held = float(largest)
        promised = np.ones(rest.seen.shape, dtype=bool)
        for effect in self.effects:
            left = np.flatnonzero(~(rest.settled | endless).all(axis=0))
            if not left.size:
                break
            part = rest if len(left) == len(rest.places) else rest.part(left)
            passed, unsaid = part.settled | endless[:, left], np.zeros_like(part.settled)
            more = self.accept(Verdict.range, part, effect, passed, unsaid)
            if more > OFTEN * size and effect not in self.often:
                self.often.append(effect)
            rest.settled[:, left] = part.settled
            promised[:, left] &= ~unsaid
        endless |= ~promised
        wrong = ~rest.settled & ~endless
        if (some := np.flatnonzero(wrong.any(axis=0))[:BESIDE]).size:
            part = rest.part(some)
            if not self.stands(part.given, part.seen, wrong[:, some]):
                endless |= wrong
        self.blame(rest, ~rest.settled & ~endless)
        rest.settled |= ~endless
        self.one_by_one(rest.part(np.flatnonzero(~rest.settled.all(axis=0))))

    @property
    def effects(self) -> tuple[str, ...]:
        """What may happen at the ends of the range, as classify asks it."""
        return range_effects(self.start.rule)

    def accept(
        self,
        verdict: Verdict,
        rest: Rest,
        effect: str,
        passed: Array,
        endless: Array,
        best: Array | None = None,
    ) -> int:
        """Settle and count what a table accepts and nobody has ``passed`` over; how many.

        ``endless`` gets what the table promises nothing of; ``best``, the largest scores so far, is
        given where hyperparameters as they are held may explain it.
        """
        found = np.zeros(rest.seen.shape, dtype=bool)
        scores = np.zeros(len(rest.seen)) if best is None else best
        loop = evaluator(self.start, effect, self.way)
        held = best is not None
        marking.accepted(loop, rest.given, rest.seen, passed, held, found, endless, scores)
        self.count(verdict, found)
        rest.settled |= found
        return int(found.sum())

    def count(self, verdict: Verdict, found: Array) -> None:
        """Add the results of one verdict."""
        for tally, number in zip(self.tallies.values(), found.sum(axis=1), strict=True):
            tally.counts[str(verdict)] += int(number)

    def blame(self, rest: Rest, wrong: Array) -> None:
        """Count what deviates, and keep the first of each quantity."""
        self.count(Verdict.deviates, wrong)
        for tally, row in zip(self.tallies.values(), wrong, strict=True):
            if tally.deviating < 0 and row.any():
                tally.deviating = int(rest.places[np.argmax(row)])

    def one_by_one(self, rest: Rest) -> None:
        """Ask classify about elements, as long as it may be asked."""
        allowed = min(len(rest.places), self.left)
        self.left -= allowed
        self.unjudged += int((~rest.settled[:, allowed:]).sum())
        for begin in range(0, allowed, ONE_BY_ONE):
            part = rest.part(np.arange(begin, min(begin + ONE_BY_ONE, allowed)))
            codes, _ = self.verdicts(part.given, part.seen)
            for verdict in OF_ELEMENTS:
                if verdict != Verdict.deviates:
                    self.count(verdict, ~part.settled & (codes == verdict))
            self.blame(part, ~part.settled & (codes == Verdict.deviates))

    def stands(self, given: tuple[Array, ...], seen: Array, wrong: Array) -> bool:
        """Whether classify too says of some of what no table explains that it deviates.

        That something is written so that it loses digits is told by many elements: it is asked
        of these beside those that were learned from.  No table of a single element has it.
        """
        size = len(given[0])
        if self.known is not None:
            known, results = self.known
            given = tuple(np.concatenate(rows) for rows in zip(given, known, strict=True))
            seen = np.concatenate([seen, results], axis=1)
        codes, _ = self.verdicts(given, seen)
        return bool((codes[:, :size] == Verdict.deviates)[wrong].any())

    def verdicts(self, given: tuple[Array, ...], seen: Array) -> tuple[Array, Representation]:
        """What classify says of every result: a row a quantity."""
        question = Question(
            self.start.rule, self.start.decimals, self.case(given), profile=self.start.profile
        )
        former = len(self.start.gradients)
        steps = former + 1
        values = seen.astype(np.float64)
        observed = {
            name: np.stack([*(self.former(name, values) for _ in range(former)), values[row]])
            for row, name in enumerate(self.shown)
        }
        _, flat, pick = arranged(question, observed)
        codes, way = classify(self.oracle, question, flat, pick, decide_only=False)
        return codes.reshape(steps, len(self.shown), -1)[-1], way

    def former(self, name: str, values: Array) -> Array:
        """What stood before the judged step: the reference's own value, which nobody asks about."""
        bare = FusedStep(**{**vars(self.start), "gradients": self.start.gradients[:-1]})
        loop = evaluator(bare)
        rows = len(self.shown)
        value, error = np.empty((rows, 1)), np.empty((rows, 1))
        loop((np.array(self.start.gradients[-1:], np.float32),), 0, 1, value, error)
        return np.full(values.shape[1], np.float32(value[self.shown.index(name), 0]), np.float64)

    def case(self, given: tuple[Array, ...]) -> Written:
        """These elements as a case."""
        start, size = self.start, len(given[0])
        varying = dict(zip(start.varying, given, strict=False))
        gradients = [
            *((number,) * size for number in start.gradients),
            tuple(given[-1].astype(float).tolist()),
        ]
        state = tuple(
            (name, tuple(varying[name].astype(float).tolist()) if name in varying
             else (number,) * size)
            for name, number in start.state
        )  # fmt: skip
        return Written(
            self.family,
            (),
            start.dtype,
            "origin",
            start.decimals,
            len(gradients),
            size,
            0,
            name="every",
            value=(start.parameter,) * size,
            gradients=tuple(gradients),
            state=state,
            taken=start.taken,
        )
