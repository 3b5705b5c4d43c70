"""Guided search for the largest score, where there are too many inputs to go through all.

Every element of an array is a trajectory of its own, so one run of the implementation tries a whole
generation.  Those with the largest scores stay and are changed a little: single bits of gradients,
their scale, the order of steps, the parameter.  What is found is the largest *seen*; what is worth
keeping becomes a corpus, which later searches start from and a test runs always.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np

from optimizer_conformance.cases.case import Written
from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.verdict import Observed, arranged, classify, sizes
from optimizer_conformance.questions.sweep.documented import documented
from optimizer_conformance.questions.sweep.record import MalformedSweep
from optimizer_conformance.questions.translate.settings import (
    OptimizerSetting,
    checked,
    setting,
    words,
)
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array, from_bits, to_bits
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.verdicts import Verdict
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.subject import Subject, SubjectError, subject

SIZE = 512  # trajectories a generation
STAYING = 64  # that stay
KEPT = 8  # of a search, in a corpus
BITS = {"float16": "u2", "bfloat16": "u2", "float32": "u4", "float64": "u8"}


class Trajectory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter and its gradients, as hexadecimal floats, and what came of them.

    score  the largest distance from the exact result in units of the bound, in any step
    """

    parameter: str
    gradients: list[str]
    verdict: str
    score: float
    ulp: float
    quantity: str
    step: int


