"""What no rule of the family explains: by place, by one fault, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer_conformance.questions.identify.beyond import cause
from optimizer_conformance.questions.identify.elimination import Predict, Refutation, refutation
from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.questions.identify.queries import Queries, QueryResult
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import VARIANTS

NEAREST = 4  # rules of which faults are sought beside the documented ones
SHOWN = 3  # causes that nothing tells apart


@dataclass(frozen=True)
class OutsideFamily:
    """What is known of a formula outside the family.

    nearest      the rule that explains most elements
    refuted      its first contradiction
    parts        two rules that together explain every element, by its place, and the places
                 that the second has to itself
    fault        the one fault of ``nearest`` that explains everything, in words
    """

    nearest: Rule
    refuted: Refutation
    parts: tuple[Rule, ...] = ()
    places: tuple[int, ...] = ()
    fault: str = ""


def diagnosed(
    rules: Sequence[Rule],
    records: Sequence[QueryResult],
    predict: Predict[Rule],
    queries: Queries,
    rest: Sequence[Experiment],
) -> OutsideFamily:
    """The nearest rule, and what would explain the rest."""
    comparisons = compared(rules, records, predict)
    ranked = sorted(rules, key=lambda rule: comparisons[rule].distance)
    parts, places = by_place(comparisons)
    source, fault = ranked[0], ""
    if not parts:
        source, found = cause(list(suspected(ranked, records)), records, queries, rest)
        alike = [one.said() for one in found if one.kind == found[0].kind][:SHOWN]
        fault = " (or: ".join(alike) + ")" * (len(alike) - 1)
    return OutsideFamily(source, first(source, records, predict), parts, places, fault)


def suspected(ranked: Sequence[Rule], records: Sequence[QueryResult]) -> Iterator[Rule]:
    """The rules that somebody may have meant: documented ones, and those that come nearest.

    Of the documented ones those come first that take just what was asked for.
    """
    documented = {variant.rule for variant in VARIANTS.values()}
    likely = [rule for rule in ranked if rule in documented]
    sent = set(records[0].experiment.coefficients)
    meant = [rule for rule in likely if set(rule.hyperparameters) == sent]
    yield from dict.fromkeys((*ranked[:NEAREST], *meant, *likely))


@dataclass
class Comparison:
    """One rule and everything that was observed.

    bad     elements that contradict it anywhere
    firm    elements of which it promises anything
    scores  distances in units of the bound, infinite where nothing is promised
    """

    bad: Array
    firm: Array
    scores: list[Array]

    @property
    def explained(self) -> int:
        """How many elements it promises something of, and rightly."""
        return int((self.firm & ~self.bad).sum())

    @property
    def distance(self) -> float:
        """Its usual distance: a rule that promises little is far from everything."""
        return float(np.median(np.concatenate(self.scores)))


def compared(
    rules: Sequence[Rule], records: Sequence[QueryResult], predict: Predict[Rule]
) -> dict[Rule, Comparison]:
    """Each rule beside all records."""
    size = records[0].observed.shape[1]
    found = {
        rule: Comparison(np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), [])
        for rule in rules
    }
    for record in records:
        for prediction in predict(list(rules), record.experiment):
            bad = prediction.contradicted(record.observed)
            firm = np.isfinite(prediction.table.error)
            score = np.where(firm, prediction.score(record.observed), np.inf).ravel()
            for rule in prediction.hypotheses:
                found[rule].bad |= bad.any(axis=0)
                found[rule].firm |= firm.any(axis=0)
                found[rule].scores.append(score)
    return found


def by_place(
    comparisons: dict[Rule, Comparison],
) -> tuple[tuple[Rule, ...], tuple[int, ...]]:
    """Two rules of which each element, in every experiment, follows the one or the other."""
    most = max(comparisons, key=lambda rule: comparisons[rule].explained)
    rest = comparisons[most].bad
    if not comparisons[most].explained or not rest.any():
        return (), ()
    for other, found in comparisons.items():
        if not (found.bad & rest).any() and found.firm[rest].all():
            return (most, other), tuple(map(int, np.flatnonzero(rest)))
    return (), ()


def first(rule: Rule, records: Sequence[QueryResult], predict: Predict[Rule]) -> Refutation:
    """The first contradiction of a rule that has one."""
    for place, record in enumerate(records, start=1):
        (found,) = predict([rule], record.experiment)
        everything = np.ones(record.observed.shape[1], dtype=bool)
        refuted = refutation(found, record, everything, place)
        if refuted:
            return refuted
    raise LookupError("no record contradicts the rule")
