"""What a second implementation can be told so that it does what a first one does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.questions.translate.proof import Relation
from optimizer_conformance.questions.translate.result import Outcome
from optimizer_conformance.questions.translate.transformations import RATE
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, options
from optimizer_conformance.reference.rules import extent
from optimizer_conformance.reference.variants.record import FEATURES
from optimizer_conformance.workers.subject import Subject


def alone(other: Subject, features: Iterable[str]) -> bool:
    """Whether it steps element by element with these options."""
    return extent(other.implementation.family, tuple(sorted(features))) == "parameter"


def options_of(other: Subject, asked: Iterable[str]) -> tuple[str, ...]:
    """Its options: those that were asked for, or those with what can be left idle.

    Where it lacks an option, as many of the others as it has together.
    """
    wanted = set(asked)
    listed = [set(features) for features in other.implementation.features]
    listed = [features for features in listed if alone(other, features)] or listed

    def cost(features: set[str]) -> tuple[int, int, int]:
        extra = features - wanted
        return len(wanted - features), len(extra - set(options())), len(extra)

    best = min(listed, key=cost)
    return tuple(name for name in FEATURES if name in best)


def lacking(other: Subject, asked: Iterable[str], features: Iterable[str]) -> str:
    """What it lacks of the options that were asked for, in words."""
    missing = [name for name in asked if name not in features]
    return f"{other.name} has no {', '.join(missing)}" if missing else ""


def numbers_of(
    other: Subject, decimals: Mapping[str, str], features: Iterable[str]
) -> dict[str, str]:
    """The first one's numbers under its names, idle where the first has no such number.

    Idle momentum is not zero here: with zero, one could not tell which rule it follows.
    """
    takes = other.implementation.hyperparameters
    found = {name: value for name, value in decimals.items() if name in takes}
    for name, record in HYPERPARAMETERS.items():
        if record.option and record.option not in features:
            found.pop(name, None)
        elif record.idle and name in takes:
            found.setdefault(name, record.usual)
    return dict(sorted(found.items()))


def obstacle(item: Implementation, related: Relation, differ: str) -> tuple[Outcome, str] | None:
    """What stands between the rules being the same and its being told so.

    ``differ`` says in words where the rules part.
    """
    formulas = related.expressions
    if strange := sorted(set(formulas) - set(item.hyperparameters)):
        return "none", f"{item.name} takes no {', '.join(strange)}"
    if others := [name for name in related.changing if name != "learning_rate"]:
        each = ", ".join(f"{name} would have to be {formulas[name]}" for name in others)
        return "wrapper", f"{each} at every step; {differ}"
    if related.changing and not item.schedules:
        return "wrapper", (
            f"the learning rate would have to be {formulas['learning_rate']} at every step, "
            f"and {item.name} has no schedule of it"
        )
    if related.state and not item.settable:
        return "none", f"{differ}; the second one's state cannot be set"
    return None


def outcome(related: Relation, given: Mapping[str, str], decimals: Mapping[str, str]) -> Outcome:
    """What kind of numbers a proved translation has: ``given`` to the first one, and its own."""
    if related.changing:
        return "schedule"
    same = all(
        name in given and Fraction(value) == Fraction(given[name])
        for name, value in decimals.items()
    )
    return "same" if same else "changed"


def varies(related: Relation) -> bool:
    """Whether another hyperparameter than the rate follows the rate."""
    return any(
        name != "learning_rate" and expression.has(RATE)
        for name, expression in related.expressions.items()
    )
