"""NumPy and Python alone: the two-dimensional experiment of Dive into Deep Learning 8.6.1."""

import math

import numpy as np

VERSIONS = ("numpy",)
START, EPOCHS = (-5.0, -2.0), 20


def _walk(accumulate, rate, epsilon):
    """20 steps down 0.1 x1^2 + 2 x2^2; ``accumulate`` makes the new state of a gradient."""
    point, state, lengths = list(START), [0.0, 0.0], []
    for _ in range(EPOCHS):
        slope = [0.2 * point[0], 4 * point[1]]
        state = [accumulate(s, g * g) for s, g in zip(state, slope)]
        moves = [rate / math.sqrt(s + epsilon) * g for s, g in zip(state, slope)]
        point = [x - move for x, move in zip(point, moves)]
        lengths.append(math.hypot(*moves))
    return point, lengths


def _value(point):
    return 0.1 * point[0] ** 2 + 2 * point[1] ** 2


def rmsprop():
    """The book's 20 steps, printed as the book prints them."""
    point, _ = _walk(lambda s, g2: 0.9 * s + (1 - 0.9) * g2, 0.4, 1e-6)
    return {"printed": f"epoch {EPOCHS}, x1 {point[0]:f}, x2 {point[1]:f}"}


def against_adagrad():
    """Both with rate 0.4: who is lower after 20 steps, and how Adagrad's steps go on."""
    point, _ = _walk(lambda s, g2: 0.9 * s + (1 - 0.9) * g2, 0.4, 1e-6)
    other, lengths = _walk(lambda s, g2: s + g2, 0.4, 1e-6)
    return {
        "lower": "rmsprop" if _value(point) < _value(other) else "adagrad",
        "adagrad_steps_shrink": bool((np.diff(lengths) < 0).all()),
        "values": [_value(point), _value(other)],
    }


def rates_never_grow(kind):
    """Whether the learning rate of an element never grows, for gradients of any size."""
    decay = 0.9
    gradients = np.random.Generator(np.random.Philox(1)).standard_normal((500, 64))
    state, rates = np.zeros(64), []
    for g in gradients:
        state = state + g * g if kind == "adagrad" else decay * state + (1 - decay) * g * g
        rates.append(1 / np.sqrt(state + 1e-6))
    return {"never_grows": bool((np.diff(rates, axis=0) <= 0).all())}


def decay_of_one():
    """The first exercise: with gamma 1 the state stays 0, and steps are rate / sqrt(eps) x g."""
    state = 1.0 * 0.0 + (1 - 1.0) * 3.0**2
    return {"state": state, "step_per_gradient": f"{0.01 / math.sqrt(state + 1e-6):.6g}"}
