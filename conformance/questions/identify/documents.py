"""Which documents state a rule, or come nearest to it."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer_conformance.reference.rules import Rule
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

    def place(name: str) -> tuple[int, bool, str]:
        variant = VARIANTS[name]
        return len(variant.features ^ set(features)), variant.base not in claims, name

    found.sort(key=place)
    same = [name for name in found if VARIANTS[name].features == set(features)] or found
    return tuple(same), difference(rule, VARIANTS[same[0]].rule)
