"""A rule in names and formulas that people know, beside a document's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.text import typeset

NAMED = 3  # documents that are named; of more, how many


def formulas(followed: str, stated: str) -> Iterator[str]:
    """The equations of what is followed over those of a document, where they differ."""
    if followed not in VARIANTS or stated not in VARIANTS:
        return
    rules = (VARIANTS[followed].rule, VARIANTS[stated].rule)
    own, other = ((*starts(rule), *(text for text, _ in equations(rule))) for rule in rules)
    if different := [text for text in own if text not in other]:
        yield f"what it computes:   {typeset('; '.join(different))}"
        right = [text for text in other if text not in own]
        yield f"the document says:  {typeset('; '.join(right)) or 'nothing of it'}"


def known(names: Sequence[str]) -> str:
    """Three documents that people know, those that leave nothing open and have short names."""
    ordered = sorted(names, key=lambda name: (leaves_open(name), len(name)))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(ordered[:NAMED]) + more


def leaves_open(name: str) -> bool:
    """Whether a document leaves something of its rule open."""
    return name not in VARIANTS or bool(VARIANTS[name].readings)
