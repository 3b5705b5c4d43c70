"""Why a step is none of a rule: what it is instead, and where, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer_conformance.judging.accepted import inside
from optimizer_conformance.judging.oracle import WIDEST, Oracle
from optimizer_conformance.judging.verdict import Observed, arranged, contradicted
from optimizer_conformance.questions.audit import words
from optimizer_conformance.questions.identify.documents import nearest
from optimizer_conformance.questions.steps.asking import case, question
from optimizer_conformance.questions.steps.faults import StepFault, faults
from optimizer_conformance.questions.steps.names import PARAMETER
from optimizer_conformance.questions.steps.places import Places, named, places
from optimizer_conformance.questions.steps.request import StepRequest
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule, possible
from optimizer_conformance.reference.variants import VARIANTS

SAMPLE = 384  # elements of either sort on which rules are tried
NEAR = 2  # choices in which a rule may differ before wrong steps of the right one are tried
SAID = 2  # faults that no element tells apart
NOTHING = "no rule explains it, nor the rule with one fault"


@dataclass(frozen=True)
class StepDiagnosis:
    """What is wrong in words, and the rule that was followed instead, where one is known."""

    why: tuple[str, ...]
    nearest: tuple[str, ...] = ()
    factors: dict[str, str | bool] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def diagnosed(asked: StepRequest, wrong: Mapping[str, Array]) -> StepDiagnosis:
    """Why elements deviate: ``wrong`` maps quantities to their flat indices."""
    found = places(asked, wrong)
    if not found.left.size:
        return StepDiagnosis(found.why, (asked.variant.identifier,), asked.variant.rule.choices)
    return followed(asked, found)


def followed(asked: StepRequest, found: Places) -> StepDiagnosis:
    """Which rule, or which fault of the rule, explains the elements that are left.

    One that explains all elements comes before one that explains a part of the array alone.
    """
    everywhere = Sample(asked, found, found.eligible)
    told = explained(everywhere, "")
    if told is None and found.where:
        told = explained(Sample(asked, found, found.left), f"{found.where}: ")
    if told is not None:
        return replace(told, why=(*found.why, *told.why))
    where = found.where or named(found.left, asked.size)
    text = f"{where}: {NOTHING}" if where else NOTHING
    return StepDiagnosis((*found.why, text), remarks=everywhere.nearest())


def explained(tried: Sample, where: str) -> StepDiagnosis | None:
    """In words, what explains every element of a sample; None where nothing does."""
    if (rule := next(tried.explaining(NEAR), None)) is None:
        if wrong := list(tried.faulty())[:SAID]:
            return StepDiagnosis((where + " (or: ".join(wrong) + ")" * (len(wrong) - 1),))
        if (rule := next(tried.explaining(), None)) is None:
            return None
    text = "; ".join(words.choice(rule, tried.rule))
    near, difference = nearest(rule, tuple(sorted(tried.asked.variant.features)))
    return StepDiagnosis((where + text,), () if difference else near, rule.choices)


class Sample:
    """Elements that deviate and elements that do not, and what was seen of them."""

    def __init__(self, asked: StepRequest, found: Places, eligible: Array) -> None:
        self.asked, self.rule = asked, asked.variant.rule
        good = np.setdiff1d(eligible, found.left, assume_unique=True)
        self.part = np.sort(np.concatenate([spread(found.left), spread(good)]))
        self.bad = np.isin(self.part, found.left)
        self.case = case(asked, self.part)
        self.observed: Observed = {
            PARAMETER if name == asked.moved else name: item.values(self.part).reshape(1, -1)
            for name, item in asked.after.items()
            if name == asked.moved or name in self.rule.state
        }
        for name in found.unwritten:
            self.observed.pop(PARAMETER if name == asked.moved else name, None)
        self.oracle = Oracle()
        self.known: list[Rule] = []
        self.left: dict[Rule, float] = {}

    def explaining(self, most: int = 99) -> Iterator[Rule]:
        """Rules that no element contradicts, the fewest differences first."""
        for rule in self.candidates():
            if len(self.rule.differences(rule)) > most:
                return
            if rule not in self.left:
                self.left[rule] = self.contradicting(rule)
                if not self.left[rule] and self.promises(rule):
                    yield rule

    def candidates(self) -> list[Rule]:
        """Every rule of these hyperparameters that keeps what was seen."""
        if not self.known:
            documents = dict.fromkeys(item.rule for item in VARIANTS.values())
            every = {**documents, **dict.fromkeys(possible(self.asked.decimals))}
            able = [rule for rule in every if self.able(rule)]
            able.sort(key=lambda rule: len(self.rule.differences(rule)))
            self.known = able
        return self.known

    def able(self, rule: Rule) -> bool:
        """Whether a rule can be asked with what is there."""
        if not set(rule.hyperparameters) <= set(self.asked.decimals) or rule.shaped:
            return False
        given = self.case.inputs.parameters[0].state
        if given and not set(rule.state) <= set(given):
            return False
        return set(self.observed) - {PARAMETER} <= set(rule.state)

    def contradicting(self, rule: Rule) -> float:
        """The share of the elements that contradict a rule."""
        asked = question(self.asked, self.case, rule)
        widest = self.oracle.table(asked, "flush", WIDEST)
        _, seen, pick = arranged(asked, self.observed)
        far = ~inside(seen, pick(widest)).all(axis=0) & self.case.ordinary
        if far.any():  # as it will turn out whatever else is asked
            return float(far.mean())
        found = contradicted(self.oracle, asked, self.observed) & self.case.ordinary
        return float(found.mean())

    def promises(self, rule: Rule) -> bool:
        """Whether a rule says anything of some element that deviates."""
        error = self.oracle.table(question(self.asked, self.case, rule)).error
        return bool((np.isfinite(error).all(axis=0) & self.bad).any())

    def faulty(self) -> Iterator[str]:
        """Faults of the rule that every element agrees with, in words."""
        found: list[StepFault] = list(faults(self.asked, self.case, self.observed, self.bad))
        yield from dict.fromkeys(item.words for item in found)

    def nearest(self) -> tuple[str, ...]:
        """The rule that the fewest elements contradict, in words, if it is another."""
        rule = min(self.left, key=lambda rule: self.left[rule], default=self.rule)
        if rule == self.rule:
            return ()
        text = "; ".join(words.choice(rule, self.rule))
        return (
            f"the nearest rule leaves {self.left[rule]:.0%} of the tried elements over: {text}",
        )


def spread(indices: Array) -> Array:
    """As many as are tried, evenly over all."""
    if indices.size <= SAMPLE:
        return indices
    return np.take(indices, np.linspace(0, indices.size - 1, SAMPLE).astype(int))
