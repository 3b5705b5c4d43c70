"""Optimizers in the forms in which courses and blogs write them, each written anew."""

from dataclasses import dataclass

import numpy as np


class Returned:
    """``w = optimizer.update(w, gradient)``; an object a layer."""

    def __init__(self, learning_rate=0.001, b1=0.9, b2=0.999):
        self.learning_rate, self.b1, self.b2, self.eps = learning_rate, b1, b2, 1e-8
        self.m = self.v = None
        self.t = 0

    def update(self, w, grad_wrt_w):
        if self.m is None:
            self.m, self.v = np.zeros_like(w), np.zeros_like(w)
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * grad_wrt_w
        self.v = self.b2 * self.v + (1 - self.b2) * grad_wrt_w**2
        m, v = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        return w - self.learning_rate * m / (np.sqrt(v) + self.eps)


class Dictionaries:
    """``optimizer.update(params, grads)``, both dictionaries, in place."""

    def __init__(self, lr=0.01, decay_rate=0.99):
        self.lr, self.decay_rate, self.h = lr, decay_rate, None

    def update(self, params, grads):
        if self.h is None:
            self.h = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.h[key] *= self.decay_rate
            self.h[key] += (1 - self.decay_rate) * grads[key] * grads[key]
            params[key] -= self.lr * grads[key] / (np.sqrt(self.h[key]) + 1e-7)


