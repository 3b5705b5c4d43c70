"""Beyond the experiments that told a rule: others that must agree, and causes where none does.

A rule is told from many elements over a few steps of one parameter.  What was told is then held
against several parameters at once, more steps, a rate that changes and other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer_conformance.cases.case import Case, Written
from optimizer_conformance.judging.oracle import Question, inputs_of
from optimizer_conformance.questions.audit.evidence import Candidate, Testimony
from optimizer_conformance.questions.audit.experiments import asked, experiments
from optimizer_conformance.questions.audit.suspects import suspects, told_apart
from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.questions.identify.queries import Queries, QueryResult
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import VARIANTS, Variant

LIKELY = 16  # rules of which causes are sought
# Mode, steps, elements a regime, and the setting of the hyperparameters' table.
HELD = (
    ("trajectory", 12, 5, "long"),
    ("rate-change", 12, 5, "short"),
    ("trajectory", 1100, 1, "fine"),
)


@dataclass(frozen=True)
class FurtherTrial:
    """What further experiments came to: which they were, and where one contradicts, in words.

    longest  the most steps in a row
    """

    experiments: tuple[str, ...] = ()
    steps: int = 0
    refuted: str = ""
    longest: int = 0


def as_document(rule: Rule) -> Variant:
    """A rule as a document has it, or one that nobody has written."""
    known = (item for item in VARIANTS.values() if item.rule == rule)
    plain = Variant(identifier="the rule", rule=rule, defaults={}, source="")
    return replace(next(known, plain), undecayed=())


def as_case(experiment: Experiment, rule: Rule) -> Written:
    """An experiment as a case of one parameter."""
    return Written(
        rule.family,
        (),
        experiment.dtype,
        "trajectory",
        tuple(sorted(experiment.coefficients.items())),
        experiment.steps,
        experiment.parameter.size,
        0,
        value=tuple(experiment.parameter.ravel()),
        gradients=tuple(tuple(gradient.ravel()) for gradient in experiment.gradients),
        rates=experiment.rates,
    )


def testimony(record: QueryResult, rule: Rule, profile: str) -> Testimony:
    """An answer beside a rule."""
    experiment = record.experiment
    case = as_case(experiment, rule)
    question = Question(rule, case.hyperparameters, case, profile=profile)
    return Testimony(question, inputs_of(case), record.observed, experiment.moving)


def cause(
    rules: Sequence[Rule],
    records: Sequence[QueryResult],
    queries: Queries,
    rest: Sequence[Experiment],
) -> tuple[Rule, list[Candidate]]:
    """The first of some rules of which one fault explains every answer, also the next ones."""
    for rule in [rule for rule in rules if not rule.shaped][:LIKELY]:
        evidence = [testimony(record, rule, queries.profile) for record in records]
        found = suspects(as_document(rule), evidence, records[0].experiment.dtype)
        if not found:
            continue
        more = [testimony(unasked(one), rule, queries.profile) for one in rest]
        found = told_apart(found, more, asking(queries, more, rest))
        if found:
            return rule, found
    return rules[0], []


def unasked(experiment: Experiment) -> QueryResult:
    """An experiment without an answer."""
    return QueryResult(experiment, np.full((experiment.steps, experiment.parameter.size), np.nan))


def asking(
    queries: Queries, items: Sequence[Testimony], rest: Sequence[Experiment]
) -> Callable[[Testimony], Testimony | None]:
    """What carries out one of the experiments that are left."""

    def ask(item: Testimony) -> Testimony | None:
        place = next(index for index, one in enumerate(items) if one is item)
        if not queries.affords(rest[place]):
            return None
        return replace(item, observed=queries.ask(rest[place]).observed)

    return ask


def held_against(
    queries: Queries,
    rule: Rule,
    dtype: str,
    offered: frozenset[str],
    given: Mapping[str, str],
    constants: Mapping[str, str],
) -> FurtherTrial:
    """Whether a rule that was told also holds for what was not used to tell it."""
    subject, variant = queries.subject, as_document(rule)
    values = tuple(sorted(dict.fromkeys(offered, "").items()))
    like = Case(
        subject.implementation.family, queries.features, dtype, "trajectory", values, 1, 1, 0
    )
    done: list[Testimony] = []
    for item in experiments(subject, given, variant, like, HELD):
        known = {"epsilon": "0", **item.question.case.decimals, **constants}
        question = replace(
            item.question, decimals=tuple(sorted(known.items())), profile=queries.profile
        )
        answer = asked(subject, variant, replace(item, question=question))
        if answer is None:
            continue
        done.append(replace(answer, usable=answer.usable & moving(answer)))
        if done[-1].bad.any():
            break
    names = tuple(said(item) for item in done)
    steps = sum(item.steps for item in done)
    longest = max((item.steps for item in done), default=0)
    if not done or not done[-1].bad.any():
        return FurtherTrial(names, steps, longest=longest)
    found = told_apart(
        suspects(variant, done, dtype),
        list(more(queries, given, variant, like)),
        again(queries, variant, constants),
    )
    return FurtherTrial(names, steps, contradiction(done[-1], found), longest)


def more(
    queries: Queries, given: Mapping[str, str], variant: Variant, like: Case
) -> Iterator[Testimony]:
    """Experiments that were not used yet."""
    yield from experiments(queries.subject, given, variant, like)


def again(
    queries: Queries, variant: Variant, constants: Mapping[str, str]
) -> Callable[[Testimony], Testimony | None]:
    """What carries one of those out."""

    def ask(item: Testimony) -> Testimony | None:
        known = {"epsilon": "0", **item.question.case.decimals, **constants}
        question = replace(
            item.question, decimals=tuple(sorted(known.items())), profile=queries.profile
        )
        return asked(queries.subject, variant, replace(item, question=question))

    return ask


def moving(item: Testimony) -> Array:
    """The elements whose gradient is never exactly zero: some pass over those."""
    rows = [
        np.concatenate([np.ravel(p.gradients[step]) for p in item.inputs.parameters])
        for step in range(item.steps)
    ]
    found: Array = np.all([row != 0 for row in rows], axis=0)
    return found


def said(item: Testimony) -> str:
    """What an experiment was, in words."""
    count = len(item.inputs.parameters)
    rates = ", a learning rate that changes" if item.inputs.rates else ""
    values = ", ".join(f"{name} {value}" for name, value in item.question.case.hyperparameters)
    return f"{count} parameters at once, {item.steps} steps{rates}, {values}"


def contradiction(item: Testimony, found: Sequence[Candidate]) -> str:
    """Where an experiment contradicts a rule that had held, and why, if that is known."""
    step = int(item.bad.any(axis=1).argmax())
    element = int(item.bad[step].argmax())
    where = (
        f"at step {step + 1} with {said(item)}: {float(item.observed[step, element])!r} where "
        f"{float(item.claimed.value[step, element])!r} is due"
    )
    if not found:
        return f"{where}; no cause is known"
    said_ = [one.said() for one in found[:2]]
    return f"{' (or: '.join(said_)}{')' * (len(said_) - 1)}; first {where}"
