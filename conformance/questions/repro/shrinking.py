"""Shrinking: from a case that deviates to the smallest that still shows the same deviation.

Greedy and deterministic: one kind of change after another, each as far as it goes, until a round
changes nothing.  Every change is asked of the real implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from optimizer_conformance.cases.case import Written
from optimizer_conformance.cases.plan import required_state
from optimizer_conformance.questions.repro.bench import CaseJudge, Shown, Sign
from optimizer_conformance.questions.repro.changes import (
    chosen,
    cut,
    decimal,
    picked,
    possible,
    with_value,
    without,
)
from optimizer_conformance.questions.repro.simplicity import simpler_decimals, simpler_values

ROUNDS = 4  # the second seldom changes anything
COUNTS = (
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    12,
    15,
    16,
    17,
    24,
    31,
    32,
    33,
    48,
    64,
)  # elements; vectors' edges
FEW = 4  # elements that are made simpler one by one
Progress = Callable[[str], None]


@dataclass
class Shrinking:
    """A case on its way down; ``case`` is the smallest so far, ``shown`` what it shows."""

    bench: CaseJudge
    sign: Sign
    case: Written
    shown: Shown
    full: bool = False
    say: Progress = lambda what: None

    def takes(self, candidate: Written) -> bool:
        """Take a candidate that shows the same deviation."""
        if candidate == self.case or candidate.features not in self.bench.variants:
            return False
        found = self.bench.shows(candidate, self.sign, full=self.full)
        if found is not None:
            self.case, self.shown = candidate, found
        return found is not None

    def first(self, candidates: Iterable[Written]) -> bool:
        """Take the first candidate that shows it."""
        return any(self.takes(candidate) for candidate in candidates)

    def run(self) -> None:
        """Everything, until nothing changes any more."""
        for _ in range(ROUNDS):
            before = self.case
            for change in (
                self.form,
                self.steps,
                self.elements,
                self.hyperparameters,
                self.values,
            ):
                self.say(f"{change.__name__}, {self.bench.tried} cases asked")
                change()
            if self.case == before:
                break

    def options(self) -> None:
        """Without options that do not matter, fewest first."""
        case = self.case
        for count in range(len(case.features)):
            for kept in combinations(case.features, count):
                if self.takes(without(case, set(case.features) - set(kept))):
                    return

    def form(self) -> None:
        """From the initial state, at one rate, in ordinary memory."""
        self.first(forms(self.bench, self.case, self.shown))
        if self.case.rates:
            self.first(
                replace(self.case, rates=(), mode=began(self.case), hyperparameters=rated)
                for rate in dict.fromkeys(self.case.rates)
                for rated in [with_value(self.case.hyperparameters, "learning_rate", rate)]
            )
        self.takes(replace(self.case, layout="contiguous"))

    def steps(self) -> None:
        """No step after the first that shows it, and as few before as possible."""
        if self.case.mode == "restored":
            return
        step = self.shown.divergence.step
        if step < self.case.steps:
            self.takes(cut(self.case, slice(0, step)))
        for count in range(1, self.case.steps):
            if self.takes(cut(self.case, slice(self.case.steps - count, None))):
                return
        for index in reversed(range(self.case.steps)):
            if self.case.steps > 1:
                kept = [place for place in range(self.case.steps) if place != index]
                self.takes(chosen(self.case, kept))

    def elements(self) -> None:
        """One element; where its place matters, the smallest number of equal ones."""
        size = self.case.size
        if size == 1:
            return
        failing = self.shown.divergence.element
        places = [failing] if self.sign.kind == "value" else range(size)
        if self.first(picked(self.case, [place]) for place in places):
            return
        for count in (number for number in (*COUNTS, size) if number <= size):
            if self.takes(picked(self.case, [failing] * count)):
                return
        for count in (number for number in COUNTS if number < size):
            if self.takes(picked(self.case, list(range(count)))):
                return

    def hyperparameters(self) -> None:
        """Defaults where they do, otherwise few digits."""
        for name, text in self.case.hyperparameters:
            default = self.default(name)
            self.first(
                replace(
                    self.case,
                    hyperparameters=with_value(self.case.hyperparameters, name, other),
                )
                for other in simpler_decimals(name, text, default)
            )

    def default(self, name: str) -> str:
        """The constructor's default as a decimal, where it has one that can be one."""
        value = self.bench.subject.defaults.get(name)
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if not numeric or (name in self.case.features and not value):
            return ""
        return decimal(float(value))  # type: ignore[arg-type]  # it was just asked

    def values(self) -> None:
        """Zeros, ones and powers of two in parameter, gradients and state."""
        for change in (self.steady, self.parameter, *self.state_parts()):
            change()
        for step in range(self.case.steps):
            row = self.case.gradients[step]
            self.simpler(row, lambda new, step=step: self.with_gradient(step, new))  # type: ignore[misc]

    def steady(self) -> None:
        """One gradient in every step."""
        rows = self.case.gradients
        self.first(replace(self.case, gradients=(row,) * len(rows)) for row in dict.fromkeys(rows))

    def parameter(self) -> None:
        """A simple parameter."""
        self.simpler(self.case.value, lambda new: replace(self.case, value=new))

    def state_parts(self) -> Iterator[Callable[[], None]]:
        """One change for each state tensor that is put in."""
        for name, values in self.case.state:

            def change(name: str = name, values: tuple[float, ...] = values) -> None:
                self.simpler(values, lambda new: self.with_state(name, new))

            yield change

    def with_gradient(self, step: int, row: tuple[float, ...]) -> Written:
        """The case with another gradient in one step."""
        rows = list(self.case.gradients)
        rows[step] = row
        return replace(self.case, gradients=tuple(rows))

    def with_state(self, name: str, values: tuple[float, ...]) -> Written:
        """The case with another state tensor."""
        state = {**dict(self.case.state), name: values}
        return replace(self.case, state=tuple(state.items()))

    def simpler(
        self, values: tuple[float, ...], make: Callable[[tuple[float, ...]], Written]
    ) -> None:
        """Make the numbers of one tensor simpler: all together where they are equal."""
        if len(set(values)) == 1:
            self.first(
                case
                for other in simpler_values(values[0], self.case.dtype)
                if possible(case := make((other,) * len(values)))
            )
            return
        if len(values) > FEW:
            return
        for index in range(len(values)):
            for other in simpler_values(values[index], self.case.dtype):
                changed = (*values[:index], other, *values[index + 1 :])
                if possible(case := make(changed)) and self.takes(case):
                    values = changed
                    break