class Lists:
    """``optimizer.step(params, grads)``, both lists, in place."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.buffers = lr, momentum, None

    def step(self, params, grads):
        if self.buffers is None:
            self.buffers = [np.zeros_like(p) for p in params]
        for place, gradient in enumerate(grads):
            self.buffers[place] = self.momentum * self.buffers[place] + gradient
            params[place] -= self.lr * self.buffers[place]


class Engine:
    """``optimizer = Engine(parameters); optimizer.step()`` on objects with data and grad."""

    def __init__(self, params, lr=0.01, alpha=0.9, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = list(params), lr, alpha, eps
        self.squares = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for p, s in zip(self.params, self.squares, strict=True):
            s[...] = self.alpha * s + (1 - self.alpha) * p.grad * p.grad
            p.data = p.data - self.lr * p.grad / (np.sqrt(s) + self.eps)


class Holding:
    """``optimizer = Holding(parameters); optimizer.step(gradients)``."""

    def __init__(self, parameters, learning_rate=0.01, epsilon=1e-10):
        self.parameters, self.learning_rate, self.epsilon = parameters, learning_rate, epsilon
        self.sums = [np.zeros_like(p) for p in parameters]

    def step(self, gradients):
        for index, gradient in enumerate(gradients):
            self.sums[index] += gradient**2
            size = np.sqrt(self.sums[index]) + self.epsilon
            self.parameters[index] -= self.learning_rate * gradient / size


class Filled:
    """``optimizer = Filled(params, grads)``: gradients are written there, then ``step()``."""

    def __init__(self, params, grads, lr=0.01, eps=1e-10):
        self.params, self.grads, self.lr, self.eps = params, grads, lr, eps
        self.sums = [np.zeros_like(p) for p in params]

    def step(self):
        for index, g in enumerate(self.grads):
            self.sums[index] += g * g
            self.params[index] -= self.lr * g / (np.sqrt(self.sums[index]) + self.eps)


class Keyed:
    """``optimizer.update(param, param_grad, param_name)``: one object, a cache by name."""

    def __init__(self, lr=0.001, decay1=0.9, decay2=0.999, eps=1e-7):
        self.lr, self.decay1, self.decay2, self.eps = lr, decay1, decay2, eps
        self.cache = {}

    def update(self, param, param_grad, param_name, cur_loss=None):
        kept = self.cache.setdefault(
            param_name,
            {"t": 0, "mean": np.zeros_like(param_grad), "var": np.zeros_like(param_grad)},
        )
        kept["t"] += 1
        kept["mean"] = self.decay1 * kept["mean"] + (1 - self.decay1) * param_grad
        kept["var"] = self.decay2 * kept["var"] + (1 - self.decay2) * param_grad**2
        m = kept["mean"] / (1 - self.decay1 ** kept["t"])
        v = kept["var"] / (1 - self.decay2 ** kept["t"])
        return param - self.lr * m / (np.sqrt(v) + self.eps)


class Layered:
    """``optimizer.update_params(layer)`` between two more calls; what is kept lies at the layer."""

    def __init__(self, learning_rate=0.001, epsilon=1e-7, rho=0.9):
        self.learning_rate, self.epsilon, self.rho = learning_rate, epsilon, rho
        self.iterations = 0

    def pre_update_params(self):
        self.current_learning_rate = self.learning_rate

    def update_params(self, layer):
        if not hasattr(layer, "weight_cache"):
            layer.weight_cache = np.zeros_like(layer.weights)
            layer.bias_cache = np.zeros_like(layer.biases)
        layer.weight_cache = self.rho * layer.weight_cache + (1 - self.rho) * layer.dweights**2
        layer.bias_cache = self.rho * layer.bias_cache + (1 - self.rho) * layer.dbiases**2
        rate = self.current_learning_rate
        layer.weights += -rate * layer.dweights / (np.sqrt(layer.weight_cache) + self.epsilon)
        layer.biases += -rate * layer.dbiases / (np.sqrt(layer.bias_cache) + self.epsilon)

    def post_update_params(self):
        self.iterations += 1


def configured(w, dw, config=None):
    """``w, config = adam(w, dw, config)``: everything in one dictionary."""
    config = {} if config is None else config
    for name, value in {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "m": np.zeros_like(w),
        "v": np.zeros_like(w),
        "t": 0,
    }.items():
        config.setdefault(name, value)
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw * dw
    m = config["m"] / (1 - config["beta1"] ** config["t"])
    v = config["v"] / (1 - config["beta2"] ** config["t"])
    return w - config["learning_rate"] * m / (np.sqrt(v) + config["epsilon"]), config


def numbered(parameters, grads, v, s, t, learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """``parameters, v, s = update(parameters, grads, v, s, t)``: W1, b1 and dW1, db1."""
    for layer in range(1, len(parameters) // 2 + 1):
        for kind in "Wb":
            name, slope = f"{kind}{layer}", f"d{kind}{layer}"
            v[slope] = beta1 * v[slope] + (1 - beta1) * grads[slope]
            s[slope] = beta2 * s[slope] + (1 - beta2) * grads[slope] ** 2
            first, second = v[slope] / (1 - beta1**t), s[slope] / (1 - beta2**t)
            parameters[name] = parameters[name] - learning_rate * first / (
                np.sqrt(second) + epsilon
            )
    return parameters, v, s


def memories(params, dparams, mems, learning_rate=1e-1):
    """Three lists side by side, all written over."""
    for param, dparam, mem in zip(params, dparams, mems, strict=True):
        mem += dparam * dparam  # noqa: PLW2901 - the list is written over
        param += -learning_rate * dparam / np.sqrt(mem + 1e-8)  # noqa: PLW2901 - as above


def closed(lr=0.01, gamma=0.9, eps=1e-8):
    """A function that makes the update, which remembers."""
    square = 0.0

    def update(w, g):
        nonlocal square
        square = gamma * square + (1 - gamma) * g**2
        return w - lr * g / np.sqrt(square + eps)

    return update


@dataclass
class Called:
    """``w = optimizer(w, g)``."""

    lr: float = 0.1
    weight_decay: float = 0.0

    def __call__(self, w, g):
        return w - self.lr * (g + self.weight_decay * w)


class Foreign:
    """Names that nobody else has."""

    def __init__(self, velocity=0.01, memory=0.9):
        self.velocity, self.memory, self.s = velocity, memory, 0.0

    def update(self, w, g):
        self.s = self.memory * self.s + (1 - self.memory) * g * g
        return w - self.velocity * g / (np.sqrt(self.s) + 1e-8)


class Wrong(Returned):
    """The first of them, with the correction of one step earlier."""

    def update(self, w, grad_wrt_w):
        self.t = max(self.t - 1, 0)
        return super().update(w, grad_wrt_w)


def given_zeros(w, g, s, lr=0.01, decay=0.99, eps=1e-8):
    s = decay * s + (1 - decay) * g * g
    return w - lr * g / (np.sqrt(s) + eps), s


def given_nothing(w, g, s, lr=0.01, decay=0.99, eps=1e-8):
    return given_zeros(w, g, np.zeros_like(w) if s is None else s, lr, decay, eps)
