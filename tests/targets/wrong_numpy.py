"""RMSProp and Adam on NumPy arrays, each wrong in one respect."""

import numpy as np


def epsilon_inside(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / np.sqrt(average + eps), average


def correction_one_step_late(parameter, gradient, state, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    count, first, second = state or (0, np.zeros_like(parameter), np.zeros_like(parameter))
    first = b1 * first + (1 - b1) * gradient
    second = b2 * second + (1 - b2) * gradient**2
    corrected = second / (1 - b2 ** (count + 2))
    step = lr * (first / (1 - b1 ** (count + 1))) / (np.sqrt(corrected) + eps)
    return parameter - step, (count + 1, first, second)


def clipped(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    gradient = np.clip(gradient, -1, 1)
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (np.sqrt(average) + eps), average


def no_root(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (average + eps), average


def fixed_epsilon(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (np.sqrt(average) + np.float32(1e-7)), average


def unweighted(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    average = alpha * average + gradient**2
    return parameter - lr * gradient / (np.sqrt(average) + eps), average


def half_state(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state.astype(parameter.dtype)
    average = alpha * average + (1 - alpha) * gradient**2
    average = average.astype(np.float16)
    step = lr * gradient / (np.sqrt(average.astype(parameter.dtype)) + eps)
    return parameter - step, average


def norm_clipped(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    norm = np.sqrt(np.sum(gradient**2))
    gradient = gradient / np.maximum(norm, 1).astype(gradient.dtype)
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (np.sqrt(average) + eps), average


def other_default(parameter, gradient, state, lr=0.01, alpha=0.9, eps=1e-8):
    return right(parameter, gradient, state, lr, alpha, eps)


def right(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    average = alpha * average + (1 - alpha) * gradient**2
    return parameter - lr * gradient / (np.sqrt(average) + eps), average


def ignores_decay(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    return right(parameter, gradient, state, lr, 0.9, eps)


def old_average(parameter, gradient, state, lr=0.01, alpha=0.99, eps=1e-8):
    average = np.zeros_like(parameter) if state is None else state
    step = lr * gradient / (np.sqrt(average) + eps)
    return parameter - step, alpha * average + (1 - alpha) * gradient**2
