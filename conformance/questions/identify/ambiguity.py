"""What could not be told apart, and why."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer_conformance.mutants.equivalence import alike, begin_otherwise, one_step
from optimizer_conformance.questions.identify.hypotheses import factor, known_factors
from optimizer_conformance.questions.identify.limits import limited_alike
from optimizer_conformance.questions.identify.queries import Queries
from optimizer_conformance.questions.identify.result import Ambiguity
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.rules.words import difference

MOST_DIFFERENCES = 2


def distinct(left: Sequence[Rule]) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules of which no two are one and the same formula; and what was the same."""
    found: list[Rule] = []
    notes = []
    for rule in left:
        twin = next((other for other in found if same(rule, other)), None)
        if twin is None:
            found.append(rule)
        else:
            notes.append(f"the same formula: {difference(rule, twin)} (equal by SymPy)")
    return tuple(found), tuple(notes)


def ambiguities(left: Sequence[Rule], queries: Queries) -> tuple[Ambiguity, ...]:
    """A line for each factor of which the rules that are left have several values."""
    found = []
    for name in known_factors():
        values = tuple(dict.fromkeys(str(factor(rule, name)).lower() for rule in left))
        if len(values) > 1:
            found.append(Ambiguity(name, values, reason(name, queries)))
    return tuple(found)


def reason(name: str, queries: Queries) -> str:
    """Why the values of a factor could not be told apart."""
    if name == "momentum" and not queries.subject.implementation.schedules:
        return (
            "the two forms differ only when the learning rate changes, and this implementation "
            "takes no schedule"
        )
    if queries.steps + 1 >= queries.most_steps:
        return f"the {queries.most_steps} steps were used up; allow more with --max-steps"
    return "no experiment separates them by more than the sum of their bounds"


def same(left: Rule, right: Rule) -> bool:
    """Whether two rules are one in real numbers: from the same state the same step.

    Some begin otherwise (an average that starts as the first square), which no later step shows.
    """
    if len(left.differences(right)) > MOST_DIFFERENCES:
        return False  # a proof takes a while, and rules so far apart have never been one
    if not left.starts_like(right):
        return False
    if not begin_otherwise(left, right) and alike(one_step(left), one_step(right)):
        return True
    return limited_alike(left, right)
