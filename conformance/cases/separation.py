"""Inputs that tell rules apart: sought where two formulas differ most in units of the bound.

Every candidate is one element: a few gradients in a row.  All rules that may come into question are
evaluated on all candidates at once; for each pair of rules the candidate that separates it most is
kept, the pairs that are hardest to separate first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import numpy as np

from optimizer_conformance.reference.numbers import PRECISIONS, BoundArithmetic
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import FACTORS, Impossible, Rule
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

# What implementations get wrong about each other: the choices that are tried on every rule.
DOUBTS = {
    "epsilon": FACTORS["epsilon"].values,
    "initial_second_moment": ("0", "1"),
    "correction": ("none", "first", "second", "both"),
    "momentum": ("scaled", "unscaled"),
    "weight_decay": ("l2", "decoupled", "decoupled-unscaled"),
    "amsgrad": ("raw", "corrected"),
    "proximal": ("rate", "own rate"),
}


@lru_cache(maxsize=64)
def hypotheses(family: str, features: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules of every document with these options, and those one doubt away from them."""
    documented = dict.fromkeys(
        variant.rule
        for variant in VARIANTS.values()
        if variant.family == family and variant.features == set(features)
    )
    near = (other for rule in documented for other in doubted(rule))
    return tuple(dict.fromkeys((*documented, *near)))


def doubted(rule: Rule) -> Iterator[Rule]:
    """The rules that differ in one doubt and have the same state."""
    for name, values in DOUBTS.items():
        if name in ("momentum", "weight_decay", "amsgrad", "proximal") and rule[name] == "none":
            continue
        for value in values:
            with contextlib.suppress(Impossible):
                yield rule.having(**{name: value})


def separations(
    rules: tuple[Rule, ...],
    decimals: dict[str, str],
    dtype: str,
    parameter: Array,
    gradients: list[Array],
) -> dict[tuple[int, int], Array]:
    """How far each two rules are apart at the last step, in units of the sum of their bounds.

    ``parameter`` and each of ``gradients`` hold one candidate an element; the result maps a pair of
    indices into ``rules`` to one number a candidate (0 where a bound promises nothing).
    """
    num = BoundArithmetic(PRECISIONS[dtype])
    ends = []
    with np.errstate(all="ignore"):
        for rule in rules:
            *_, (last, _) = trajectory(
                rule,
                decimals,
                num.given(parameter),
                [num.given(gradient) for gradient in gradients],
                num=num,
            )
            ends.append(last)
        apart = {}
        for (i, a), (j, b) in combinations(enumerate(ends), 2):
            found = np.abs(a.value - b.value) / (a.error + b.error)
            apart[i, j] = np.where(np.isfinite(found), found, 0.0)
    return apart


def most_separating(apart: dict[tuple[int, int], Array], count: int) -> Array:
    """Indices of ``count`` candidates: the best for each pair, the hardest pairs first."""
    ranked = sorted(apart.values(), key=lambda found: found.max())
    best = [np.argsort(-found, kind="stable") for found in ranked]
    chosen: dict[int, None] = {}
    for place in range(len(best[0]) if best else 0):
        for order in best:
            chosen.setdefault(int(order[place]))
            if len(chosen) == count:
                return np.fromiter(chosen, dtype=int)
    return np.fromiter(chosen, dtype=int)
