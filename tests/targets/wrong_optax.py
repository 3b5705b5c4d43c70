"""Optax transformations, each wrong in one respect."""

import jax
import jax.numpy as jnp
import optax


def adam_without_second_correction(learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    def init(params):
        zeros = jax.tree.map(jnp.zeros_like, params)
        return jnp.zeros([], jnp.int32), zeros, zeros

    def update(grads, state, params=None):
        count, first, second = state
        count = count + 1
        first = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, first, grads)
        second = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, second, grads)

        def change(m, v):
            corrected = m / (1 - jnp.asarray(b1, m.dtype) ** count)
            return (-learning_rate * corrected / (jnp.sqrt(v) + eps)).astype(m.dtype)

        return jax.tree.map(change, first, second), (count, first, second)

    return optax.GradientTransformation(init, update)


def rmsprop_starting_at_one(learning_rate=1e-3, decay=0.9, eps=1e-8):
    def init(params):
        return jax.tree.map(jnp.ones_like, params)

    def update(grads, average, params=None):
        average = jax.tree.map(lambda v, g: decay * v + (1 - decay) * g * g, average, grads)
        changes = jax.tree.map(
            lambda v, g: -learning_rate * g * jax.lax.rsqrt(v + eps), average, grads
        )
        return changes, average

    return optax.GradientTransformation(init, update)


def chained_in_the_wrong_order(learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8, weight_decay=1e-4):
    """Weight decay before the moments: L2, where AdamW decouples it."""
    return optax.chain(
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_adam(b1, b2, eps),
        optax.scale_by_learning_rate(learning_rate),
    )
