"""Functions on NumPy arrays that are right with usual arrays and numbers, wrong with others."""

import numpy as np


def in_native_order(w, g, state=None, lr=0.01, alpha=0.99, eps=1e-8):
    """Takes the bytes of a gradient for those of this machine's order."""
    state = np.zeros_like(w) if state is None else state
    g = np.frombuffer(g.tobytes(), w.dtype).reshape(w.shape)
    state = alpha * state + (1 - alpha) * g * g
    return w - lr * g / (np.sqrt(state) + eps), state


def updates_a_copy(w, g, state=None, lr=0.01, alpha=0.99, eps=1e-8):
    """Copies what it may not write into, with the state, and returns the old one."""
    state = np.zeros_like(w) if state is None else state
    kept = state if w.flags.writeable else state.copy()
    kept *= alpha
    kept += (1 - alpha) * g * g
    return w - lr * g / (np.sqrt(kept) + eps), state


def whole_steps(w, g, state=None, lr=0.01, alpha=0.99, eps=1e-8):
    """Halves the rate of each element in the type of the rate."""
    state = np.zeros_like(w) if state is None else state
    state = alpha * state + (1 - alpha) * g * g
    half = np.full(w.shape, lr)
    half[...] = half * 0.5
    return w - (2 * half).astype(w.dtype) * g / (np.sqrt(state) + eps), state
