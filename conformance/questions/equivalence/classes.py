"""Classes of implementations that follow one rule, and witnesses that separate them.

Two implementations are in one class where one rule explains every answer of both, with the same
hyperparameters under the same names.  Two classes are separated by what a run saw: an answer of the
one that is outside the bound of the other's rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas

from optimizer_conformance.cases.case import MAIN_DTYPE, Case, parse
from optimizer_conformance.cases.inputs import RANGE_REGIMES
from optimizer_conformance.judging.explain import FORMULA_MODES
from optimizer_conformance.judging.oracle import Oracle, Question, ordinary
from optimizer_conformance.judging.rows import rule_of
from optimizer_conformance.judging.verdict import places
from optimizer_conformance.questions.equivalence.apart import split
from optimizer_conformance.questions.equivalence.example import example
from optimizer_conformance.reference.numbers import equations
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import FACTORS, STATE, Rule
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.classes import (
    FORMAT,
    Class,
    ClassWitness,
    Contrast,
    Map,
    Member,
    Panel,
)
from optimizer_conformance.reports.facts import Facts, latest, together
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.reasons import Reason
from optimizer_conformance.reports.records import StoredRule
from optimizer_conformance.reports.verdicts import DEVIATES

Key = tuple[Rule | None, str]  # the rule, and what sets apart those that no rule explains


@dataclass(frozen=True)
class FollowedRule:
    """One implementation with one set of options, as a run saw it."""

    implementation: str
    device: str
    version: str
    rule: Rule | None
    apart: str
    departs: tuple[Reason, ...]
    partly: str = ""

    @property
    def name(self) -> str:
        """The implementation, and where it ran elsewhere than on a CPU, the device."""
        return self.implementation + ("" if self.device == "cpu" else f" on {self.device}")


def mapped(*runs: RunData) -> Map:
    """The whole map of a run; of several, each adapter's answers are those of the last that has it.

    Raises UnreadableRun for a run that does not know its rules.
    """
    known = together([*runs])
    oracle = Oracle()
    cells = pandas.concat(
        [run.cells[run.cells.adapter.isin(own)] for run, own in latest([*runs])], ignore_index=True
    )
    panels = [
        panel(cells, family, features, members, oracle)
        for (family, features), members in sorted(configurations(known).items())
    ]
    return Map(FORMAT, known.run, panels)


def configurations(known: Facts) -> dict[tuple[str, str], list[FollowedRule]]:
    """Every implementation by family and set of options."""
    found: dict[tuple[str, str], list[FollowedRule]] = {}
    for item in known.implementations:
        for one in item.configurations:
            rule, apart = understood(one.rule, item.name, one.options)
            member = FollowedRule(
                item.name,
                one.device,
                item.version,
                rule,
                apart,
                tuple(one.elsewhere),
                "; ".join(one.partly),
            )
            found.setdefault((item.family, one.options), []).append(member)
    return found


def understood(found: StoredRule | None, name: str, options: str) -> tuple[Rule | None, str]:
    """The rule, and a word where it is not one that explains everything."""
    if found is None:
        return None, name
    rule = rule_of(found, options.split("+"))
    return rule, "only in some elements" if found.partly else ""


def panel(
    every: pandas.DataFrame, family: str, features: str, members: list[FollowedRule], oracle: Oracle
) -> Panel:
    """One set of options: its classes, and what separates each two."""
    groups: dict[Key, list[FollowedRule]] = {}
    for member in members:
        groups.setdefault((member.rule, member.apart), []).append(member)
    groups = split(groups, every[(every.features == features) & (every.relation == "claimed")])
    keys = sorted(groups, key=lambda key: (key[0] is None, bool(key[1]), -len(groups[key])))
    names = {key: letters(index) for index, key in enumerate(keys)}
    rules = [key[0] for key in keys if key[0] is not None]
    cells = of(every, family, features)
    wrong = {key: against(cells, key[0], family, features) for key in keys if key[0] is not None}
    witnesses = []
    for one, other in combinations(keys, 2):
        found = separated(cells, groups, one, other, wrong, oracle)
        if found is not None:
            witnesses.append(named(found, one, other, names, family, features))
    classes = [
        Class(
            names[key],
            described(key[0], rules, groups[key][0].partly),
            printed(key),
            documents(key[0], family, features) if not key[1] else [],
            [told(item, key, keys, names, wrong) for item in groups[key]],
        )
        for key in keys
    ]
    return Panel(family, features, classes, witnesses, tree(keys, names, witnesses))


def unseparated(run: RunData) -> list[Panel]:
    """The classes of a run without what tells each two apart, which takes minutes.

    Raises UnreadableRun for a run that does not know its rules.
    """
    return [
        Panel(family, features, list(classes(family, features, members)), [], [])
        for (family, features), members in sorted(configurations(together([run])).items())
    ]


def classes(family: str, features: str, members: list[FollowedRule]) -> Iterator[Class]:
    """Who follows one rule; the largest class first."""
    groups: dict[Key, list[FollowedRule]] = {}
    for member in members:
        groups.setdefault((member.rule, member.apart), []).append(member)
    keys = sorted(groups, key=lambda key: (key[0] is None, bool(key[1]), -len(groups[key])))
    rules = [key[0] for key in keys if key[0] is not None]
    for index, key in enumerate(keys):
        yield Class(
            letters(index),
            described(key[0], rules, groups[key][0].partly),
            printed(key),
            documents(key[0], family, features) if not key[1] else [],
            [Member(item.name, item.version, list(item.departs)) for item in groups[key]],
        )


def letters(index: int) -> str:
    """A, B, …, Z, A1, …."""
    return chr(ord("A") + index % 26) + (str(index // 26) if index >= 26 else "")


def of(cells: pandas.DataFrame, family: str, features: str) -> pandas.DataFrame:
    """The cells that decide who can take whose place: where the formula is in question."""
    asked = family + (f"+{features}" if features else "")
    chosen = (
        (cells.features == features)
        & cells["case"].str.startswith(f"{asked}/")
        & cells["mode"].isin(FORMULA_MODES)
        & (cells.dtype == MAIN_DTYPE)
        & cells.relation.isin(["claimed", "reading", "other"])
    )
    return cells[chosen]


def against(cells: pandas.DataFrame, rule: Rule, family: str, features: str) -> pandas.DataFrame:
    """The cells of variants that state this rule."""
    return cells[cells.variant.isin(documents(rule, family, features))]


def documents(rule: Rule | None, family: str, features: str) -> list[str]:
    """The documented variants that state a rule."""
    wanted = set(filter(None, features.split("+")))
    return [
        name
        for name, variant in VARIANTS.items()
        if variant.rule == rule and variant.family == family and variant.features == wanted
    ]


@dataclass(frozen=True)
class SeparatingElement:
    """An element that separates two rules, and whose answer was outside the second's bound."""

    case: Case
    step: int
    quantity: str
    element: str
    values: tuple[float, float]
    bounds: tuple[float, float]
    size: float
    seen: str = ""
    observed: float = 0.0
    score: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether its gradients stay in the middle of the range."""
        return self.element.partition("[")[0] not in RANGE_REGIMES


def separated(
    cells: pandas.DataFrame,
    groups: dict[Key, list[FollowedRule]],
    one: Key,
    other: Key,
    wrong: dict[Key, pandas.DataFrame],
    oracle: Oracle,
) -> SeparatingElement | None:
    """The largest witness of those that the run kept, whichever class it was that answered.

    Where no document states a rule, no answer was held against it: then the rules tell.
    """
    found = [
        *witnesses(groups[one], one, other, wrong, oracle, turned=False),
        *witnesses(groups[other], other, one, wrong, oracle, turned=True),
    ]
    # Where the range ends, rules meet effects that are not theirs: such an element comes last.
    largest = max(found, key=lambda place: (place.plain, place.size), default=None)
    if largest or one[0] is None or other[0] is None or one[1] or other[1]:
        return largest
    cases = [
        set(cells[cells.implementation.isin([item.name for item in groups[key]])]["case"])
        for key in (one, other)
    ]
    sought = (computed(oracle, one[0], other[0], parse(name)) for name in cases[0] & cases[1])
    return max(filter(None, sought), key=lambda place: place.size, default=None)


def computed(oracle: Oracle, one: Rule, other: Rule, case: Case) -> SeparatingElement | None:
    """Where two rules are farthest apart in a case, if their bounds do not meet there."""
    questions = [Question(rule, case.hyperparameters, case) for rule in (one, other)]
    values, errors = zip(*(table(oracle, question) for question in questions), strict=True)
    with np.errstate(all="ignore"):
        sizes = np.abs(values[0] - values[1]) / (errors[0] + errors[1])
    sizes = np.where(np.isfinite(sizes) & ordinary(case), sizes, 0.0)
    step, column = np.unravel_index(int(np.argmax(sizes)), sizes.shape)
    if sizes[step, column] <= 1:
        return None
    name, part = next(
        (name, part) for name, part in places(case) if part.start <= column < part.stop
    )
    return SeparatingElement(
        case,
        int(step) + 1,
        "parameter",
        f"{name}[{column - part.start}]",
        (float(values[0][step, column]), float(values[1][step, column])),
        (float(errors[0][step, column]), float(errors[1][step, column])),
        float(sizes[step, column]),
    )


def table(oracle: Oracle, question: Question, quantity: str = "parameter") -> tuple[Array, Array]:
    """A quantity's values and bounds, steps x elements."""
    found, names = oracle.table(question), question.quantities
    rows = slice(names.index(quantity), None, len(names))
    return found.value[rows], found.error[rows]


