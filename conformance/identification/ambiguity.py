"""What could not be told apart, and why."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.identification.hypotheses import factor, known_factors
from conformance.identification.questioning import Interview
from conformance.identification.result import Ambiguity
from conformance.power.equivalence import equal, one_step
from reference.pipeline import Choices


def ambiguities(left: Sequence[Choices], interview: Interview) -> tuple[Ambiguity, ...]:
    """A line for each factor of which the rules that are left have several values."""
    found = []
    for name in known_factors():
        values = tuple(dict.fromkeys(str(factor(rule, name)).lower() for rule in left))
        if len(values) > 1:
            found.append(Ambiguity(name, values, reason(name, left, interview)))
    return tuple(found)


def reason(name: str, left: Sequence[Choices], interview: Interview) -> str:
    """Why the values of a factor could not be told apart."""
    first = left[0]
    others = [rule for rule in left if factor(rule, name) != factor(first, name)]
    if all(same(first, other) for other in others):
        return "the equations of the step are equal (SymPy)"
    if name == "momentum" and not interview.subject.implementation.schedules:
        return (
            "the two forms differ only when the learning rate changes, and this implementation "
            "takes no schedule"
        )
    if interview.steps >= interview.most_steps:
        return f"the {interview.most_steps} steps were used up; allow more with --max-steps"
    return "no experiment separates them by more than the sum of their bounds"


def same(left: Choices, right: Choices) -> bool:
    """Whether two rules are one in real numbers: from the same state the same step."""
    if left.initial_second_moment != right.initial_second_moment:
        return False
    family = "adam" if left.first_moment or right.first_moment else "rmsprop"
    mine, theirs = (one_step(rule, family, scaled=False) for rule in (left, right))
    return mine.keys() == theirs.keys() and all(equal(mine[key], theirs[key]) for key in mine)
