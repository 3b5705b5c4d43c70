"""The bench: does a case show the deviation in question, asked of the real worker and judge?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer_conformance.cases.case import Case, Written
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import (
    Answer,
    ProtocolBreach,
    carry_out,
    judge_answer,
    question_for,
)
from optimizer_conformance.judging.explain import alike
from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.rows import raised
from optimizer_conformance.judging.verdict import Divergence, Verdict, contradicted
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Impossible
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.workers.process import Asked, Refused
from optimizer_conformance.workers.subject import Subject

# Units of the bound.  Decides nothing: a deviation that began larger is not shrunk below it, so
# that a reader sees it in the first digits.
VISIBLE = 16.0


@dataclass(frozen=True)
class Sign:
    """What has to stay while a case is made smaller, so that it shows the same deviation.

    kind      ``value``, ``gradient`` or ``dtype`` (what may not change and did), or ``error``
    quantity  what is compared, for values
    changes   the choices in which the rule that explains it differs from the documented one
    narrow    float32 arithmetic explains it
    finite    whether observed and expected value are finite; kept where no rule explains it
    score     the least distance, in units of the bound
    raised    the exception, for errors
    zeros     for gradients: a zero of the other sign may be all that changes
    """

    kind: str
    quantity: str = "parameter"
    changes: tuple[tuple[str, bool | str], ...] = ()
    narrow: bool = False
    finite: tuple[bool, bool] | None = None
    score: float = 0.0
    raised: str = ""
    zeros: bool = False


@dataclass(frozen=True)
class Shown:
    """A case that shows the deviation: what was answered, and where it first shows."""

    answer: Answer | None
    divergence: Divergence


NOWHERE = Divergence(1, "", "", 0, float("nan"), float("nan"), float("inf"), float("inf"))


@dataclass
class CaseJudge:
    """One implementation, and the documented variants of its options.

    variants  set of options to the documented variant of one reading
    known     constructor's defaults, by canonical name
    tried     cases that were asked
    """

    subject: Subject
    variants: Mapping[tuple[str, ...], Variant]
    oracle: Oracle = field(default_factory=Oracle)
    tried: int = 0
    answers: dict[Case, Answer | Refused] = field(default_factory=dict)

    @property
    def worker(self) -> Asked:
        """The worker that serves it."""
        return self.subject.worker

    def unit(self, case: Case) -> Unit:
        """The case as a unit that one variant judges."""
        variant = self.variants[case.features]
        return Unit(self.subject.implementation, self.subject.device, case, (variant,))

    def question(self, case: Case, answer: Answer | None = None) -> Question:
        """What the oracle is asked."""
        omitted = answer.defaults if answer else {}
        return question_for(self.variants[case.features], self.unit(case), omitted)

    def answer(self, case: Case) -> Answer | Refused:
        """What the implementation does with a case; what it raises is an answer too."""
        if case not in self.answers:
            self.tried += 1
            defaults: dict[str, object] = dict(self.subject.defaults)
            try:
                self.answers[case] = carry_out(self.worker, self.unit(case), defaults)
            except Refused as error:
                self.answers[case] = error
        return self.answers[case]

    def shows(self, case: Case, sign: Sign, *, full: bool = False) -> Shown | None:
        """Whether a case shows the deviation.

        ``full`` also seeks one way of holding hyperparameters that explains all elements, as a run
        does; without it an element deviates only if every way leaves it over.
        """
        try:
            answer = self.answer(case)
        except ProtocolBreach:
            return None
        if isinstance(answer, Refused):
            said = sign.kind == "error" and answer.kind == "error"
            same = sign.raised in ("", raised(answer))  # older runs do not say what was raised
            return Shown(None, NOWHERE) if said and same else None
        if sign.kind in ("gradient", "dtype"):
            where = answer.broken.get(sign.kind)
            if sign.kind == "gradient" and isinstance(case, Written) and says_little(case, sign):
                return None
            return Shown(answer, replace(NOWHERE, step=where[0])) if where else None
        if sign.kind == "error" or sign.quantity not in answer.observed:
            return None
        return self.value_shows(case, answer, sign, full=full)

    def value_shows(self, case: Case, answer: Answer, sign: Sign, *, full: bool) -> Shown | None:
        """The same of values: outside what is accepted, and inside what the rule explains."""
        question, unit = self.question(case, answer), self.unit(case)
        seen = replace_observed(answer, {sign.quantity: answer.observed[sign.quantity]})
        judgement = judge_answer(self.oracle, question, unit, seen, decide_only=not full)
        found = judgement.divergence
        if judgement.worst is not Verdict.deviates or found is None or found.score < sign.score:
            return None
        finite = (bool(np.isfinite(found.observed)), bool(np.isfinite(found.expected)))
        if sign.finite is not None and finite != sign.finite:
            return None
        other = self.explaining(question, sign)
        if other is None or (other != question and self.leaves_over(question, other, seen)):
            return None
        return Shown(answer, found)

    def explaining(self, question: Question, sign: Sign) -> Question | None:
        """The question whose answer explains the observation; None where these options have no
        such rule."""
        if sign.narrow:
            return replace(question, working="float32")
        try:
            rule = question.rule.having(**dict(sign.changes))
        except Impossible:
            return None
        return replace(question, rule=rule) if alike(rule, question.rule) else None

    def leaves_over(self, question: Question, other: Question, answer: Answer) -> bool:
        """Whether another rule fails to explain an element that the documented one does not."""
        bad = contradicted(self.oracle, question, answer.observed)
        left: Array = bad & contradicted(self.oracle, other, answer.observed)
        return bool(left.any())


def replace_observed(answer: Answer, observed: dict[str, Array]) -> Answer:
    """An answer with nothing but some of its quantities."""
    return Answer(observed, {}, 0, answer.defaults)


def says_little(case: Written, sign: Sign) -> bool:
    """Whether a zero of the other sign may be all that changes: adding any zero does that."""
    values = [value for row in case.gradients for value in row]
    negative = any(value == 0 and math.copysign(1, value) < 0 for value in values)
    return not any(values) or (negative and not sign.zeros)