def witnesses(
    members: list[FollowedRule],
    own: Key,
    other: Key,
    wrong: dict[Key, pandas.DataFrame],
    oracle: Oracle,
    *,
    turned: bool,
) -> Iterator[SeparatingElement]:
    """Answers of ``members`` that the other class's rule does not explain, one a case."""
    if other[0] is None or other[1]:
        return
    cells = wrong[other]
    names = {item.implementation for item in members}
    bad = cells[(cells.verdict == DEVIATES) & cells.implementation.isin(names)]
    bad = bad[bad.quantity.isin([*STATE, "parameter"])]  # not what it did to its gradient
    largest = bad.sort_values("divergence_score", ascending=False).drop_duplicates("case")
    for row in largest.itertuples(index=False):
        case = parse(row.case)
        observed = float(row.observed.split()[0])
        score = float(row.divergence_score)
        place = (case, int(row.step), str(row.quantity), str(row.element))
        theirs = at(oracle, other[0], *place)
        if own[0] is None or own[1] or place[2] not in (*own[0].state, "parameter"):
            # No rule of its own says what ought to be there: what was seen takes its place.
            values, bounds, size = (observed, theirs[0]), (0.0, theirs[1]), score
        else:
            mine = at(oracle, own[0], *place)
            values, bounds = (mine[0], theirs[0]), (mine[1], theirs[1])
            size = apart(values, bounds)
            if not (size > 1 and abs(observed - mine[0]) <= mine[1]):
                continue  # its own bound must hold it, and the bounds must not meet
        if turned:
            values, bounds = values[::-1], bounds[::-1]
        yield SeparatingElement(
            *place, values, bounds, size, str(row.implementation), observed, score
        )


