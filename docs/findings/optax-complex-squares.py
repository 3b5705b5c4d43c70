"""optax.rmsprop and optax.adam keep of complex numbers neither PyTorch's square nor TF 1's."""

import sys

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_enable_x64", True)
print("optax", optax.__version__, "jax", jax.__version__)
gradient = 3 + 4j
# With decay 0 the second moment after a step is the square itself.
solvers = {
    "rmsprop(eps_in_sqrt=False)": optax.rmsprop(0.5, decay=0.0, eps_in_sqrt=False),
    "rmsprop(initial_scale=1)": optax.rmsprop(0.5, decay=0.0, initial_scale=1.0),
    "adam": optax.adam(0.5, b1=0.0, b2=0.0),
}
squares = {
    "(3+4j)^2, as TensorFlow 1 prints it": gradient * gradient,
    "both parts apart, as PyTorch keeps them": 9 + 16j,
    "|3+4j|^2": 25 + 0j,
}
found = {}
for name, solver in solvers.items():
    w = jnp.zeros((), dtype="complex128")
    _, state = solver.update(jnp.asarray(gradient), solver.init(w), w)
    kept = complex(state[0].nu)
    found[name] = next(
        (words for words, value in squares.items() if kept == value), "something else"
    )
    print(f"{name} keeps {kept} of the gradient {gradient}: {found[name]}")
sys.exit(0 if set(found.values()) == {"|3+4j|^2"} else 1)
