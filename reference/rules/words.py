"""What each factor of a rule says in words, so that a difference can be read."""

from __future__ import annotations

from optimizer_conformance.reference.rules.rule import FACTORS, Rule


def difference(observed: Rule, documented: Rule, link: str = ", documented") -> str:
    """What an implementation does that a document states otherwise; empty when they agree.

    ``link`` stands between what is done and what it differs from.
    """
    parts = []
    for name in observed.differences(documented):
        factor = FACTORS[name]
        done, stated = factor.says[observed[name]], factor.says[documented[name]]
        parts.append(f"{factor.subject} {done}{link} {stated}")
    return "; ".join(parts)


def contrast(first: Rule, second: Rule) -> str:
    """How two rules differ; empty when they do not."""
    parts = []
    for name in first.differences(second):
        factor = FACTORS[name]
        one, other = factor.says[first[name]], factor.says[second[name]]
        parts.append(f"{factor.subject} {one} in the first, {other} in the second")
    return "; ".join(parts)
