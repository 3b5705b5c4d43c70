"""Two implementations and one setting of the first: which setting of the second does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from optimizer_conformance.cases.plan import claimed_variants, comparable_variants
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.judging.verdict import Judgement, Observed, Verdict
from optimizer_conformance.mutants.causes import shown as shown_number
from optimizer_conformance.questions.translate.code import Unwritable, wrapper
from optimizer_conformance.questions.translate.drift import measured, nearest
from optimizer_conformance.questions.translate.proof import Relation, relation
from optimizer_conformance.questions.translate.result import (
    CheckedRun,
    Drift,
    Outcome,
    ShortestDifference,
    Side,
    Translation,
)
from optimizer_conformance.questions.translate.scaling import scaled
from optimizer_conformance.questions.translate.settings import (
    OptimizerSetting,
)
from optimizer_conformance.questions.translate.telling import (
    lacking,
    numbers_of,
    obstacle,
    options_of,
    outcome,
    varies,
)
from optimizer_conformance.questions.translate.transformations import simple
from optimizer_conformance.questions.translate.trial import (
    IdentifiedRule,
    Told,
    answered,
    cases,
    found,
    judged,
    summed,
    weighed,
)
from optimizer_conformance.questions.translate.values import number, sequence
from optimizer_conformance.questions.translate.witness import shortest
from optimizer_conformance.questions.translate.wrapping import audited
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.rules import RMSPROP, Rule
from optimizer_conformance.reference.rules.words import contrast
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.subject import Subject, SubjectError, described

Progress = Callable[[str], None]
SHOWN = 5  # values of a schedule that are printed


def silent(_: str) -> None:
    """No progress."""


@dataclass
class Pairing:
    """One question: two subjects, and the first one's setting."""

    one: Subject
    other: Subject
    asked: OptimizerSetting
    dtype: str
    steps: int
    oracle: Oracle
    progress: Progress
    plain: bool = False  # neither wrapper nor alternatives
    sent: OptimizerSetting | None = None  # what the user said, where it computes with others

    def answer(self) -> Translation:
        """Find both rules, relate them, and prove or refuse by running the second."""
        found_ = self.found_out()
        if found_.proved or self.plain:
            return found_
        return replace(self.wrapped(found_), alternatives=self.alternatives())

    def alternatives(self) -> tuple[str, ...]:
        """Other implementations of the second one's class that can be told to do the same.

        Those whose documents give hope are run; compiled ones do what theirs does.
        """
        if self.rule.rule is None or self.rule.partly:
            return ()
        own = self.other.name.partition("[")[0]
        features = tuple(sorted(options_of(self.other, self.asked.features)))
        found_ = []
        for item in self.other.description.implementations:
            if item.name == self.other.name or item.name.partition("[")[0] != own or item.compiled:
                continue
            if item.devices and any(
                self.hopeful(variant.rule) for variant in claimed_variants(item, features)
            ):
                self.progress(f"{item.name}: trying it as well")
                another = described(
                    self.other.worker, item.name, description=self.other.description
                )
                asked = replace(self, other=another, plain=True, steps=1)
                with suppress(WorkerError, SubjectError):
                    if asked.answer().proved:
                        found_.append(item.name)
        return tuple(found_)

    def hopeful(self, rule: Rule) -> bool:
        """Whether a rule could be told to take the first one's steps."""
        related = relation(self.first, rule, self.asked.zero)
        return related is not None and not related.state

    def wrapped(self, refused: Translation) -> Translation:
        """The same with the first one's rule as code for the second one's framework."""
        if self.rule.rule is None or self.rule.partly:
            return refused
        adapter = self.other.name.partition(":")[0]
        what = f"The steps of {self.one.name}, {shown(self.asked.decimals)}."
        try:
            code = wrapper(self.first, self.asked.decimals, adapter, what)
        except Unwritable as reason:
            return replace(refused, unchecked=f"no code is written for {reason}")
        self.progress("running the wrapper")
        runs, why = audited(self.oracle, code, adapter, self.first, self.asked, self.cases)
        return replace(refused, code=code, checked=runs, unchecked=why)

    def found_out(self) -> Translation:
        """The answer without a wrapper."""
        self.progress(f"{self.one.name}: which rule does it follow?")
        self.cases = cases(self.one, self.asked, self.dtype)
        follows, self.seen = found(self.oracle, self.one, self.asked, self.cases)
        if follows.rule is None or follows.partly:
            follows = self.rescaled() or follows
        if follows.rule is None or follows.partly:
            return self.ruleless(follows)
        self.rule, self.first = follows, follows.rule
        features = options_of(self.other, self.asked.features)
        trial = OptimizerSetting(features, numbers_of(self.other, self.asked.decimals, features))
        self.progress(f"{self.other.name}: which rule does it follow?")
        self.second_rule = IdentifiedRule(None, "", "")  # not known where the worker refuses
        try:
            asked = cases(self.other, trial, self.dtype)
            self.second_rule, _ = found(self.oracle, self.other, trial, asked)
        except WorkerError as error:
            return self.refusal(
                trial, f"{self.other.name} refuses these hyperparameters: {error}", drifting=False
            )
        rule = self.second_rule.rule
        if rule is None or self.second_rule.partly:
            return self.refusal(
                trial,
                f"{self.other.name} follows no rule that is the same for all elements"
                + (f" ({self.second_rule.departs})" if self.second_rule.departs else ""),
            )
        self.second = rule
        connected = relation(self.first, self.second, self.asked.zero)
        if connected is None:
            words_ = contrast(self.first, self.second)
            lost = lacking(self.other, self.asked.features, features)
            return self.refusal(trial, "; ".join(part for part in (lost, words_) if part))
        return self.connected(connected, features)

    def rescaled(self) -> IdentifiedRule | None:
        """The first one's rule where one of its numbers is multiplied with a factor.

        From here on what it is told is what it computes with; ``sent`` is what the user said.
        """
        item, features = self.one.implementation, self.asked.features
        known = comparable_variants(item, tuple(sorted(features)))
        documents = {variant.rule: variant.identifier for variant in known}
        told = scaled(self.one, documents, self.asked, self.cases, self.seen)
        if told is None:
            return None
        rule, name, factor = told
        self.sent = self.asked
        value = shown_number(Fraction(self.asked.decimals[name]) * factor)
        self.asked = replace(self.asked, decimals={**self.asked.decimals, name: value})
        self.cases = cases(self.one, self.asked, self.dtype)
        self.seen = [answered(self.one, case, self.sent) for case in self.cases]
        departs = f"{HYPERPARAMETERS[name].words} is multiplied with {shown_number(factor)}"
        return IdentifiedRule(rule, documents[rule], departs)

    def ruleless(self, rule: IdentifiedRule) -> Translation:
        """The first implementation follows no rule: there is nothing to translate."""
        self.rule, self.second_rule = rule, IdentifiedRule(None, "", "")
        features = options_of(self.other, self.asked.features)
        trial = OptimizerSetting(features, numbers_of(self.other, self.asked.decimals, features))
        return self.refusal(
            trial,
            f"{self.one.name} follows no rule that is the same for all elements"
            + (f" ({rule.departs})" if rule.departs else ""),
        )

    def connected(self, related: Relation, features: tuple[str, ...]) -> Translation:
        """The rules walk together: prove it by running the second."""
        decimals = {
            name: number(expression, self.asked.decimals, 1)
            for name, expression in related.expressions.items()
        }
        told = OptimizerSetting(features, dict(sorted(decimals.items())))
        differ = contrast(self.first, self.second)
        if (hindered := obstacle(self.other.implementation, related, differ)) is not None:
            kind, reason = hindered
            return self.refusal(told, reason, outcome=kind, related=related)
        self.progress(f"{self.other.name}: running it with the translated hyperparameters")
        try:
            runs, judgements, answers = self.proof(related, told)
        except WorkerError as error:
            return self.refusal(told, f"{self.other.name} refuses {shown(decimals)}: {error}")
        if any(judgement.worst is Verdict.deviates for judgement in judgements):
            refused = self.refusal(
                told,
                "by their formulas both would do the same, but the second one's steps contradict "
                "the first one's rule",
                runs=runs,
            )
            return replace(refused, witness=self.witness(judgements, answers))
        if related.state:
            told_apart, answers = self.plainly(told)
            return replace(
                self.translation("state", told, related, runs=runs),
                reason=differ,
                drift=self.drift(told),
                witness=self.witness(told_apart, answers),
            )
        given = (self.sent or self.asked).decimals
        return self.translation(outcome(related, given, decimals), told, related, runs=runs)

    def proof(
        self, related: Relation, told: OptimizerSetting
    ) -> tuple[tuple[CheckedRun, ...], list[Judgement], list[Observed]]:
        """Every case that the relation covers, run by the second and judged by the first's rule."""
        runs, judgements, answers = [], [], []
        expression = related.expressions["learning_rate"]
        for case in self.cases:
            rates = tuple(inputs_of(case).rates)
            if rates and not (related.schedules and self.other.implementation.schedules):
                continue
            if rates and varies(related):
                continue  # what follows the rate would have to change with it
            own: Sequence[str] = ()
            if rates or not simple(expression):
                own = sequence(expression, self.asked.decimals, case.steps, rates)
            observed = answered(self.other, case, told, rates=own, state=related.state)
            judgement, bound = weighed(
                self.oracle,
                self.other,
                Told(self.first, self.asked.decimals),
                Told(self.second, told.decimals),
                case,
                observed,
                own,
            )
            runs.append(summed(case, judgement, bound, observed))
            judgements.append(judgement)
            answers.append(observed)
        return tuple(runs), judgements, answers

    def plainly(self, told: OptimizerSetting) -> tuple[list[Judgement], list[Observed]]:
        """The second as it stands, with constant numbers: where it departs from the first."""
        judgements, answers = [], []
        for case in self.cases:
            if inputs_of(case).rates and not self.other.implementation.schedules:
                continue
            observed = answered(self.other, case, told)
            answers.append(observed)
            judgements.append(
                judged(
                    self.oracle,
                    self.other,
                    self.rule.rule or RMSPROP,
                    self.asked.decimals,
                    case,
                    observed,
                )
            )
        return judgements, answers

    def refusal(
        self,
        told: OptimizerSetting,
        reason: str,
        *,
        outcome: Outcome = "none",
        related: Relation | None = None,
        runs: tuple[CheckedRun, ...] = (),
        drifting: bool = True,
    ) -> Translation:
        """No setting does the same: the nearest one, the drift, and a witness."""
        result = self.translation(outcome, told, related, reason=reason, runs=runs)
        if not drifting:
            return result
        if self.rule.rule is not None and self.second_rule.rule is not None:
            self.progress("looking for the nearest setting")
            second = self.second_rule.rule
            near = nearest(self.rule.rule, self.asked.decimals, second, self.steps, self.dtype)
            told = OptimizerSetting(told.features, dict(sorted(near.items())))
        self.progress(f"following both for {self.steps} steps")
        try:
            drift = self.drift(told)
            judgements, answers = self.plainly(told)
        except WorkerError as error:
            return replace(result, reason=f"{reason}; with {shown(told.decimals)} it says: {error}")
        return replace(
            result,
            hyperparameters=told.decimals,
            drift=drift,
            witness=self.witness(judgements, answers) if self.rule.rule else None,
        )

    def drift(self, told: OptimizerSetting) -> tuple[Drift, ...]:
        """How far both part."""
        return measured(self.one, self.asked, self.other, told, self.dtype, self.steps)

    def witness(
        self, judgements: Sequence[Judgement], answers: Sequence[Observed]
    ) -> ShortestDifference | None:
        """The shortest run in which they part; ``answers`` are the second one's."""
        asked = [
            case
            for case in self.cases
            if not inputs_of(case).rates or self.other.implementation.schedules
        ]
        return shortest(list(zip(asked, judgements, self.seen, answers, strict=False)))

    def translation(
        self,
        outcome: Outcome,
        told: OptimizerSetting,
        related: Relation | None,
        *,
        reason: str = "",
        runs: tuple[CheckedRun, ...] = (),
    ) -> Translation:
        """The answer, as far as it is known."""
        expressions: Mapping[str, Any] = related.expressions if related else {}
        changing = related.changing if related else ()
        return Translation(
            outcome=outcome,
            first=side(self.one, self.rule),
            second=side(self.other, self.second_rule),
            dtype=self.dtype,
            features=self.asked.features,
            given=(self.sent or self.asked).decimals,
            options=told.features,
            hyperparameters=told.decimals,
            formulas={name: str(expression) for name, expression in expressions.items()},
            schedules={
                name: sequence(expressions[name], self.asked.decimals, SHOWN) for name in changing
            },
            state=related.state if related else {},
            varying=bool(related and related.schedules and not varies(related)),
            reason=reason,
            runs=runs,
        )


def side(subject_: Subject, rule: IdentifiedRule) -> Side:
    """One implementation as the answer names it."""
    formula: tuple[str, ...] = ()
    if rule.rule is not None:
        formula = (*starts(rule.rule), *(text for text, _ in equations(rule.rule)))
    return Side(
        subject_.name,
        subject_.device,
        rule.documents,
        formula,
        rule.departs,
        subject_.description.versions,
    )


def shown(decimals: Mapping[str, str]) -> str:
    """Hyperparameters as words."""
    return " ".join(f"{name}={value}" for name, value in decimals.items())
