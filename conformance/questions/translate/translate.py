"""``translate``: what the second implementation is told so that it does what the first does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from optimizer_conformance.cases.case import overflow
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
    checked,
    setting,
    words,
)
from optimizer_conformance.questions.translate.transformations import RATE, simple
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
from optimizer_conformance.reference.decimals import HyperparameterError
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, options
from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.rules import RMSPROP, Rule
from optimizer_conformance.reference.rules.words import contrast
from optimizer_conformance.reference.variants.record import FEATURES
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.subject import Subject, SubjectError, described, subject

STEPS = 100  # of the drift
Progress = Callable[[str], None]


def silent(_: str) -> None:
    """No progress."""


def translate(
    first: Any,
    second: Any,
    given: Iterable[str] | Mapping[str, Any] = (),
    *,
    dtype: str = "float32",
    steps: int = STEPS,
    python: str | Path | None = None,
    progress: Progress = silent,
) -> Translation:
    """What makes ``second`` do what ``first`` does, proved by running both; or why nothing does.

    ``first`` and ``second`` name implementations (``torch:RMSprop``) or targets
    (``mine.py:MyAdam``), or are an optimizer's class or function itself; ``given`` are
    ``name=value`` words for the first, or a mapping; its own defaults stand for the rest.
    ``steps`` is how long their drift is followed where nothing does; both run in the interpreter
    ``python`` if that is given.

    Raises SubjectError for what cannot be asked, HyperparameterError for a value that cannot be
    meant, and WorkerError where a worker cannot answer.
    """
    if isinstance(given, Mapping):
        given = [f"{name}={value}" for name, value in given.items()]
    given = checked(given)
    with ExitStack() as stack:
        stack.enter_context(interpreters.within(python))
        progress(f"{named(first)}: starting")
        one = stack.enter_context(subject(first))
        progress(f"{named(second)}: starting")
        other = stack.enter_context(subject(second))
        return between(one, other, given, dtype=dtype, steps=steps, progress=progress)


def named(asked: Any) -> str:
    """What was asked, as it is printed."""
    return asked if isinstance(asked, str) else str(getattr(asked, "__qualname__", asked))


def between(
    one: Subject,
    other: Subject,
    given: Iterable[str] = (),
    *,
    dtype: str = "float32",
    steps: int = STEPS,
    progress: Progress = silent,
) -> Translation:
    """The same for implementations whose workers run."""
    for side in (one, other):
        if dtype not in side.implementation.dtypes:
            raise SubjectError(
                f"{side.name} has no {dtype}; it has {', '.join(side.implementation.dtypes)}"
            )
    asked = setting(one, words(given, one.implementation.family))
    if beyond := overflow(asked.decimals, dtype):
        raise HyperparameterError(beyond)
    if "centralize" in asked.features:
        raise SubjectError(f"{one.name} centralises gradients, which is no matter of one element")
    search = Pairing(one, other, asked, dtype, steps, Oracle(), progress)
    return search.answer()


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
        features = tuple(sorted(self.options()))
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
        features = self.options()
        trial = OptimizerSetting(features, self.names(features))
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
            lost = self.lost(features)
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
        features = self.options()
        trial = OptimizerSetting(features, self.names(features))
        return self.refusal(
            trial,
            f"{self.one.name} follows no rule that is the same for all elements"
            + (f" ({rule.departs})" if rule.departs else ""),
        )

    def options(self) -> tuple[str, ...]:
        """The second one's options: the first one's, or those with what can be left idle.

        Where it lacks an option, as many of the others as it has together.
        """
        wanted = set(self.asked.features)
        listed = [set(features) for features in self.other.implementation.features]
        listed = [features for features in listed if "centralize" not in features] or listed

        def cost(features: set[str]) -> tuple[int, int, int]:
            extra = features - wanted
            return len(wanted - features), len(extra - set(options())), len(extra)

        best = min(listed, key=cost)
        return tuple(name for name in FEATURES if name in best)

    def lost(self, features: tuple[str, ...]) -> str:
        """What the second one lacks, in words."""
        missing = [name for name in self.asked.features if name not in features]
        return f"{self.other.name} has no {', '.join(missing)}" if missing else ""

    def names(self, features: tuple[str, ...]) -> dict[str, str]:
        """The first one's numbers under the second one's names, idle where it has no such number.

        Idle momentum is not zero here: with zero, one could not tell which rule it follows.
        """
        item = self.other.implementation
        found_ = {
            name: value
            for name, value in self.asked.decimals.items()
            if name in item.hyperparameters
        }
        for name, record in HYPERPARAMETERS.items():
            if record.option and record.option not in features:
                found_.pop(name, None)
            elif record.idle and name in item.hyperparameters:
                found_.setdefault(name, record.usual)
        return dict(sorted(found_.items()))

    def connected(self, related: Relation, features: tuple[str, ...]) -> Translation:
        """The rules walk together: prove it by running the second."""
        decimals = {
            name: number(expression, self.asked.decimals, 1)
            for name, expression in related.expressions.items()
        }
        told = OptimizerSetting(features, dict(sorted(decimals.items())))
        if (hindered := self.obstacle(related)) is not None:
            outcome, reason = hindered
            return self.refusal(told, reason, outcome=outcome, related=related)
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
                reason=contrast(self.first, self.second),
                drift=self.drift(told),
                witness=self.witness(told_apart, answers),
            )
        return self.translation(self.outcome(related, decimals), told, related, runs=runs)

    def obstacle(self, related: Relation) -> tuple[Outcome, str] | None:
        """What stands between the rules being the same and the second being told so."""
        item, formulas = self.other.implementation, related.expressions
        if strange := sorted(set(formulas) - set(item.hyperparameters)):
            return "none", f"{item.name} takes no {', '.join(strange)}"
        if others := [name for name in related.changing if name != "learning_rate"]:
            each = ", ".join(f"{name} would have to be {formulas[name]}" for name in others)
            differ = contrast(self.first, self.second)
            return "wrapper", f"{each} at every step; {differ}"
        if related.changing and not item.schedules:
            return "wrapper", (
                f"the learning rate would have to be {formulas['learning_rate']} at every step, "
                f"and {item.name} has no schedule of it"
            )
        if related.state and not item.settable:
            return "none", (
                f"{contrast(self.first, self.second)}; the second one's state cannot be set"
            )
        return None

    def outcome(self, related: Relation, decimals: Mapping[str, str]) -> Outcome:
        """What kind of numbers a proved translation has."""
        if related.changing:
            return "schedule"
        given = (self.sent or self.asked).decimals
        same = all(
            name in given and Fraction(value) == Fraction(given[name])
            for name, value in decimals.items()
        )
        return "same" if same else "changed"

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


SHOWN = 5  # values of a schedule that are printed


def varies(related: Relation) -> bool:
    """Whether another hyperparameter than the rate follows the rate."""
    return any(
        name != "learning_rate" and expression.has(RATE)
        for name, expression in related.expressions.items()
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
