"""RMSProp as users of Equinox write it: a module in Optax' form, and a step that is compiled."""

import equinox as eqx
import jax
import jax.numpy as jnp


class RMSProp(eqx.Module):
    learning_rate: float = 0.001
    decay: float = 0.9
    eps: float = 1e-8

    def init(self, params):
        return jax.tree_util.tree_map(jnp.zeros_like, eqx.filter(params, eqx.is_inexact_array))

    def update(self, grads, state, params=None):
        def average(v, g):
            return self.decay * v + (1 - self.decay) * g * g

        state = jax.tree_util.tree_map(average, state, grads)

        def move(v, g):
            return -self.learning_rate * g / jnp.sqrt(v + self.eps)

        return jax.tree_util.tree_map(move, state, grads), state


@eqx.filter_jit
def make_step(model, grads, opt_state, learning_rate=0.001, decay=0.9, eps=1e-8):
    optim = RMSProp(learning_rate, decay, eps)
    opt_state = optim.init(model) if opt_state is None else opt_state
    updates, opt_state = optim.update(grads, opt_state, model)
    return eqx.apply_updates(model, updates), opt_state
