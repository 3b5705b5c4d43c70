"""RMSProp as a class in Optax' form without Optax, and as a step on JAX arrays."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class RMSProp:
    learning_rate: float = 0.001
    decay: float = 0.9
    eps: float = 1e-8

    def init(self, params):
        return jax.tree_util.tree_map(jnp.zeros_like, params)

    def update(self, grads, state, params=None):
        def average(v, g):
            return self.decay * v + (1 - self.decay) * g * g

        def move(v, g):
            return -self.learning_rate * g / jnp.sqrt(v + self.eps)

        state = jax.tree_util.tree_map(average, state, grads)
        return jax.tree_util.tree_map(move, state, grads), state


def step(model, grads, state, learning_rate=0.001):
    rule = RMSProp(learning_rate)
    updates, state = rule.update(grads, rule.init(model) if state is None else state)
    return model + updates, state


compiled = jax.jit(step)
