"""Wrong steps of the right rule, each held against what was seen: coefficients, course, storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer_conformance.cases.given import GivenCase
from optimizer_conformance.cases.inputs import Input
from optimizer_conformance.judging.oracle import WIDEST, arithmetic
from optimizer_conformance.judging.verdict import Observed
from optimizer_conformance.mutants.bounded import BoundCourse
from optimizer_conformance.mutants.execution import walk
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.mutants.programs import NARROWER
from optimizer_conformance.questions.audit.candidates import listed, sought
from optimizer_conformance.questions.audit.evidence import Candidate, Testimony
from optimizer_conformance.questions.steps.asking import question
from optimizer_conformance.questions.steps.names import PARAMETER
from optimizer_conformance.questions.steps.request import StepRequest
from optimizer_conformance.reference.numbers import IDEAL, PRECISIONS
from optimizer_conformance.reference.numbers.precision import Array

RULES = ("choice", "rule")


@dataclass(frozen=True)
class StepFault:
    """A wrong step that every element agrees with.

    told  elements that deviate and of which it says something
    """

    words: str
    told: int


def faults(
    asked: StepRequest, case: GivenCase, observed: Observed, bad: Array
) -> Iterator[StepFault]:
    """The faults that explain every element, of the most telling kind alone."""
    tried = TriedFault(asked, case, observed, bad)
    seen = testimony(asked, case, observed)
    known = list(listed(asked.variant, seen))
    coarse = [candidate for candidate in known if not hardly(candidate)]
    fine = [candidate for candidate in known if hardly(candidate)]
    every = (
        tried.kept_narrow(),
        tried.cut_off(),
        tried.stale(),
        tried.miscounted(),
        tried.wrong(coarse),
        tried.wrong(sought(asked.variant, seen)),
        tried.wrong(fine),
    )
    for sort in every:
        if found := sorted(sort, key=lambda item: -item.told):
            yield from found
            return


def testimony(asked: StepRequest, case: GivenCase, observed: Observed) -> Testimony:
    """The parameter alone, as audits have it."""
    seen = observed.get(PARAMETER, np.full((1, case.size), np.nan))
    return Testimony(question(asked, case), case.inputs, seen, case.ordinary)


def hardly(candidate: Candidate) -> bool:
    """Whether a number is off by so little that nobody writes it."""
    return bool(candidate.mutant.scaled)


@dataclass(frozen=True, eq=False)
class TriedFault:
    """What was seen, and wrong steps held against it.

    bad  which elements deviate
    """

    asked: StepRequest
    case: GivenCase
    observed: Observed
    bad: Array

    def wrong(self, candidates: Iterable[Candidate]) -> Iterator[StepFault]:
        """The wrong rules that explain every element, of the first kind that has some."""
        kind, rule, names = "", self.asked.variant.rule, set()
        for candidate in candidates:
            mutant = candidate.mutant
            if kind and candidate.kind != kind:
                return
            if candidate.kind in RULES or not set(mutant.rule.state) <= set(rule.state):
                continue  # rules have been tried
            if mutant.arithmetic and not self.held_in(mutant.arithmetic):
                continue
            if candidate.name in names:
                continue  # the same with another number
            case = self.case
            if candidate.sent:
                case = replace(case, inputs=candidate.sent(case.inputs))
            if told := self.agreeing(shown(self.asked, case, mutant)):
                kind = candidate.kind
                names |= {candidate.name} if candidate.name else set()
                yield StepFault(candidate.said(), told)

    def miscounted(self) -> Iterator[StepFault]:
        """Bias corrections, and all that is formed from the step count, of another step."""
        right = self.asked.taken + 1
        how = {right - 1: ", one too few", right + 1: ", one too many"}
        for count in dict.fromkeys((*how, 1, right - 2, right + 2)):
            if self.asked.variant.rule.counted and 1 <= count != right:
                other = replace(self.case, inputs=replace(self.case.inputs, taken=count - 1))
                if told := self.agreeing(shown(self.asked, other, None)):
                    text = f"that of step {count}{how.get(count, '')}; this is step {right}"
                    yield StepFault(f"what is formed from the step count is {text}", told)

    def stale(self) -> Iterator[StepFault]:
        """The parameter moved by something kept as it was before the step."""
        right = shown(self.asked, self.case, None)
        names = tuple(self.case.inputs.parameters[0].state)
        for some in (*((name,) for name in names), names):
            if len(names) > 1 or some != names:
                before = shown(self.asked, self.case, None, some)
                if told := self.agreeing({**right, PARAMETER: before[PARAMETER]}):
                    what = " and the ".join(name.replace("_", " ") for name in some)
                    verb = "were" if len(some) > 1 else "was"
                    yield StepFault(
                        f"the parameter is moved by the {what} as {'they' * (len(some) > 1)}"
                        f"{'it' * (len(some) == 1)} {verb} before this gradient; the document "
                        "says: after it",
                        told,
                    )

    def kept_narrow(self) -> Iterator[StepFault]:
        """A quantity that holds numbers of a narrower format alone."""
        for name, values in self.observed.items():
            kind = dict(self.case.stored).get(name, self.case.dtype)
            for narrow in NARROWER[kind]:
                if self.off(name).any() and holds(narrow, values):
                    what = name.replace("_", " ")
                    text = f"the {what} goes through {narrow}: it holds {narrow} numbers alone"
                    yield StepFault(text, int(self.off(name).sum()))

    def cut_off(self) -> Iterator[StepFault]:
        """What is stored is cut off there, not rounded to nearest."""
        before = shown(self.asked, replace(self.case, stored=()), None)
        right = shown(self.asked, self.case, None)
        for name, kind in self.case.stored:
            if name in self.observed and self.off(name).any():
                value, error = before[name]
                unit = PRECISIONS[kind].quantum(value)
                centre, room = value - np.sign(value) * unit / 2, error + unit / 2
                if told := self.agreeing({**right, name: (centre, room)}):
                    what = name.replace("_", " ")
                    yield StepFault(f"the {what} is cut off where it is stored, not rounded", told)

    def off(self, name: str) -> Array:
        """Where a quantity is not what the rule says."""
        value, error = shown(self.asked, self.case, None)[name]
        wrong: Array = ~(np.abs(self.observed[name][0] - value) <= error) & self.case.ordinary
        return wrong

    def agreeing(self, found: Ends) -> int:
        """How many deviating elements it explains; 0 where some element contradicts it.

        Nor does it explain anything where it promises nothing of most of them.
        """
        told = self.bad.copy()
        with np.errstate(all="ignore"):
            for name in found.keys() & self.observed.keys():
                value, error = found[name]
                # What nothing is promised of is agreed with, nan included.
                inside = (np.abs(self.observed[name][0] - value) <= error) | ~np.isfinite(error)
                if not (inside | ~self.case.ordinary).all():
                    return 0
                told &= np.isfinite(error)
        return int(told.sum()) if 2 * told.sum() > self.bad.sum() else 0

    def held_in(self, dtype: str) -> bool:
        """Whether what was seen can have come out of arithmetic in a format: it holds it."""
        seen = np.concatenate([np.ravel(values) for values in self.observed.values()])
        return holds(dtype, seen)


def holds(dtype: str, seen: Array) -> bool:
    """Whether a format holds numbers."""
    return bool(((PRECISIONS[dtype].round(seen) == seen) | ~np.isfinite(seen)).all())


Ends = dict[str, tuple[Array, Array]]  # quantity to its values, and what they may be off by


def shown(
    asked: StepRequest, case: GivenCase, mutant: Mutant | None, stale: tuple[str, ...] = ()
) -> Ends:
    """Each quantity after a step, a wrong one perhaps; ``stale`` ones are used as they were."""
    narrow = mutant.arithmetic if mutant else ""
    way = WIDEST if mutant is None or mutant.held is IDEAL else mutant.held
    rule, dtype = mutant.rule if mutant else asked.variant.rule, narrow or asked.arithmetic
    num = arithmetic(dtype, "flush", way, rule.corrected, asked.device, stored=case.stored)
    start = case.inputs.parameters[0]
    course: Any = BoundCourse(Stale(num, start, stale) if stale else num, dtype)
    with np.errstate(all="ignore"):
        decimals = dict(case.hyperparameters)
        row = next(walk(rule, decimals, case.inputs.parameters, case.inputs, course, mutant))

    def spread(values: Any) -> Array:
        return np.broadcast_to(np.ravel(values), start.value.size).astype(float)

    return {
        name: (spread(item.value), spread(item.error) * num.slack) for name, item in row.items()
    }


class Stale:
    """A number system in which quantities that are kept stay what they were."""

    def __init__(self, num: Any, start: Input, names: tuple[str, ...]) -> None:
        self.num, self.start, self.names = num, start, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self.num, name)

    def define(self, name: str, x: Any) -> Any:
        """As the inner system does, or what was there before."""
        if name not in self.names:
            return self.num.define(name, x)
        return self.num.given(np.ravel(self.start.state[name]), nonnegative=x.nonnegative)
