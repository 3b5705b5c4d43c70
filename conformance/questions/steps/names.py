"""What the arrays of a step are called: canonical names, and those of frameworks and kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer_conformance.questions.steps.arrays import StepError
from optimizer_conformance.reference.hyperparameters import plain
from optimizer_conformance.reference.rules import STATE

PARAMETER, GRADIENT, MASTER = "parameter", "gradient", "master"
# What others call them, in small letters and without underscores, and mean nothing else by.
CALLED = {
    PARAMETER: "param params p w weight weights theta",
    GRADIENT: "grad gradients grads g",
    MASTER: "masterparam masterparameter masterweight masterweights mainparam p32 w32",
    "first_moment": "m expavg m1 moment1 mu",
    "second_moment": "v expavgsq m2 moment2 nu squareavg ms meansquare sum accumulator",
    "maximum_second_moment": "maxexpavgsq vhat vmax maxv",
    "mean_gradient": "gradavg mg meangrad",
    "momentum": "momentumbuffer momentumbuf buf b mom trace velocity",
}
WORDS = {word: name for name, words in CALLED.items() for word in words.split()}


def canonical(name: str) -> str:
    """The quantity that is meant; empty where nobody knows."""
    if name in (PARAMETER, GRADIENT, MASTER, *STATE):
        return name
    return WORDS.get(plain(name), "")


def sorted_out(given: Mapping[str, Any], when: str) -> dict[str, tuple[str, Any]]:
    """Canonical name to the caller's own and what it holds; None is left out.

    Raises StepError for a name that nobody knows, or two for one quantity.
    """
    found: dict[str, tuple[str, Any]] = {}
    for own, value in given.items():
        if value is None:
            continue
        name = canonical(own)
        if not name:
            known = ", ".join((PARAMETER, GRADIENT, MASTER, *STATE))
            raise StepError(
                f"{when} has {own!r}, which is no quantity of a step; known are {known}"
            )
        if name in found:
            raise StepError(f"{when} has {found[name][0]!r} and {own!r}, which are both {name}")
        found[name] = own, value
    return found
