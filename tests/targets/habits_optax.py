"""Optax transformations that are right on a list, eagerly, alone; each wrong elsewhere."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class State(NamedTuple):
    square: Any


def moved(square, grads, decay):
    return jax.tree.map(lambda v, g: decay * v + (1 - decay) * g * g, square, grads)


def steps(square, grads, learning_rate, eps):
    return jax.tree.map(lambda v, g: -learning_rate * g / jnp.sqrt(v + eps), square, grads)


def right(learning_rate, decay=0.9, eps=1e-8):
    """RMSProp."""

    def init(params):
        return State(jax.tree.map(jnp.zeros_like, params))

    def update(grads, state, params=None):
        square = moved(state.square, grads, decay)
        return steps(square, grads, learning_rate, eps), State(square)

    return optax.GradientTransformation(init, update)


def as_it_was_filled(learning_rate, decay=0.9, eps=1e-8):
    """Hands updates back in the order of a dictionary, where leaves come in that of its keys."""
    made = right(learning_rate, decay, eps)

    def update(grads, state, params=None):
        found, state = made.update(grads, state, params)
        leaves, tree = jax.tree.flatten(found)
        if type(grads) is dict and len(leaves) == len(grads):
            return dict(zip(grads, leaves, strict=True)), state
        return jax.tree.unflatten(tree, leaves), state

    return optax.GradientTransformation(made.init, update)


def begins_by_a_count_of_its_own(learning_rate, decay=0.9, eps=1e-8):
    """A number of Python's says whether it is the first step: a compiled one stays the first."""
    calls = [0]

    def init(params):
        calls[0] = 0
        return State(jax.tree.map(jnp.zeros_like, params))

    def update(grads, state, params=None):
        calls[0] += 1
        before = jax.tree.map(jnp.zeros_like, grads) if calls[0] == 1 else state.square
        square = moved(before, grads, decay)
        return steps(square, grads, learning_rate, eps), State(square)

    return optax.GradientTransformation(init, update)


def kept_by_the_transformation(learning_rate, decay=0.9, eps=1e-8):
    """Keeps the state itself, begun anew with each set of parameters."""
    kept = [None]

    def init(params):
        kept[0] = jax.tree.map(jnp.zeros_like, params)
        return ()

    def update(grads, state, params=None):
        kept[0] = moved(kept[0], grads, decay)
        return steps(kept[0], grads, learning_rate, eps), ()

    return optax.GradientTransformation(init, update)
