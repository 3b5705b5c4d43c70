"""optax.adagrad: no step where the sum of squares is zero, whatever the gradient."""

import sys

import jax.numpy as jnp
import optax

print("optax", optax.__version__)
optimizer = optax.adagrad(1.0, initial_accumulator_value=0.0, eps=1e-7)
parameter = jnp.asarray([0.0, 0.0], jnp.float32)
gradient = jnp.asarray([1e-24, 1e-18], jnp.float32)
update, state = optimizer.update(gradient, optimizer.init(parameter), parameter)
documented = [-float(g) / (float(g) ** 2 + 1e-7) ** 0.5 for g in gradient]
print("update      ", update.tolist())
print("-g / sqrt(g^2 + eps)", documented)
wrong = float(update[0]) == 0.0 and abs(float(update[1]) / documented[1] - 1) < 1e-5
sys.exit(0 if wrong else 1)
