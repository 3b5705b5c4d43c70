"""optax.contrib.adopt without clipping: nan from the first step where g / eps overflows."""

import sys

import jax.numpy as jnp
import optax

print("optax", optax.__version__)


def parameters(use_clipping, gradient=1, **options):
    """A float16 parameter after each of three steps with one gradient."""
    optimizer = optax.contrib.adopt(0.1, use_clipping=use_clipping, **options)
    parameter = jnp.ones(1, jnp.float16)
    state = optimizer.init(parameter)
    for _ in range(3):
        update, state = optimizer.update(jnp.full(1, gradient, jnp.float16), state, parameter)
        parameter = optax.apply_updates(parameter, update)
        yield float(parameter[0])


without, clipped = [*parameters(False)], [*parameters(True)]
zero = [*parameters(True, gradient=0, eps=0)]
print("use_clipping=False ", without)
print("use_clipping=True  ", clipped)
print("eps=0, gradient 0  ", zero, "with clipping")
print("the paper's rule    [1.0, 0.99, 0.971]: the first step keeps squares and moves nothing")
sys.exit(0 if without[0] != without[0] and clipped[0] == 1.0 and zero[0] != zero[0] else 1)
