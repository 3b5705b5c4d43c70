"""Which documents state a rule, or come nearest to it."""

from __future__ import annotations

from reference.pipeline import Choices
from reference.variants import VARIANTS
from reference.words import difference


def nearest(choices: Choices, features: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The variants with the fewest differences, those with the same options first; and these."""
    distances = {
        name: len(choices.differences(variant.choices)) for name, variant in VARIANTS.items()
    }
    least = min(distances.values())
    found = [name for name, count in distances.items() if count == least]
    found.sort(key=lambda name: (len(VARIANTS[name].features ^ set(features)), name))
    same = [name for name in found if VARIANTS[name].features == set(features)] or found
    return tuple(same), difference(choices, VARIANTS[same[0]].choices)
