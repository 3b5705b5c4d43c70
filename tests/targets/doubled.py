"""Plain descent, and an Adam whose weight decay is doubled."""

import numpy as np


def plain(parameter, gradient, state, lr=0.01):
    return parameter - parameter.dtype.type(lr) * gradient, state


def adam_decaying_twice(
    parameter, gradient, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    f = parameter.dtype.type
    m, v, t = (np.zeros_like(parameter), np.zeros_like(parameter), 0) if state is None else state
    g, t = gradient + f(2 * weight_decay) * parameter, t + 1
    m = f(beta1) * m + f(1 - beta1) * g
    v = f(beta2) * v + f(1 - beta2) * g * g
    step = f(lr) * (m / f(1 - beta1**t)) / (np.sqrt(v / f(1 - beta2**t)) + f(eps))
    return parameter - step, (m, v, t)
