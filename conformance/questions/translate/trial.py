"""Cases with the user's own hyperparameters, sent to an implementation and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.cases.inputs import Inputs
from optimizer_conformance.cases.plan import Unit, claimed_variants, comparable_variants
from optimizer_conformance.cases.separation import hypotheses
from optimizer_conformance.judging.execution import Answer
from optimizer_conformance.judging.explain import Explanation, explain
from optimizer_conformance.judging.oracle import Oracle, Question, inputs_of
from optimizer_conformance.judging.verdict import Judgement, Observed, Verdict, judge
from optimizer_conformance.questions.translate.result import CheckedRun
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule, typical
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.workers.subject import Subject

SIZE = 67  # elements a regime, as in the default profile: no multiple of a vector's length
STEPS = {"origin": 1, "trajectory": 8, "separation": 4, "rate-change": 4}
SEED = 20_260_719


def cases(subject: Subject, setting: OptimizerSetting, dtype: str) -> list[Case]:
    """What separates rules, with these hyperparameters."""
    item = subject.implementation
    return drawn(item.family, setting, dtype, schedules=item.schedules)


def drawn(family: str, setting: OptimizerSetting, dtype: str, *, schedules: bool) -> list[Case]:
    """The same without an implementation; ``schedules``: whether its rate can change."""
    modes = ["origin", "trajectory"]
    if hypotheses(family, tuple(sorted(setting.features))):
        modes.append("separation")
    if schedules:
        modes.append("rate-change")
    return [
        Case(
            family,
            tuple(sorted(setting.features)),
            dtype,
            mode,
            tuple(sorted(setting.decimals.items())),
            STEPS[mode],
            SIZE,
            SEED + index,
        )
        for index, mode in enumerate(modes)
    ]


def probes(asked: Sequence[Case]) -> list[Case]:
    """The same with an epsilon that shows.

    A rule does not depend on the numbers: where the user's epsilon is too small to be seen (beside
    an average that starts at one, say), another tells where it stands.
    """
    return [
        replace(
            case,
            hyperparameters=tuple(
                (name, showing(case.dtype) if name == "epsilon" else value)
                for name, value in case.hyperparameters
            ),
        )
        for case in asked
        if case.mode in ("trajectory", "separation") and "epsilon" in case.decimals
    ]


def showing(dtype: str) -> str:
    """An epsilon among those of ordinary cases."""
    record = HYPERPARAMETERS["epsilon"]
    return record.drawn[dtype][0] if dtype in record.drawn else record.at("table")


def flat(inputs: Inputs) -> tuple[Array, list[Array]]:
    """All parameters as one, and the gradients of each step."""
    value = np.concatenate([np.ravel(item.value) for item in inputs.parameters])
    steps = range(len(inputs.parameters[0].gradients))
    return value, [
        np.concatenate([np.ravel(item.gradients[step]) for item in inputs.parameters])
        for step in steps
    ]


def answered(
    subject: Subject,
    case: Case,
    setting: OptimizerSetting,
    *,
    rates: Sequence[str] = (),
    state: Mapping[str, str] | None = None,
) -> Observed:
    """What an implementation does with a case under a setting of its own.

    ``rates`` replace those of the case; ``state`` are decimals that fill the state before the first
    step (what it has besides starts at zero).  Raises WorkerError as the worker does.
    """
    inputs = inputs_of(case)
    value, gradients = flat(inputs)
    filled = None
    if state:
        names = subject.implementation.state
        filled = {name: np.full(value.shape, float(state.get(name, "0"))) for name in names}
        filled = {
            name: content
            for name, content in filled.items()
            if name in state or name in ("first_moment",) or name in needed(setting)
        }
    return subject.steps(
        value,
        gradients,
        setting.numbers,
        features=setting.features,
        dtype=case.dtype,
        rates=[float(rate) for rate in (rates or inputs.rates)],
        state=filled,
    ).observed


def needed(setting: OptimizerSetting) -> set[str]:
    """The state tensors that options bring."""
    of = {
        "momentum": "momentum",
        "centered": "mean_gradient",
        "amsgrad": "maximum_second_moment",
    }
    return {name for option, name in of.items() if option in setting.features}


def judged(
    oracle: Oracle,
    subject: Subject,
    rule: Rule,
    decimals: Mapping[str, str],
    case: Case,
    observed: Observed,
    rates: Sequence[str] = (),
) -> Judgement:
    """The parameters that an implementation came to, against a rule."""
    profile = subject.implementation.arithmetic.get(subject.device, "ieee")
    question = Question(
        rule,
        tuple(sorted(decimals.items())),
        case,
        profile=profile,
        rates=tuple(rates),
    )
    return judge(oracle, question, {"parameter": observed["parameter"]}, together=True)


def weighed(
    oracle: Oracle,
    subject: Subject,
    first: Told,
    second: Told,
    case: Case,
    observed: Observed,
    rates: Sequence[str],
) -> tuple[Judgement, str]:
    """What the second came to, against the first one's rule, and whose bound it is within.

    Where formulas are the same, the second one's may still round more often (a rate divided by a
    bias correction that the rule then multiplies by): what its own arithmetic allows, with the
    ``rates`` that it was given, is then accepted as well.
    """
    judgement = judged(oracle, subject, first.rule, first.decimals, case, observed)
    if judgement.worst is not Verdict.deviates:
        return judgement, "first"
    start = first.rule["initial_second_moment"]
    rule = second.rule.having(initial_second_moment=start)
    again = judged(oracle, subject, rule, second.decimals, case, observed, rates)
    if again.worst is Verdict.deviates:
        return judgement, "first"
    return again, "second"


@dataclass(frozen=True)
class Told:
    """A rule with the numbers that it is given."""

    rule: Rule
    decimals: Mapping[str, str]


@dataclass(frozen=True)
class IdentifiedRule:
    """The rule that an implementation follows, found by running it.

    choices    None where no rule explains it
    documents  identifier of a document that states the rule, if one does
    departs    in words, where its own document says something else
    partly     only some elements, by their place, follow it
    """

    rule: Rule | None
    documents: str
    departs: str
    partly: bool = False


def found(
    oracle: Oracle, subject: Subject, setting: OptimizerSetting, asked: Sequence[Case]
) -> tuple[IdentifiedRule, list[Observed]]:
    """The rule that an implementation follows under a setting, and what it answered."""
    item, features = subject.implementation, tuple(sorted(setting.features))
    claimed = claimed_variants(item, features)
    others = [variant for variant in comparable_variants(item, features) if variant not in claimed]
    candidates = [*claimed, *others] or [supposed(item.family, features)]
    every = [*asked, *probes(asked)]
    answers = [answered(subject, case, replace(setting, decimals=case.decimals)) for case in every]
    units = [Unit(item, subject.device, case, tuple(claimed)) for case in every]
    pairs = [(unit, Answer(observed)) for unit, observed in zip(units, answers, strict=True)]
    explanation: Explanation = explain(oracle, candidates[0], pairs, candidates[1:])
    if explanation.rule is None and (shown := pairs[len(asked) :]):
        # With the user's numbers results may lie at the ends of the range, which tell no rule.
        again = explain(oracle, candidates[0], shown, candidates[1:])
        explanation = again if allows(oracle, subject, again, pairs) else explanation
    documents = explanation.nearest or next(
        (item.identifier for item in candidates if item.rule == explanation.rule), ""
    )
    departs = "" if not claimed else explanation.why(claimed[0])
    if explanation.rule in [variant.rule for variant in claimed]:
        departs = ""
    return IdentifiedRule(explanation.rule, documents, departs, explanation.partly), answers[
        : len(asked)
    ]


def allows(
    oracle: Oracle, subject: Subject, found_: Explanation, pairs: Sequence[tuple[Unit, Answer]]
) -> bool:
    """Whether a rule was found that allows every answer, overflow and underflow included."""
    rule = None if found_.partly else found_.rule
    return rule is not None and all(
        judged(oracle, subject, rule, unit.case.decimals, unit.case, answer.observed).worst
        is not Verdict.deviates
        for unit, answer in pairs
    )


def supposed(family: str, features: tuple[str, ...]) -> Variant:
    """Where no document has these options together: a rule to look around from."""
    rule = typical(family, features)
    return Variant(identifier="", rule=rule, defaults={}, source="", features=frozenset(features))


def summed(case: Case, judgement: Judgement, bound: str, observed: Observed) -> CheckedRun:
    """A judgement as one line."""
    return CheckedRun(
        case.identifier,
        str(judgement.worst),
        max(item.score for item in judgement.parameters),
        max(item.ulp for item in judgement.parameters),
        bound,
        int(observed["parameter"].size),
        ",".join(inputs_of(case).rates),
    )
