"""Correct Optax transformations, written in other ways."""

import jax
import jax.numpy as jnp
import optax


def adamw_chained(learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8, weight_decay=1e-4):
    return optax.chain(
        optax.scale_by_adam(b1=b1, b2=b2, eps=eps),
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(learning_rate),
    )


def rmsprop_jitted(learning_rate, decay=0.9, eps=1e-8):
    """One compiled function for all leaves, with a reciprocal root."""

    @jax.jit
    def one(v, g):
        v = v + (1 - decay) * (g * g - v)
        return g * jax.lax.rsqrt(v + eps), v

    def init(params):
        return jax.tree.map(jnp.zeros_like, params)

    def update(grads, state, params=None):
        pairs = jax.tree.map(one, state, grads)
        pick = lambda i: jax.tree.map(lambda v, pair: pair[i], state, pairs)  # noqa: E731
        return pick(0), pick(1)

    return optax.chain(
        optax.GradientTransformation(init, update), optax.scale_by_learning_rate(learning_rate)
    )
