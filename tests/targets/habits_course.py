"""Classes on NumPy arrays that are right in one container each, and wrong in another."""

import numpy as np


class InOrder:
    """Keeps what it knows by the places of gradients in their dictionary."""

    def __init__(self, lr=0.01, alpha=0.99, eps=1e-8):
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.squares = {}

    def update(self, params, grads):
        for place, (name, gradient) in enumerate(grads.items()):
            value = params[name]
            kept = self.squares.setdefault(place, np.zeros_like(value))
            kept[...] = self.alpha * kept + (1 - self.alpha) * gradient * gradient
            value[...] -= self.lr * gradient / (np.sqrt(kept) + self.eps)


class TakesTheLastAgain:
    """Takes the gradient of the step before where there is none."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.squares = [np.zeros_like(p.data) for p in params]
        self.last = [np.zeros_like(p.data) for p in params]

    def step(self):
        for place, (p, kept) in enumerate(zip(self.params, self.squares, strict=True)):
            self.last[place] = gradient = self.last[place] if p.grad is None else p.grad
            kept[...] = self.alpha * kept + (1 - self.alpha) * gradient * gradient
            p.data[...] -= self.lr * gradient / (np.sqrt(kept) + self.eps)


class GoesThroughTwice:
    """Counts its parameters, and keeps what there was to count."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.squares = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for value, gradient, kept in zip(self.params, grads, self.squares):  # noqa: B905 - so it is
            kept[...] = self.alpha * kept + (1 - self.alpha) * gradient * gradient
            value[...] -= self.lr * gradient / (np.sqrt(kept) + self.eps)


class KeepsTheArray:
    """Warms the first of two numbers up in the place where they stand."""

    def __init__(self, lr=0.01, shares=(0.99, 1.0), eps=1e-8):
        self.lr, self.eps = lr, eps
        self.shares = np.asarray(shares)
        self.squares = None

    def step(self, params, grads):
        if self.squares is None:
            self.squares = [np.zeros_like(p) for p in params]
            self.alpha = float(self.shares[0])
        self.shares[0] *= self.shares[1] * 0.5
        for value, gradient, kept in zip(params, grads, self.squares, strict=True):
            kept[...] = self.alpha * kept + (1 - self.alpha) * gradient * gradient
            value[...] -= self.lr * gradient / (np.sqrt(kept) + self.eps)


class OldArrays:
    """Collects the arrays of its parameters once."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        self.params, self.arrays = params, [p.data for p in params]
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.squares = [np.zeros_like(p.data) for p in params]

    def step(self):
        for p, value, kept in zip(self.params, self.arrays, self.squares, strict=True):
            kept[...] = self.alpha * kept + (1 - self.alpha) * p.grad * p.grad
            value[...] -= self.lr * p.grad / (np.sqrt(kept) + self.eps)


class HalfUndoesEdits:
    """Keeps narrow parameters wide, and never looks at them again."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.wide = [p.data.astype(np.float32) if p.data.itemsize < 4 else p.data for p in params]
        self.squares = [np.zeros_like(wide) for wide in self.wide]

    def step(self):
        for p, wide, kept in zip(self.params, self.wide, self.squares, strict=True):
            gradient = p.grad.astype(wide.dtype)
            kept[...] = self.alpha * kept + (1 - self.alpha) * gradient * gradient
            wide[...] -= self.lr * gradient / (np.sqrt(kept) + self.eps)
            p.data[...] = wide


class KeepsTheList:
    """Compares with the gradients of the step before, which stand in the list that is here now."""

    def __init__(self, lr=0.01, alpha=0.99, eps=1e-8):
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.squares, self.before = None, None

    def step(self, params, grads):
        if self.squares is None:
            self.squares = [np.zeros_like(p) for p in params]
        seen = self.before is grads
        for value, gradient, kept in zip(params, grads, self.squares, strict=True):
            kept[...] = self.alpha * kept + (1 - self.alpha) * gradient * gradient
            if not seen:
                value[...] -= self.lr * gradient / (np.sqrt(kept) + self.eps)
        self.before = grads
