"""Correct rules on NumPy arrays, written as nobody's textbook writes them."""

import math

import numpy as np


def reciprocal_root(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    """One division for both the root and the step."""
    average = np.zeros_like(parameter) if state is None else state
    average = average + (1 - alpha) * (gradient * gradient - average)
    reciprocal = np.reciprocal(np.sqrt(average) + eps)
    return parameter - (lr * gradient) * reciprocal, average


def in_place(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    """Nothing is allocated but a scratch array."""
    if state is None:
        state = [np.zeros_like(parameter), np.empty_like(parameter)]
    average, scratch = state
    average *= alpha
    np.multiply(gradient, gradient, out=scratch)
    scratch *= 1 - alpha
    average += scratch
    np.sqrt(average, out=scratch)
    scratch += eps
    np.divide(gradient, scratch, out=scratch)
    scratch *= lr
    parameter -= scratch
    return parameter, state


def in_double(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    """Everything in float64, and rounded once."""
    g = gradient.astype(np.float64)
    average = np.float64(0) if state is None else state
    average = alpha * average + (1 - alpha) * g * g
    after = parameter.astype(np.float64) - np.float64(lr) * g / (np.sqrt(average) + eps)
    return after.astype(parameter.dtype), average


def element_by_element(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    """Python's own floats."""
    state = np.zeros(parameter.shape) if state is None else state
    after = parameter.copy()
    for place, single in np.ndenumerate(gradient):
        g = float(single)
        state[place] = alpha * state[place] + (1 - alpha) * g * g
        after[place] = float(parameter[place]) - lr * g / (math.sqrt(state[place]) + eps)
    return after, state


class Rule:
    """An object that is called; what it computes with is a closure over its class."""

    def __call__(
        self, w, dw, memory, *, stepSize=0.001, gradDecay=0.9, sqGradDecay=0.999, epsilon=1e-8
    ):
        memory = memory or {"t": 0, "m": np.zeros_like(w), "v": np.zeros_like(w)}
        memory["t"] += 1
        memory["m"] += (1 - gradDecay) * (dw - memory["m"])
        memory["v"] += (1 - sqGradDecay) * (dw * dw - memory["v"])
        first = 1 - math.pow(gradDecay, memory["t"])
        second = math.sqrt(1 - math.pow(sqGradDecay, memory["t"]))
        denominator = np.sqrt(memory["v"]) / second + epsilon
        return w - (stepSize / first) * memory["m"] / denominator, memory


adam = Rule()


def hypotenuse(parameter, gradient, state, lr=0.01, alpha=0.9, eps=1e-7):
    """Epsilon inside the root, by way of a hypotenuse of two roots."""
    root = np.zeros_like(parameter) if state is None else state
    root = np.hypot(math.sqrt(alpha) * root, math.sqrt(1 - alpha) * gradient)
    return parameter - lr * gradient / np.hypot(root, math.sqrt(eps)), root
