"""Roots with epsilon in one of its places."""

from __future__ import annotations

from typing import Literal

from optimizer_conformance.reference.numbers.system import Number
from optimizer_conformance.reference.rules.stage import Walk

Epsilon = Literal["inside", "outside", "hat", "none"]


def rooted(walk: Walk, spread: Number, epsilon: str) -> Number:
    """The root of a spread, with epsilon inside it, outside it, or nowhere."""
    if epsilon == "inside":
        return walk.num.root(spread + walk.hyper.epsilon)
    if epsilon == "none":
        return walk.num.root(spread)
    return walk.num.root(spread) + walk.hyper.epsilon
