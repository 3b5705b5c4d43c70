"""A first implementation whose rule is known but for a factor of one hyperparameter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

from optimizer_conformance.cases.case import Case
from optimizer_conformance.judging.oracle import Question, inputs_of, ordinary
from optimizer_conformance.judging.verdict import Observed
from optimizer_conformance.mutants.causes import CAUSES, wrong_rules
from optimizer_conformance.questions.audit.candidates import fitted, of_cause, simple
from optimizer_conformance.questions.audit.evidence import Testimony
from optimizer_conformance.questions.audit.suspects import first_look, stands
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.questions.translate.trial import answered
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.workers.subject import Subject

MORE = 1  # added to a case's seed: arrays that were not used to find a factor


def scaled(
    subject: Subject,
    rules: Iterable[Rule],
    setting: OptimizerSetting,
    cases: Sequence[Case],
    seen: Sequence[Observed],
) -> tuple[Rule, str, Fraction] | None:
    """The rule, the hyperparameter and the number that it is multiplied with, if that explains all.

    What is found is asked once more with other gradients.
    """
    profile = subject.implementation.arithmetic.get(subject.device, "ieee")

    def beside(rule: Rule, case: Case, observed: Observed) -> Testimony:
        question = Question(rule, case.hyperparameters, case, profile=profile)
        return Testimony(question, inputs_of(case), observed["parameter"], ordinary(case))

    for rule in rules:
        every = [beside(rule, case, one) for case, one in zip(cases, seen, strict=True)]
        sample = first_look([item for item in every if item.bad.any()])
        if sample is None:
            continue
        for cause in CAUSES:
            if not cause.hyperparameter:
                continue
            make = partial(of_cause, cause, rule)
            tried = [number for number, _ in wrong_rules(cause, rule)]
            near = fitted(cause, rule, make, tried, sample) if tried else None
            for number in simple(near) if near is not None else ():
                if not stands(make(number), every):
                    continue
                again = [replace(case, seed=case.seed + MORE) for case in cases]
                more = [beside(rule, case, answered(subject, case, setting)) for case in again]
                if all(item.agrees(make(number)) for item in more):
                    return rule, cause.hyperparameter, number
                break
    return None
