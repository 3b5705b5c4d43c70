"""All pairs: which rule each implementation follows, and what makes any of them follow another's.

Two passes over the adapters.  The first finds each implementation's rule by running it.  In the
second each runs once for every rule that it does not follow: with the hyperparameters that were
proved to do the same, or, where there are none, to show that they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from optimizer_conformance.adapters import protocol
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.translate.proof import Relation, relation
from optimizer_conformance.questions.translate.result import CheckedRun, ShortestDifference
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.questions.translate.telling import varies
from optimizer_conformance.questions.translate.transformations import simple
from optimizer_conformance.questions.translate.trial import (
    Told,
    answered,
    cases,
    drawn,
    found,
    judged,
    summed,
    weighed,
)
from optimizer_conformance.questions.translate.values import number, sequence
from optimizer_conformance.questions.translate.witness import Seen, shortest
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.configuration import offered
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.subject import Subject, SubjectError, described

OPTIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("momentum",),
    ("centered",),
    ("amsgrad",),
    ("weight_decay",),
)
# Ordinary numbers, with an epsilon that shows.
NUMBERS = {
    name: record.at("table")
    for name, record in HYPERPARAMETERS.items()
    if not record.option or (record.option,) in OPTIONS
}
DTYPE = "float32"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Follower:
    """An implementation with options, and the rule that it was found to follow (None: none)."""

    implementation: str
    family: str
    features: tuple[str, ...]
    rule: Rule | None
    documents: str
    departs: str


@dataclass(frozen=True)
class Attempt:
    """One implementation told to follow another rule.

    first    the rule; ``second`` its own
    outcome  ``same``, ``changed``, ``schedule``, ``state``, ``wrapper``, ``none``, or ``refused``
             where it does not take the hyperparameters that would do it
    varying  whether it holds while the learning rate changes, too
    """

    first: Rule
    second: Rule
    implementation: str
    features: tuple[str, ...]
    outcome: str
    formulas: Mapping[str, str]
    run: CheckedRun | None = None
    witness: ShortestDifference | None = None
    remark: str = ""
    varying: bool = False


@dataclass
class Atlas:
    """All that was found; ``left_out`` are implementations without a row, and why."""

    followers: list[Follower] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Mapping[str, str]] = field(default_factory=dict)


def survey(adapters: Iterable[str], *, progress: Progress) -> Atlas:
    """Find every rule, and try every implementation with every other one of its options."""
    atlas, names, oracle = Atlas(), tuple(adapters), Oracle()
    for subject_, adapter in subjects(names, atlas, progress, first=True):
        atlas.versions[adapter] = subject_.description.versions
        for features in options(subject_):
            setting = numbers(subject_, features)
            progress(f"{subject_.name} {'+'.join(features)}")
            try:
                asked = cases(subject_, setting, DTYPE)
                rule, _ = found(oracle, subject_, setting, asked)
            except WorkerError as error:
                atlas.left_out[" ".join((subject_.name, *features))] = str(error)
                continue
            follows = None if rule.partly else rule.rule
            family = subject_.implementation.family
            atlas.followers.append(
                Follower(subject_.name, family, features, follows, rule.documents, rule.departs)
            )
    for subject_, _ in subjects(names, atlas, progress, first=False):
        own = [item for item in atlas.followers if item.implementation == subject_.name]
        for follower in own:
            for source in sources(atlas, follower):
                progress(f"{subject_.name} as {source.documents or 'a rule of nobody'}")
                atlas.attempts.append(attempt(oracle, subject_, follower, source))
    return atlas


def subjects(
    adapters: Iterable[str], atlas: Atlas, progress: Progress, *, first: bool
) -> Iterator[tuple[Subject, str]]:
    """Every implementation that runs here and is not compiled, a worker an adapter."""
    for adapter in adapters:
        environment = environments.locate(adapter)
        if not environment.complete:
            atlas.left_out[adapter] = f"no environment: `conformance env create {adapter}`"
            continue
        progress(f"{adapter}: starting")
        try:
            with Worker(environment.command) as worker:
                description = worker.hello()
                taken: list[protocol.Implementation] = []
                for item in description.implementations:
                    if reason := redundant(item, taken, description):
                        if first:
                            atlas.left_out[item.name] = reason
                        continue
                    taken.append(item)
                    yield described(worker, item.name, description=description), adapter
        except (WorkerError, SubjectError) as error:
            atlas.left_out[adapter] = str(error)


def redundant(
    item: protocol.Implementation,
    taken: list[protocol.Implementation],
    description: protocol.Description,
) -> str:
    """Why an implementation gets no row, if it gets none."""
    if not item.devices or DTYPE not in item.dtypes:
        return description.unavailable or f"no device or no {DTYPE} here"
    own = item.name.partition("[")[0]
    others = [other for other in taken if other.name.partition("[")[0] == own]
    has = {tuple(sorted(listed)) for other in others for listed in other.features}
    if item.compiled and has >= {tuple(sorted(listed)) for listed in item.features}:
        return "compiled form of another"
    return ""


def options(subject: Subject) -> list[tuple[str, ...]]:
    """Those of OPTIONS that an implementation has, and its only one where it has no choice."""
    listed = [tuple(sorted(features)) for features in subject.implementation.features]
    return [features for features in OPTIONS if features in listed]


def numbers(subject: Subject, features: tuple[str, ...]) -> OptimizerSetting:
    """NUMBERS, as far as the implementation and these options have them."""
    return OptimizerSetting(
        features,
        {
            name: value
            for name, value in NUMBERS.items()
            if name in offered(subject.implementation, features)
        },
    )


def sources(atlas: Atlas, follower: Follower) -> list[Follower]:
    """One follower of each other rule with the same options; in the plain form of both families."""
    if follower.rule is None:
        return []
    first: dict[Rule, Follower] = {}
    for item in atlas.followers:
        alike = item.features == follower.features
        if item.rule is not None and item.rule != follower.rule and alike:
            first.setdefault(item.rule, item)
    return list(first.values())


def attempt(oracle: Oracle, subject: Subject, follower: Follower, source: Follower) -> Attempt:
    """Tell one implementation to follow the rule of another."""
    assert follower.rule is not None
    assert source.rule is not None
    own, goal = follower.rule, source.rule
    given = {name: NUMBERS[name] for name in goal.hyperparameters}
    related = relation(goal, own, frozenset())
    formulas = {} if related is None else {n: str(e) for n, e in related.expressions.items()}
    outcome = kind(subject, related)
    told = {name: NUMBERS[name] for name in own.hyperparameters}
    if related is not None:
        told = {name: number(e, given, 1) for name, e in related.expressions.items()}
    told = {n: v for n, v in told.items() if n in subject.implementation.hyperparameters}
    proved = outcome in ("same", "changed", "schedule", "state")
    if not proved:
        told |= {name: NUMBERS[name] for name in told if name in NUMBERS}
    setting = OptimizerSetting(follower.features, told)
    asked = drawn(source.family, OptimizerSetting(source.features, given), DTYPE, schedules=False)
    seen: list[Seen] = []
    runs: list[CheckedRun] = []
    try:
        for case in asked:
            rates: tuple[str, ...] = ()
            if proved and related and not simple(related.expressions["learning_rate"]):
                rates = sequence(related.expressions["learning_rate"], given, case.steps)
            state = related.state if proved and related else None
            observed = answered(subject, case, setting, rates=rates, state=state)
            judgement, bound = judged(oracle, subject, goal, given, case, observed), "first"
            if proved:
                judgement, bound = weighed(
                    oracle,
                    subject,
                    Told(goal, given),
                    Told(own, told),
                    case,
                    observed,
                    rates,
                )
            runs.append(summed(case, judgement, bound, observed))
            seen.append((case, judgement, None, observed))
    except WorkerError as error:
        return Attempt(
            goal, own, subject.name, follower.features, "refused", formulas,
            remark=str(error),
        )  # fmt: skip
    witness = shortest(seen)
    if proved and witness is not None:
        outcome = "none"
    worst = max(runs, key=lambda item: item.score)
    return Attempt(
        goal, own, subject.name, follower.features, outcome, formulas, worst,
        witness, "" if proved or witness else "no case shows it",
        bool(related and related.schedules and not varies(related)),
    )  # fmt: skip


def kind(subject: Subject, related: Relation | None) -> str:
    """What it would take."""
    item = subject.implementation
    if related is None or (related.state and not item.settable):
        return "none"
    if set(related.expressions) - set(item.hyperparameters):
        return "refused"
    if [name for name in related.changing if name != "learning_rate"]:
        return "wrapper"
    if related.changing:
        return "schedule" if item.schedules else "wrapper"
    if related.state:
        return "state"
    plain = all(expression.is_Atom for expression in related.expressions.values())
    return "changed" if varies(related) or not plain else "same"