class WorstFound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The worst trajectories of one implementation that a search has come to."""

    implementation: str
    versions: dict[str, str]
    against: str
    dtype: str
    hyperparameters: dict[str, str]
    features: list[str]
    tried: int
    seconds: float
    trajectories: list[Trajectory]


Progress = Callable[[int, int, str], None]


def worst(
    implementation: str,
    given: Iterable[str] = (),
    *,
    against: str = "",
    dtype: str = "float32",
    steps: int = 8,
    generations: int = 60,
    seed: int = 0,
    device: str = "",
    python: str | Path | None = None,
    corpus: Sequence[WorstFound] = (),
    progress: Progress = lambda done, size, words: None,
) -> WorstFound:
    """WorstSearch for trajectories whose results lie far from the exact ones.

    ``corpus`` holds what earlier searches found, of any implementation: they are tried first.
    Raises SubjectError for what cannot be asked, and WorkerError where a worker cannot answer.
    """
    given, began = checked(given), time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(interpreters.within(python))
        progress(0, generations, f"{implementation}: starting")
        asked = stack.enter_context(subject(implementation, device=device))
        told = setting(asked, words(given, asked.implementation.family))
        variant = documented(asked, told, against)
        if dtype not in asked.implementation.dtypes or dtype not in BITS:
            raise SubjectError(f"{asked.name} has no {dtype}")
        if variant.rule.shaped:
            raise SubjectError("the rule looks at several elements: they are no trajectories apart")
        search = WorstSearch(asked, told, variant.rule, dtype, steps, seed)
        search.begin(corpus)
        for generation in range(generations):
            search.generation()
            progress(generation + 1, generations, search.words)
        return WorstFound(
            asked.name,
            asked.description.versions,
            variant.identifier,
            dtype,
            told.decimals,
            list(told.features),
            search.tried,
            round(time.monotonic() - began, 1),
            search.found(),
        )


class WorstSearch:
    """One search: trajectories as columns, the parameter in the first row, then the gradients."""

    def __init__(
        self, asked: Subject, told: OptimizerSetting, rule: Rule, dtype: str, steps: int, seed: int
    ) -> None:
        self.asked, self.told, self.rule = asked, told, rule
        self.dtype, self.steps = dtype, steps
        self.random = np.random.Generator(np.random.Philox(key=seed))
        self.oracle, self.tried = Oracle(), 0
        self.best: Array = np.zeros((steps + 1, 0))
        self.outcome: list[tuple[str, float, float, str, int]] = []
        self.waiting: Array | None = None

    def begin(self, corpus: Sequence[WorstFound]) -> None:
        """The first generation: numbers of every size, and what was found before."""
        scale = np.exp2(self.random.uniform(*self.range, SIZE))
        rows = self.random.standard_normal((self.steps + 1, SIZE)) * scale
        rows[0] *= self.random.integers(0, 2, SIZE)  # from zero, nothing hides behind its size
        known = [
            [float.fromhex(text) for text in (one.parameter, *one.gradients)]
            for search in corpus
            if search.dtype == self.dtype
            for one in search.trajectories
            if len(one.gradients) == self.steps
        ]
        if known:
            rows[:, : len(known)] = np.array(known[:SIZE]).T
        self.waiting = self.held(rows)

    @property
    def range(self) -> tuple[int, int]:
        """Exponents of gradients whose squares stay in the normal range."""
        precision = PRECISIONS[self.dtype]
        return precision.minimum // 2 + 4, precision.maximum // 2 - 4

    def held(self, values: Array) -> Array:
        """The nearest numbers that the dtype has."""
        return from_bits(to_bits(values, self.dtype), self.dtype)

    def generation(self) -> None:
        """Try what is waiting, keep the best, and change them."""
        assert self.waiting is not None
        outcome = self.judged(self.waiting)
        every = np.concatenate([self.best, self.waiting], axis=1)
        outcomes = [*self.outcome, *outcome]
        order = sorted(range(len(outcomes)), key=lambda i: -outcomes[i][1])[:STAYING]
        self.best, self.outcome = every[:, order], [outcomes[i] for i in order]
        self.waiting = self.held(self.changed())

    def judged(self, rows: Array) -> list[tuple[str, float, float, str, int]]:
        """Verdict, score, ulp, quantity and step of the worst result of each trajectory."""
        case = self.case(rows)
        profile = self.asked.implementation.arithmetic.get(self.asked.device, "ieee")
        question = Question(self.rule, case.hyperparameters, case, profile=profile)
        trial = self.asked.steps(
            rows[0], list(rows[1:]), self.told.numbers, features=self.told.features,
            dtype=self.dtype,
        )  # fmt: skip
        observed: Observed = {k: v for k, v in trial.observed.items() if k in question.quantities}
        names, flat, pick = arranged(question, observed)
        codes, way = classify(self.oracle, question, flat, pick, decide_only=False)
        scores, ulps = sizes(flat, pick(self.oracle.table(question)), question.precision)
        if way is not IDEAL:
            held = sizes(flat, pick(self.oracle.table(question, "none", way)), question.precision)
            theirs = codes == Verdict.representation
            scores, ulps = np.where(theirs, held[0], scores), np.where(theirs, held[1], ulps)
        # Below the normal range even the exact result, rounded, may lie outside a bound that
        # knows no underflow.
        measured = (codes <= Verdict.representation) & (scores <= 1)
        scores = np.where(measured, scores, np.where(codes == Verdict.deviates, np.inf, 0.0))
        worst = np.argmax(scores, axis=0)
        self.tried += rows.shape[1]
        return [
            (
                str(Verdict(int(codes[row, column]))),
                float(scores[row, column]),
                float(ulps[row, column]),
                names[row % len(names)],
                row // len(names) + 1,
            )
            for column, row in enumerate(worst.tolist())
        ]

    def case(self, rows: Array) -> Written:
        """The trajectories as one case."""
        return Written(
            self.asked.implementation.family,
            tuple(sorted(self.told.features)),
            self.dtype,
            "trajectory",
            tuple(sorted(self.told.decimals.items())),
            self.steps,
            rows.shape[1],
            0,
            name="worst",
            value=tuple(rows[0].tolist()),
            gradients=tuple(tuple(row.tolist()) for row in rows[1:]),
        )

    def changed(self) -> Array:
        """Children of the best, each changed in one respect."""
        parents = self.random.integers(0, self.best.shape[1], SIZE)
        rows = self.best[:, parents].copy()
        kind = self.random.integers(0, 5, SIZE)
        columns = np.arange(SIZE)
        row = self.random.integers(0, self.steps + 1, SIZE)
        bits = to_bits(rows, self.dtype).view(BITS[self.dtype]).astype(np.uint64)
        width = np.iinfo(BITS[self.dtype]).bits
        flips = np.uint64(1) << self.random.integers(0, width - 2, SIZE).astype(np.uint64)
        bits[row, columns] ^= np.where(kind == 0, flips, np.uint64(0))
        rows = from_bits(stored(bits, self.dtype), self.dtype)
        factors = np.exp2(self.random.normal(0, 1, SIZE))
        rows[row, columns] *= np.where(kind == 1, factors, 1.0)
        rows[1:] *= np.where(kind == 2, factors, 1.0)
        other = self.best[:, self.random.integers(0, self.best.shape[1], SIZE)]
        late = (np.arange(self.steps + 1)[:, None] >= row) & (kind == 3)
        rows = np.where(late, other, rows)
        turned = self.random.permuted(rows[1:], axis=0)
        rows[1:] = np.where(kind == 4, turned, rows[1:])
        usable: Array = np.where(np.isfinite(rows), rows, 1.0)
        return usable

    @property
    def words(self) -> str:
        """How far it has got."""
        return f"largest {self.outcome[0][1]:.3g} of the bound"

    def found(self) -> list[Trajectory]:
        """The worst, the largest score first."""
        return [
            Trajectory(
                float(self.best[0, i]).hex(),
                [float(x).hex() for x in self.best[1:, i]],
                *self.outcome[i],
            )
            for i in range(min(KEPT, len(self.outcome)))
        ]


def stored(bits: Array, dtype: str) -> Array:
    """Bits as they travel."""
    narrow = bits.astype(BITS[dtype])
    kinds = {"float16": np.float16, "float32": np.float32, "float64": np.float64}
    return narrow.view(kinds[dtype]) if dtype in kinds else narrow


def read(path: Path) -> list[WorstFound]:
    """A corpus; empty where there is no file.  Raises MalformedSweep for what is none."""
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(foreign.content(path), type=list[WorstFound])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedSweep(f"{path} is no corpus: {error}") from error


def merged(corpus: Sequence[WorstFound], found: WorstFound) -> list[WorstFound]:
    """The corpus with a search in the place of an earlier one about the same."""

    def about(one: WorstFound) -> tuple[object, ...]:
        return one.implementation, one.against, one.dtype, tuple(one.hyperparameters.items())

    return sorted([*(one for one in corpus if about(one) != about(found)), found],
                  key=lambda one: str(about(one)))  # fmt: skip


def text(corpus: Sequence[WorstFound]) -> str:
    """As it stands in a file."""
    return msgspec.json.format(msgspec.json.encode(list(corpus)), indent=1).decode() + "\n"
