"""optax.adan: differences of gradients count by 1 - b2, where the equations have b2."""

import sys

import jax.numpy as jnp
import optax

print("optax", optax.__version__)
b1, b2, b3, eps, rate = 0.98, 0.92, 0.99, 1e-8, 0.5
optimizer = optax.adan(rate, b1=b1, b2=b2, b3=b3, eps=eps, eps_root=0.0)
parameter = jnp.asarray([0.0])
state = optimizer.init(parameter)
gradients = (1.0, 3.0)
for gradient in gradients:
    update, state = optimizer.update(jnp.asarray([gradient]), state, parameter)
    parameter = optax.apply_updates(parameter, update)


def adan(share):
    """Two steps; v <- b2 v + (1 - b2) (g - g before) is what optax keeps."""
    w = m = v = n = 0.0
    before = gradients[0]
    for t, g in enumerate(gradients, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (g - before)
        n = b3 * n + (1 - b3) * (g + share * (g - before)) ** 2
        mean, change = m / (1 - b1**t), v / (1 - b2**t)
        w -= rate * (mean + share * change) / ((n / (1 - b3**t)) ** 0.5 + eps)
        before = g
    return w


seen = float(parameter[0])
print("optax.adan                     ", seen)
print("differences count by b2        ", adan(b2))
print("differences count by 1 - b2    ", adan(1 - b2))
sys.exit(0 if abs(seen - adan(1 - b2)) < 1e-5 < abs(seen - adan(b2)) else 1)
