"""Every implementation identified, and held against the rule that a run found it to follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cases.plan import claimed_variants
from optimizer_conformance.judging.rows import rule_of
from optimizer_conformance.questions.identify.ambiguity import same
from optimizer_conformance.questions.identify.queries import Unidentifiable
from optimizer_conformance.questions.identify.result import Identification
from optimizer_conformance.questions.identify.search import identify
from optimizer_conformance.questions.identify.synthetic import drawn
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reports.records import StoredRule
from optimizer_conformance.runs.reader import adapters_of
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.subject import Subject, described

# Implementation and options to the rule of a run; None where it found none.
Followed = dict[tuple[str, str], StoredRule | None]


@dataclass(frozen=True)
class Row:
    """One implementation with one set of options.

    grade     ``right``, ``ambiguous`` (the expected rule among others), ``wrong`` (another one),
              ``not told`` (none), ``beyond run`` (a rule where the run found none), or the reason
              why there is nothing to compare
    expected  where the rule comes from
    """

    implementation: str
    features: str
    grade: str
    expected: str
    remark: str = ""
    steps: int = 0
    seconds: float = 0.0


def followed(run: Path) -> Followed:
    """The rule that each group of a run follows; None for groups that none explains.

    Raises RunError for a folder that is no run's.
    """
    return {
        (group.implementation, group.features): group.followed
        for stored in adapters_of(run).values()
        for group in stored.groups
        if group.finished
    }


def survey(
    patterns: tuple[str, ...],
    rules: Followed,
    *,
    max_steps: int,
    seed: int = 0,
    thorough: bool = False,
) -> Iterator[Row]:
    """Each implementation of every adapter that has an environment, with each set of options."""
    for adapter in environments.ADAPTERS:
        environment = environments.locate(adapter)
        if not environment.complete or not any(
            wanted(adapter, (p.split(":")[0],)) for p in patterns
        ):
            continue
        try:
            with Worker(environment.command) as worker:
                description = worker.hello()
                for item in description.implementations:
                    if not item.devices or not wanted(item.name, patterns):
                        continue
                    asked = described(worker, item.name, description=description)
                    for features in item.features:
                        options = tuple(sorted(features))
                        yield graded(asked, options, rules, max_steps, seed, thorough=thorough)
        except WorkerError as error:
            yield Row(adapter, "", f"{error.kind}", "", str(error))


def invented(count: int, seed: int) -> Iterator[Row]:
    """Optimizers drawn at random, each compared with the rule that it was made of."""
    for one in drawn(count, seed):
        options = one.implementation.features[0]
        found = identify(one, features=options, seed=one.seed, thorough=False)
        told = grade(found, [one.rule])
        yield Row(
            f"{one.name} ({one.style.name})",
            "+".join(options),
            told,
            "drawn",
            "" if told == "right" else f"{one.rule.choices}: {remark(found, [one.rule])}",
            found.steps,
            found.seconds,
        )


def graded(
    asked: Subject,
    features: tuple[str, ...],
    rules: Followed,
    max_steps: int,
    seed: int,
    *,
    thorough: bool,
) -> Row:
    """One identification, compared with what is expected of it."""
    name, options = asked.name, "+".join(features)
    try:
        found = identify(
            asked, features=features, max_steps=max_steps, seed=seed, thorough=thorough
        )
    except Unidentifiable as error:
        return Row(name, options, "not identified", "", str(error))
    except WorkerError as error:
        if not asked.worker.alive:
            raise
        return Row(name, options, error.kind, "", str(error))
    rule = rules.get((name, options))
    if rule:
        expected, source = [rule_of(rule, features)], "run"
    else:
        variants = claimed_variants(asked.implementation, features)
        expected = [variant.rule for variant in variants]
        source = "claim" if expected else ""
    told = grade(found, expected, partly=rule is not None and rule.partly)
    if told in ("wrong", "not told") and not rule and (name, options) in rules:
        # The run found the claim contradicted, and no rule near it.
        told, source = "right" if not found.rules else "beyond run", "run"
    return Row(
        name,
        options,
        told,
        source,
        remark(found, expected),
        found.steps,
        found.seconds,
    )


def grade(found: Identification, expected: list[Rule], *, partly: bool = False) -> str:
    """How an identification compares with the rules that are expected; ``partly``: by place."""
    if partly and found.verdict == "by place":
        return "right" if set(found.rules) & set(expected) else "wrong"
    if not expected:
        return found.verdict
    if not found.rules:
        return "not told"
    if len(found.rules) == 1 and any(same(found.rules[0], rule) for rule in expected):
        return "right"
    return "ambiguous" if set(found.rules) & set(expected) else "wrong"


def remark(found: Identification, expected: list[Rule]) -> str:
    """What was ambiguous or different."""
    if not found.rules:
        return found.why
    unclear = "; ".join(
        f"{a.factor}: {' or '.join(a.values)} ({a.reason})" for a in found.ambiguous
    )
    if unclear or not expected or any(same(found.rules[0], rule) for rule in expected):
        return unclear
    return difference(found.rules[0], expected[0])
