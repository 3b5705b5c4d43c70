"""What a worker says of itself, checked before anything is planned from it."""

from __future__ import annotations

from collections import Counter

from optimizer_conformance.adapters.protocol import Description, Implementation
from optimizer_conformance.reference.numbers.budget import PROFILES
from optimizer_conformance.reference.rules import FAMILIES, Impossible, typical
from optimizer_conformance.reference.variants.record import FEATURES
from optimizer_conformance.workers.hearsay import nonsense


def contradiction(description: Description) -> str:
    """Why a description cannot be true, or empty."""
    if not description.versions:
        return "the worker gives no version of its framework"
    if wrong := nonsense(description):
        return wrong
    counted = Counter(item.name for item in description.implementations)
    if twice := next((name for name, times in counted.items() if times > 1), ""):
        return f"the worker describes {twice!r} twice"
    for item in description.implementations:
        if wrong := contradicted(item, description.devices):
            return f"{item.name!r} {wrong}"
        if not description.target and (wrong := ruleless(item)):
            return f"{item.name!r} {wrong}"
    return ""


def contradicted(item: Implementation, devices: dict[str, str]) -> str:
    """What is wrong with one implementation, or empty."""
    if not item.features or not item.dtypes:
        return "has no set of features, or no dtype: say [[]] where there are no options"
    if len(set(item.dtypes)) < len(item.dtypes):
        return "lists a dtype twice"
    if unknown := {name for features in item.features for name in features} - set(FEATURES):
        return f"has features that are not known: {', '.join(sorted(unknown))}"
    if absent := set(item.devices) - set(devices):
        return f"runs on devices that the worker has not: {', '.join(sorted(absent))}"
    for profile in item.arithmetic.values():
        if profile not in PROFILES:
            known = ", ".join(PROFILES)
            return f"has an arithmetic {profile!r} that is not known; known are {known}"
    return ""


def ruleless(item: Implementation) -> str:
    """Why no rule is of its family, or has one of its sets of options, or empty.

    What somebody's own optimizer offers is found out, and may be anything.
    """
    if item.family not in FAMILIES:
        return f"is of a family {item.family!r} that is not known; known are {', '.join(FAMILIES)}"
    for features in item.features:
        try:
            typical(item.family, features)
        except Impossible as error:
            return f"offers what cannot be: {error}"
    return ""
