"""Optax' rprop: each step applies the update of the step before, and the first moves nothing."""

import sys

import jax
import jax.numpy as jnp
import optax

RATE, GROWTH, SHRINKAGE = 0.125, 1.25, 0.5
GRADIENTS = (1.0, 1.0, 1.0, -1.0, 1.0)


def documented():
    """Each step's change by the paper, in numbers that float32 holds."""
    size, before = RATE, 0.0
    for gradient in GRADIENTS:
        turned = gradient * before < 0
        size *= GROWTH if gradient * before > 0 else SHRINKAGE if turned else 1.0
        before = 0.0 if turned else gradient
        yield -size * before


def observed(step=lambda function: function):
    """Each step's change by optax.rprop."""
    made = optax.rprop(RATE, eta_minus=SHRINKAGE, eta_plus=GROWTH)
    value = jnp.zeros(1)
    state, update = made.init(value), step(made.update)
    for gradient in GRADIENTS:
        change, state = update(jnp.array([gradient]), state, value)
        value = optax.apply_updates(value, change)
        yield float(change[0])


due = list(documented())
print("jax", jax.__version__, "optax", optax.__version__)
print(f"{'gradients':16}", *(f"{number:9g}" for number in GRADIENTS))
print(f"{'documented':16}", *(f"{number + 0:9g}" for number in due))
rows = {"optax.rprop": list(observed()), "  jit": list(observed(jax.jit))}
for name, found in rows.items():
    print(f"{name:16}", *(f"{number + 0:9g}" for number in found))
late = all(found[0] == 0 and found[1:3] == due[:2] for found in rows.values())
sys.exit(0 if late and due[0] != 0 else 1)
