"""What training loops do with an Optax transformation besides calling its update on a list.

Each habit compares a transformation with itself, bit by bit: leaves of a dictionary are those of a
list, a step that was compiled once is the step that is compiled anew, and what one set of
parameters has kept is none of another's business.  No document is needed for that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from optimizer_conformance.adapters.jax import to_numpy

Make = Callable[[], Any]  # a transformation
Habit = Callable[[Make, Sequence[str]], str]  # what is wrong, or nothing; with the dtypes it takes
Tree = Any  # parameters, or gradients, in containers

# Dictionaries that were not filled in the order in which their leaves are taken: to where each
# stands in a list.
NAMED = {"w": 0, "b": 1, "scale": 2, "bias": 3}
NESTED = {"w": 0, "b": 1, "head": {"scale": 2, "bias": 3}}
PAIRS = ((0, 1), (2, 3))  # as functions that are given weights and a bias take them
TIMES = 3


def leaf(dtype: str, place: int, turn: int = 0) -> Any:
    """Numbers that every format holds, others in each place and turn."""
    numbers = np.array([[8, -24], [16, 4], [-12, 40]]) / 16.0
    return jnp.asarray(np.roll(numbers, turn, 0) * (1 + (place + turn) % 3), dtype)


def leaves(dtype: str, turn: int = 0) -> list[Any]:
    """One for each name."""
    return [leaf(dtype, place, turn) for place in range(len(NAMED))]


def packed(places: Tree, values: Sequence[Any]) -> Tree:
    """Leaves in dictionaries, as they were filled, or in tuples."""
    if isinstance(places, tuple):
        return tuple(packed(inner, values) for inner in places)
    if not isinstance(places, dict):
        return values[places]
    return {name: packed(inner, values) for name, inner in places.items()}


def unpacked(places: Tree, tree: Tree) -> dict[int, Any]:
    """Each leaf of a container by its place in the list."""
    if isinstance(places, tuple):
        places, tree = dict(enumerate(places)), dict(enumerate(tree))
    if not isinstance(places, dict):
        return {places: tree}
    parts = [unpacked(inner, tree[name]) for name, inner in places.items()]
    return {place: value for part in parts for place, value in part.items()}


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Bit by bit."""
    pairs = zip(one, other, strict=True)
    return all(to_numpy(a).tobytes() == to_numpy(b).tobytes() for a, b in pairs)


def step(update: Callable[..., Any], values: Tree, state: Any, gradients: Tree) -> tuple[Tree, Any]:
    """One, as Optax' documentation writes it."""
    updates, state = update(gradients, state, values)
    return optax.apply_updates(values, updates), state


def trained(make: Make, dtype: str, places: Tree = None, begin: int = 0) -> list[Any]:
    """The leaves after the plain loop, in a list or in containers; others from another turn."""
    made = make()

    def pack(turn: int) -> Tree:
        values = leaves(dtype, turn)
        return values if places is None else packed(places, values)

    values = pack(begin)
    state = made.init(values)
    for turn in range(TIMES):
        values, state = step(made.update, values, state, pack(begin + turn + 1))
    if places is None:
        return list(values)
    return [value for _, value in sorted(unpacked(places, values).items())]


def containers(make: Make, dtypes: Sequence[str]) -> str:
    """Parameters in dictionaries and tuples move as they do in a list."""
    plain = trained(make, dtypes[0])
    if all(same(plain, trained(make, dtypes[0], places)) for places in (NAMED, NESTED, PAIRS)):
        return ""
    return "some move otherwise than they do in a list"


def compiled(make: Make, dtypes: Sequence[str]) -> str:
    """A step that was compiled once is, at each step, what it is when it is compiled anew."""
    found = []
    for anew in (False, True):
        made = make()
        update = jax.jit(made.update)
        values = leaves(dtypes[0])
        state = made.init(values)
        for turn in range(TIMES):
            if anew:
                update = jax.jit(lambda *given, made=made: made.update(*given))
            values, state = step(update, values, state, leaves(dtypes[0], turn + 1))
        found.append(values)
    return "" if same(*found) else "it goes on with what held when it was compiled"


def turns(make: Make, dtypes: Sequence[str]) -> str:
    """One transformation over two sets of parameters, in turn: each moves as it does alone."""
    made, both = make(), (0, 1)
    sets = [leaves(dtypes[0], begin) for begin in both]
    states = [made.init(values) for values in sets]
    for turn in range(TIMES):
        for own in both:
            given = leaves(dtypes[0], own + turn + 1)
            sets[own], states[own] = step(made.update, sets[own], states[own], given)
    if all(same(trained(make, dtypes[0], begin=own), sets[own]) for own in both):
        return ""
    return "one goes on with what belongs to the other"


HABITS: dict[str, Habit] = {"containers": containers, "compiled": compiled, "turns": turns}
