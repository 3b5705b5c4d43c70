"""Optimizers outside the family of RMSProp and Adam, or beside it by one fault."""

import numpy as np


def adagrad(w, g, state, learning_rate=0.1, epsilon=1e-8):
    total = (0 if state is None else state) + g * g
    return (w - learning_rate * g / (np.sqrt(total) + epsilon)).astype(w.dtype), total


def adadelta(w, g, state, learning_rate=1.0, decay=0.9, epsilon=1e-6):
    second, moved = state or (0 * w, 0 * w)
    second = decay * second + (1 - decay) * g * g
    step = np.sqrt(moved + epsilon) / np.sqrt(second + epsilon) * g
    moved = decay * moved + (1 - decay) * step * step
    return (w - learning_rate * step).astype(w.dtype), (second, moved)


def sgd_with_momentum(w, g, state, learning_rate=0.1, momentum=0.9):
    buffer = momentum * (0 * w if state is None else state) + g
    return (w - learning_rate * buffer).astype(w.dtype), buffer


def lion(w, g, state, learning_rate=0.1, beta1=0.9, beta2=0.99):
    mean = 0 * w if state is None else state
    step = np.sign(beta1 * mean + (1 - beta1) * g)
    return (w - learning_rate * step).astype(w.dtype), beta2 * mean + (1 - beta2) * g


def _adam(w, g, state, learning_rate, beta1, beta2, epsilon, average, late=0):
    mean, second, count = state or (0 * w, 0 * w, 0)
    count += 1
    mean = beta1 * mean + (1 - beta1) * g
    second = average(second, mean)
    corrected = mean / (1 - beta1 ** (count + late))
    root = np.sqrt(second / (1 - beta2**count)) + epsilon
    return (w - learning_rate * corrected / root).astype(w.dtype), (mean, second, count)


def adabelief(w, g, state, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    def average(second, mean):
        return beta2 * second + (1 - beta2) * (g - mean) ** 2 + epsilon

    return _adam(w, g, state, learning_rate, beta1, beta2, epsilon, average)


def yogi(w, g, state, learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-3):
    def average(second, mean):
        return second - (1 - beta2) * np.sign(second - g * g) * g * g

    return _adam(w, g, state, learning_rate, beta1, beta2, epsilon, average)


def correction_one_step_late(
    w, g, state, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8
):
    def average(second, mean):
        return beta2 * second + (1 - beta2) * g * g

    return _adam(w, g, state, learning_rate, beta1, beta2, epsilon, average, late=1)


def clipped_by_value(w, g, state, learning_rate=0.01, decay=0.9, epsilon=1e-8):
    g = np.clip(g, -1, 1)
    second = decay * (0 * w if state is None else state) + (1 - decay) * g * g
    return (w - learning_rate * g / (np.sqrt(second) + epsilon)).astype(w.dtype), second


def clipped_by_norm(w, g, state, learning_rate=0.01, decay=0.9, epsilon=1e-8):
    norm = np.sqrt(np.sum(g.astype(float) ** 2))
    g = (g * min(1.0, 1.0 / (norm + 1e-6))).astype(w.dtype)
    second = decay * (0 * w if state is None else state) + (1 - decay) * g * g
    return (w - learning_rate * g / (np.sqrt(second) + epsilon)).astype(w.dtype), second


def adamax(w, g, state, learning_rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-8):
    mean, largest, count = state or (0 * w, 0 * w, 0)
    count += 1
    mean = beta1 * mean + (1 - beta1) * g
    largest = np.maximum(beta2 * largest, np.abs(g) + epsilon)
    step = learning_rate / (1 - beta1**count) * mean / largest
    return (w - step).astype(w.dtype), (mean, largest, count)


def adam_with_everything_built_in(w, g, state):
    def average(second, mean):
        return 0.999 * second + 0.001 * g * g

    return _adam(w, g, state, 0.001, 0.9, 0.999, 1e-8, average)


def skips_zeros(w, g, state, learning_rate=0.01, decay=0.9, epsilon=1e-8):
    before = 0 * w if state is None else state
    second = np.where(g == 0, before, decay * before + (1 - decay) * g * g)
    return (w - learning_rate * g / (np.sqrt(second) + epsilon)).astype(w.dtype), second


def ignores_steps_with_nan(w, g, state, learning_rate=0.01, decay=0.9, epsilon=1e-8):
    before = 0 * w if state is None else state
    if not np.isfinite(g).all():
        return w, before
    second = decay * before + (1 - decay) * g * g
    return (w - learning_rate * g / (np.sqrt(second) + epsilon)).astype(w.dtype), second