def at(
    oracle: Oracle, rule: Rule, case: Case, step: int, quantity: str, element: str
) -> tuple[float, float]:
    """A rule's value of a quantity at one element after a step, and the bound."""
    values, errors = table(oracle, Question(rule, case.hyperparameters, case), quantity)
    name, _, index = element.rstrip("]").partition("[")
    (start,) = (part.start for other, part in places(case) if other == name)
    column = start + int(index)
    return float(values[step - 1, column]), float(errors[step - 1, column])


def apart(values: tuple[float, float], bounds: tuple[float, float]) -> float:
    """The distance of two rules in units of the sum of their bounds."""
    with np.errstate(all="ignore"):
        size = np.float64(abs(values[0] - values[1])) / sum(bounds)
    return float(size) if np.isfinite(size) else 0.0


def named(
    place: SeparatingElement,
    one: Key,
    other: Key,
    names: dict[Key, str],
    family: str,
    features: str,
) -> ClassWitness:
    """The witness as reports show it."""
    rules = one[0] is not None and other[0] is not None and not one[1] and not other[1]
    return ClassWitness(
        classes=(names[one], names[other]),
        apart=differences(one, other),
        case=place.case.identifier,
        step=place.step,
        quantity=place.quantity,
        element=place.element,
        values=place.values,
        bounds=place.bounds,
        size=place.size,
        seen=place.seen,
        observed=place.observed,
        score=place.score,
        example=example(one[0], other[0], family, features) if rules else None,  # type: ignore[arg-type]  # neither is None
    )


