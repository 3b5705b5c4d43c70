"""MXNet alone: ``mx.optimizer.RMSProp`` and ``Adam``, and the operators beneath."""

import mxnet as mx
import numpy as np

VERSIONS = ("mxnet", "numpy")
STATES = {"rmsprop_update": 1, "rmspropalex_update": 3, "adam_update": 2}


def walked(optimizer, gradients, start=0.0, dtype="float32"):
    """The weight after each gradient."""
    w, found = mx.nd.array([start], dtype=dtype), []
    state = optimizer.create_state(0, w)
    for gradient in gradients:
        optimizer.update(0, w, mx.nd.array([gradient], dtype=dtype), state)
        found.append(float(w.asnumpy()[0]))
    return found


def gamma2_unused():
    """Whether another gamma2 changes a bit of a plain RMSProp."""
    one, other = (walked(mx.optimizer.RMSProp(gamma2=g), [1.0, -0.5, 0.25]) for g in (0.9, 0.1))
    return {"same_bits": one == other}


def clipped_weights():
    """The largest weight of steps that would go beyond clip_weights."""
    found = walked(mx.optimizer.RMSProp(1.0, clip_weights=0.125), [1.0, -1.0, 1.0])
    return {"largest": max(map(abs, found))}


def stepped(name, dtype):
    """The dtype of a weight after a step."""
    optimizer, w = getattr(mx.optimizer, name)(), mx.nd.zeros(2, dtype=dtype)
    optimizer.update(0, w, mx.nd.ones(2, dtype=dtype), optimizer.create_state(0, w))
    return {"dtype": w.dtype.__name__}


def first_rate():
    """Adam's first step: nearer to the printed correction or to the paper's."""
    rate, beta1, beta2, epsilon = 0.1, 0.9, 0.999, 1e-8
    (seen,) = walked(mx.optimizer.Adam(rate, beta1, beta2, epsilon), [1.0])
    step = (1 - beta1) / (np.sqrt(1 - beta2) + epsilon)
    forms = {
        "as printed": -rate * np.sqrt(1 - beta1) / (1 - beta2) * step,
        "as in the paper": -rate * np.sqrt(1 - beta2) / (1 - beta1) * step,
    }
    return {"nearer": min(forms, key=lambda form: abs(seen - forms[form]))}


def clip_order(name):
    """Whether weight decay joins the gradient before or after it is clipped, from the average."""
    optimizer = getattr(mx.optimizer, name)(wd=1.0, clip_gradient=0.5, beta1=0.0)
    w = mx.nd.array([4.0])
    state = optimizer.create_state(0, w)
    optimizer.update(0, w, mx.nd.array([2.0]), state)
    # Clipped to 0.5 after 2 + 4, or 0.5 + 4.
    first = float(state[0].asnumpy()[0])
    return {"clipped": {0.5: "after decay", 4.5: "before decay"}.get(first, first)}


def operated(name, means=0.0, **scalars):
    """A step of one of the operators from weights, averages and gradients that are not zero."""
    w, g = mx.nd.array([0.5, -2.0]), mx.nd.array([3.0, -0.001])
    state = [mx.nd.array([0.25, 1.0]) for _ in range(STATES[name])]
    if name == "rmspropalex_update":
        state[1][:] = means
    getattr(mx.nd, name)(w, g, *state, lr=0.1, out=w, **scalars)
    return [a.asnumpy().tobytes() for a in (w, *state)]


def same_as_given(name, argument, value):
    """Whether leaving a scalar out gives the bits of giving it, and another value does not."""
    left_out, given = operated(name), operated(name, **{argument: value})
    other = operated(name, **{argument: 0.5})
    return {"same_bits": left_out == given and left_out != other}


def mean_matters():
    """Whether the average gradient leaves the weight of rmspropalex_update alone."""
    return {
        "same_bits": operated("rmspropalex_update")[0]
        == operated("rmspropalex_update", means=0.25)[0]
    }