def forms(bench: CaseJudge, case: Written, shown: Shown) -> Iterator[Written]:
    """The same steps from simpler starts, the simplest first."""
    plain = replace(case, mode="trajectory", state=(), taken=0)
    if case.mode != "trajectory":
        yield plain
        zero = (0.0,) * case.size
        yield replace(plain, value=zero)
        for count in (2, 3) if case.steps == 1 else ():
            yield replace(plain, gradients=case.gradients * count, steps=count)
    if case.mode == "restored" and shown.answer is not None:
        yield from put_in(bench, case, shown)
    if case.mode == "injected" and case.taken > 1:
        yield replace(case, taken=1)


def put_in(bench: CaseJudge, case: Written, shown: Shown) -> Iterator[Written]:
    """The second half of a restored case, from the state that was read midway."""
    assert shown.answer is not None
    middle = case.steps // 2
    observed = shown.answer.observed
    needed = required_state(bench.subject.implementation, case.features)
    if not set(needed) <= set(observed):
        return
    row = {name: tuple(map(float, values[middle - 1])) for name, values in observed.items()}
    yield replace(
        case,
        mode="injected",
        taken=middle,
        value=row["parameter"],
        state=tuple((name, row[name]) for name in needed),
        gradients=case.gradients[middle:],
        steps=case.steps - middle,
        rates=case.rates[middle:],
    )


def began(case: Written) -> str:
    """The mode of a case that has lost its schedule."""
    return "injected" if case.state else "trajectory"
