"""Optax alone: what the docstrings of rmsprop and adam say beside the formula."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

VERSIONS = ("optax", "jax")
GRADIENTS = ((0.5, -3.0, 1e-3), (2.0, 0.25, -1.0), (-1.0, 0.0, 3.0))


def walked(solver, dtype="float32", steps=3):
    """The parameters after some steps."""
    parameters = jnp.ones(3, dtype)
    state = solver.init(parameters)
    for gradient in GRADIENTS[:steps]:
        updates, state = solver.update(jnp.asarray(gradient, dtype), state, parameters)
        parameters = optax.apply_updates(parameters, updates)
    return np.asarray(parameters.astype("float32"))


def example(name):
    """What the docstring's example prints."""

    def square(x):
        return jnp.sum(x**2)

    solver = getattr(optax, name)(learning_rate=0.003)
    parameters = jnp.array([1.0, 2.0, 3.0])
    lines, state = [str(square(parameters))], solver.init(parameters)
    for _ in range(5):
        updates, state = solver.update(jax.grad(square)(parameters), state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        lines.append(f"{square(parameters):.2E}")
    return {"printed": lines}


def schedule(name):
    """The counts with which a schedule is called in three steps, and whether its rates are used."""
    counts = []

    def rate(count):
        counts.append(int(count))
        return 0.5

    same = np.array_equal(walked(getattr(optax, name)(rate)), walked(getattr(optax, name)(0.5)))
    return {"counts": sorted(set(counts)), "as the number": bool(same)}


def same_as_nadam(**arguments):
    """In which formats adam(nesterov=True) and nadam end at the same parameters, to the bit."""
    found = {}
    for dtype in ("float32", "float16", "bfloat16"):
        one = walked(optax.adam(0.1, nesterov=True, **arguments), dtype)
        found[dtype] = bool(np.array_equal(one, walked(optax.nadam(0.1, **arguments), dtype)))
    return found


def nesterov():
    """Which estimate of the first moment the updates of three steps are nearest to."""
    beta, decay = 0.5, 0.75
    solver = optax.adam(1.0, b1=beta, b2=decay, eps=0.0, nesterov=True)
    parameters = jnp.zeros(1)
    state, m, v, found = solver.init(parameters), 0.0, 0.0, []
    for t, g in enumerate((1.0, 3.0, -0.5), 1):
        updates, state = solver.update(jnp.array([g]), state, parameters)
        m, v = beta * m + (1 - beta) * g, decay * v + (1 - decay) * g**2
        seen = float(-updates[0]) * np.sqrt(v / (1 - decay**t))
        late, now = 1 - beta ** (t + 1), 1 - beta**t
        estimates = {
            "documented": beta * m / late + (1 - beta) * g / now,
            "plain": m / now,
            "gradient corrected late": (beta * m + (1 - beta) * g) / late,
            "moment corrected early": (beta * m + (1 - beta) * g) / now,
        }
        found.append(min(estimates, key=lambda words: abs(estimates[words] - seen)))
    return {"nearest": found}


def meta_gradient(eps_root):
    """Whether the derivative of a step by its gradient, which is zero, is a finite number."""
    solver = optax.adam(0.1, eps_root=eps_root)

    def moved(gradient):
        parameters = jnp.zeros(1)
        updates, _ = solver.update(jnp.array([gradient]), solver.init(parameters), parameters)
        return updates[0]

    return {"finite": bool(jnp.isfinite(jax.grad(moved)(0.0)))}


def moments(parameters, **arguments):
    """The formats of both moments."""
    state = optax.adam(0.1, **arguments).init(jnp.ones(3, parameters))[0]
    return {"mu": str(state.mu.dtype), "nu": str(state.nu.dtype)}
