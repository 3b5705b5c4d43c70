"""optax.rmsprop(eps_in_sqrt=False): with momentum and a schedule it is not PyTorch's rule."""

import sys

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_enable_x64", True)
rates, momentum, decay, eps, gradient = (0.5, 0.125), 0.5, 0.75, 1e-8, 1.0
print("optax", optax.__version__, "jax", jax.__version__)

schedule = optax.piecewise_constant_schedule(rates[0], {1: rates[1] / rates[0]})
solver = optax.rmsprop(schedule, decay=decay, eps=eps, eps_in_sqrt=False, momentum=momentum)
w = jnp.zeros(())
state = solver.init(w)
found = []
for _ in rates:
    update, state = solver.update(jnp.asarray(gradient), state, w)
    w = optax.apply_updates(w, update)
    found.append(float(w))

# PyTorch's documented rule: the buffer holds steps that the current rate multiplies.
v = buffer = x = 0.0
wanted = []
for rate in rates:
    v = decay * v + (1 - decay) * gradient**2
    buffer = momentum * buffer + gradient / (v**0.5 + eps)
    x -= rate * buffer
    wanted.append(x)

for step, (ours, theirs) in enumerate(zip(found, wanted, strict=True), 1):
    print(f"step {step}, rate {rates[step - 1]}: optax {ours:.6f}, PyTorch's rule {theirs:.6f}")
same = f"{found[0]:.6f}" == f"{wanted[0]:.6f}"
sys.exit(0 if same and abs(found[1] - wanted[1]) > 0.1 else 1)
