"""Why this rule and no other: for each factor the nearest rule with another value of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from optimizer_conformance.questions.identify.elimination import Predict
from optimizer_conformance.questions.identify.hypotheses import factor, field
from optimizer_conformance.questions.identify.queries import QueryResult
from optimizer_conformance.questions.identify.result import FactorRow
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.rules.words import difference


def scored(
    rules: Iterable[Rule], records: Sequence[QueryResult], predict: Predict[Rule]
) -> dict[Rule, list[tuple[float, int]]]:
    """For each rule and record the largest distance in units of the bound, and at which step."""
    found: dict[Rule, list[tuple[float, int]]] = {rule: [] for rule in rules}
    for record in records:
        moving = record.experiment.moving
        for prediction in predict(list(found), record.experiment):
            by_step = np.where(moving, prediction.score(record.observed), 0.0).max(axis=1)
            entry = float(by_step.max()), int(by_step.argmax()) + 1
            for rule in prediction.hypotheses:
                found[rule].append(entry)
    return found


def contenders(
    found: Rule, family: Iterable[Rule], names: Sequence[str]
) -> dict[str, dict[Any, list[Rule]]]:
    """For each factor, and each other value of it, the rules that differ least from the one found.

    A family may have more than a hundred thousand rules: each is looked at once.
    """
    nearest: dict[str, dict[Any, list[Rule]]] = {field(name): {} for name in names}
    least: dict[tuple[str, Any], int] = {}
    for rule in family:
        differences = rule.differences(found)
        distance = len(differences)
        for name in differences:
            if name not in nearest:
                continue
            value = rule[name]
            best = least.get((name, value), distance)
            if distance > best:
                continue
            least[name, value] = distance
            if distance < best or value not in nearest[name]:
                nearest[name][value] = [rule]
            else:
                nearest[name][value].append(rule)
    return {name: nearest[field(name)] for name in names}


def factors(
    left: Sequence[Rule],
    family: Sequence[Rule],
    records: Sequence[QueryResult],
    predict: Predict[Rule],
    names: Sequence[str],
) -> tuple[FactorRow, ...]:
    """The factor table of the rules that are left, the likeliest first."""
    found = left[0]
    rivals = contenders(found, family, names)
    every = (rule for by_value in rivals.values() for rules in by_value.values() for rule in rules)
    scores = scored(dict.fromkeys(every), records, predict)
    table = []
    for name in names:
        value = " or ".join(dict.fromkeys(shown(rule, name) for rule in left))
        told = [
            (*max((score, -place, step) for place, (score, step) in enumerate(scores[rule])), rule)
            for rules in rivals[name].values()
            for rule in rules
            if rule not in left
        ]
        # A rule that promised nothing is no rival.
        told = [item for item in told if item[0] > 1]
        if not told:
            table.append(FactorRow(name, value))
            continue
        score, place, step, rival = min(
            told, key=lambda item: (len(item[3].differences(found)), item[0])
        )
        words = difference(rival, found)
        table.append(FactorRow(name, value, score, shown(rival, name), words, 1 - place, step))
    return tuple(table)


def shown(rule: Rule, name: str) -> str:
    """The value of a factor as the table shows it."""
    return str(factor(rule, name)).lower()