def differences(one: Key, other: Key) -> list[Contrast]:
    """In which choices two rules differ."""
    if one[0] is None or other[0] is None:
        unexplained = " and ".join(key[1] for key in (one, other) if not key[0])
        return [Contrast(f"no rule explains {unexplained}")]
    found = []
    for name in one[0].differences(other[0]):
        factor = FACTORS[name]
        first, second = factor.says[one[0][name]], factor.says[other[0][name]]
        found.append(Contrast(factor.subject, (first, second)))
    return found + [Contrast(key[1]) for key in (one, other) if key[1]]


def described(rule: Rule | None, rules: list[Rule], partly: str) -> list[str]:
    """What distinguishes a rule from the others of its panel; alone, where epsilon stands.

    ``partly`` says in which choices only some elements follow it.
    """
    if rule is None:
        return ["no rule of the family explains it"]
    open_ = {name for other in rules for name in rule.differences(other)} or {"epsilon"}
    words = [factor.words(rule[name]) for name, factor in FACTORS.items() if name in open_]
    return [*filter(None, [partly]), *(word for word in words if word not in partly)]


def printed(key: Key) -> list[tuple[str, str]]:
    """The rule as equations."""
    if key[0] is None:
        return []
    return list(equations(key[0]))


def told(
    item: FollowedRule,
    key: Key,
    keys: list[Key],
    names: dict[Key, str],
    wrong: dict[Key, pandas.DataFrame],
) -> Member:
    """A member with its exceptions, and with the classes that its own cases do not exclude."""
    also = []
    for other in keys:
        if other == key or other[0] is None or other[1] or key[0] is None or key[1]:
            continue
        cells = wrong[other]
        mine = cells[cells.implementation == item.implementation]
        if len(mine) and not (mine.deviates > 0).any():
            also.append(names[other])
    return Member(item.name, item.version, list(item.departs), also)


def tree(
    keys: list[Key], names: dict[Key, str], witnesses_: list[ClassWitness]
) -> list[tuple[str, str]]:
    """Each class with its nearest (Prim): fewest differing choices, then the smallest witness."""
    size = {frozenset(item.classes): item.size for item in witnesses_}
    rules = [key for key in keys if key[0] is not None]

    def length(one: Key, other: Key) -> tuple[int, float]:
        assert one[0] is not None
        assert other[0] is not None
        count = len(one[0].differences(other[0])) + (one[1] != other[1])
        return count, size.get(frozenset((names[one], names[other])), float("inf"))

    reached, found = rules[:1], []
    while left := [key for key in rules if key not in reached]:
        one, other = min(
            ((one, other) for one in reached for other in left), key=lambda pair: length(*pair)
        )
        found.append((names[one], names[other]))
        reached.append(other)
    return found
