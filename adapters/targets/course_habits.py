"""What is handed over to a class on NumPy arrays in another container than a list or a tuple.

Each habit compares a class with itself, bit by bit, and is asked where its style has the container.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.course import CourseSession
from optimizer_conformance.adapters.targets.maker import Maker

TIMES = 3
SHAPE, COUNT = (2, 3), 3  # of the parameters, all alike: what is mistaken for another fits


def numbers(turn: int) -> Array:
    """Numbers that every format holds, others in each turn."""
    return np.roll(np.arange(1.0, np.prod(SHAPE) + 1), turn).reshape(SHAPE) / 16


def session(maker: Maker, request: protocol.Open) -> CourseSession:
    """One over several parameters."""
    dtype = request.parameters[0].value.dtype
    request.parameters[:] = [
        protocol.Parameter(f"w{place}", kit.to_tensor(numbers(place).astype(dtype)))
        for place in range(COUNT)
    ]
    return CourseSession(request, maker)


def trained(opened: CourseSession) -> list[Array]:
    """The parameters after some steps."""
    for turn in range(1, TIMES + 1):
        before = opened.parameters()
        opened.step([numbers(turn + at).astype(old.dtype) for at, old in enumerate(before)])
    return opened.parameters()


def same(one: Sequence[Array], other: Sequence[Array]) -> bool:
    """Bit by bit."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def in_style(maker: Maker, request: protocol.Open, **changed: bool) -> bool:
    """Whether its parameters move in a changed style as in its own."""
    plain = trained(session(maker, request))
    own = maker.style
    maker.style = copy.copy(own)
    vars(maker.style).update(changed)
    try:
        return same(plain, trained(session(maker, request)))
    finally:
        maker.style = own


def gradient_order(maker: Maker, request: protocol.Open, *_: Any) -> str:
    """Gradients are those of the parameters whose names they have, however they were filled in."""
    if session(maker, request).style.container != "dict":
        raise kit.Unsupported("its gradients stand in no dictionary")
    if in_style(maker, request, backwards=True):
        return ""
    return "parameters move by gradients that stand in the same place, not under the same name"


def handed_once(maker: Maker, request: protocol.Open, *_: Any) -> str:
    """Parameters that can be gone through once alone all move."""
    style = session(maker, request).style
    if not (style.constructed and style.container in ("list", "parameter")):
        raise kit.Unsupported("it is made of no list of parameters")
    return "" if in_style(maker, request, once=True) else "they do not move as those of a list"


def array_numbers(maker: Maker, request: protocol.Open, *_: Any) -> str:
    """Several numbers that are handed over as an array are what they are in a tuple, and stay."""
    plain, other = session(maker, request), session(maker, request)
    given = {**defaults(maker.found), **plain.given}
    found = {name: np.array(v) for name, v in given.items() if isinstance(v, (tuple, list))}
    if not found:
        raise kit.Unsupported("it takes no tuple of numbers")
    before = copy.deepcopy(found)
    other.given = {**other.given, **found}
    other.objects = [other.made(some) for some in other.parts(other.values)]
    if not same(trained(plain), trained(other)):
        return "it moves otherwise than with a tuple"
    same_still = all(np.array_equal(found[name], before[name]) for name in found)
    return "" if same_still else "its steps write into that array"


def defaults(found: Any) -> dict[str, Any]:
    """What its arguments are left at."""
    every = inspect.signature(found).parameters.values()
    return {argument.name: argument.default for argument in every}


def habits(maker: Maker, request: protocol.Open) -> dict[str, Callable[..., str]]:
    """Each as it is asked of this target."""
    asked = {
        "gradient-order": gradient_order,
        "handed-once": handed_once,
        "array-numbers": array_numbers,
    }
    return {name: partial(habit, maker, request) for name, habit in asked.items()}
