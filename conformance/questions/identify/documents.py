"""Which documents state a rule, or come nearest to it."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reference.variants import VARIANTS


def nearest(
    rule: Rule, features: tuple[str, ...], claims: Sequence[str] = ()
) -> tuple[tuple[str, ...], str]:
    """The variants with the fewest differences, and these differences.

    Those with the same options come first, and of these ``claims`` (identifiers less options).
    """
    distances = {name: len(rule.differences(variant.rule)) for name, variant in VARIANTS.items()}
    least = min(distances.values())
    found = [name for name, count in distances.items() if count == least]

    order = {claim: place for place, claim in enumerate(claims)}

    def place(name: str) -> tuple[int, int, str]:
        variant = VARIANTS[name]
        claimed = order.get(variant.base, len(order))
        return len(variant.features ^ set(features)), claimed, name

    found.sort(key=place)
    same = [name for name in found if VARIANTS[name].features == set(features)] or found
    return tuple(same), difference(rule, VARIANTS[same[0]].rule)


def unseen(names: Sequence[str]) -> tuple[str, ...]:
    """In what the rules of these documents differ that no parameter shows."""
    rules = [VARIANTS[name].rule for name in names]
    return tuple(
        f"not looked at, since no parameter shows it: whether {factor.subject} "
        + " or ".join(dict.fromkeys(factor.says[rule[factor.name]] for rule in rules))
        for factor in FACTORS.values()
        if factor.given and len({rule[factor.name] for rule in rules}) > 1
    )
