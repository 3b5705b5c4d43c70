"""optax.radam: in float32 the length of the average is off by so much that steps change."""

import sys

import jax.numpy as jnp
import optax

print("optax", optax.__version__)
b1, b2, rate = 0.9, 0.9999, 1.0
optimizer = optax.radam(rate, b1=b1, b2=b2, eps=1e-8)
parameter = jnp.asarray([0.0], jnp.float32)
state = optimizer.init(parameter)
early = []
for t in range(1, 7):
    update, state = optimizer.update(jnp.asarray([1e-3], jnp.float32), state, parameter)
    power = b2**t
    exact = 2 / (1 - b2) - 1 - 2 * t * power / (1 - power)
    # Gradients stay the same: before the rectification a step is rate x gradient.
    rectified = abs(float(update[0]) + 1e-3) > 1e-6
    print(f"step {t}: rho_t = {exact:.4f}, below 5: {exact < 5}, rectified: {rectified}")
    if rectified and exact < 5:
        early.append(t)
sys.exit(0 if early else 1)
