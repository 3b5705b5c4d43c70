"""optax.contrib.adopt without clipping: nan from the first step where g / eps overflows."""

import sys

import jax.numpy as jnp
import optax

print("optax", optax.__version__)


def parameters(use_clipping):
    """A float16 parameter after each of three steps with a gradient of 1, all else by default."""
    optimizer = optax.contrib.adopt(0.1, use_clipping=use_clipping)
    parameter = jnp.ones(1, jnp.float16)
    state = optimizer.init(parameter)
    for _ in range(3):
        update, state = optimizer.update(jnp.ones(1, jnp.float16), state, parameter)
        parameter = optax.apply_updates(parameter, update)
        yield float(parameter[0])


without, clipped = [*parameters(False)], [*parameters(True)]
print("use_clipping=False ", without)
print("use_clipping=True  ", clipped)
print("the paper's rule    [1.0, 0.99, 0.971]: the first step keeps squares and moves nothing")
sys.exit(0 if without[0] != without[0] and clipped[0] == 1.0 else 1)
