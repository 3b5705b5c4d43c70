"""MXNet alone: what its optimizers' options do beside the rule, and what sparse gradients do."""

from itertools import pairwise

import mxnet as mx
import numpy as np

VERSIONS = ("mxnet", "numpy")
FORGETS = {"RMSProp": {"gamma1": 0.0}, "Adam": {"beta1": 0.0, "beta2": 0.0}}


def made(name, **arguments):
    """An optimizer that keeps nothing: its state is the square of the gradient that a step used."""
    return getattr(mx.optimizer, name)(**{"epsilon": 1e-12, **FORGETS[name], **arguments})


def moves(optimizer, gradients, start=0.0):
    """How far each step moves a weight."""
    weight, found = mx.nd.array([start]), []
    state = optimizer.create_state(0, weight)
    for gradient in gradients:
        before = float(weight.asscalar())
        optimizer.update(0, weight, mx.nd.array([gradient]), state)
        found.append(round(float(weight.asscalar()) - before, 5))
    return found


def used(name, gradient, start=0.0, **arguments):
    """The magnitude of the gradient that a step used."""
    optimizer, weight = made(name, **arguments), mx.nd.array([start])
    state = optimizer.create_state(0, weight)
    optimizer.update(0, weight, mx.nd.array([gradient]), state)
    square = state[1] if isinstance(state, tuple | list) and len(state) > 1 else state
    square = square[0] if isinstance(square, tuple | list) else square
    return {"used": round(float(np.sqrt(square.asscalar())), 5)}


def base_arguments(name):
    """The options of the base class that a subclass takes."""
    given = {
        "rescale_grad": 0.5, "param_idx2name": {0: "w"}, "wd": 0.25, "clip_gradient": 1.0,
        "learning_rate": 0.5, "begin_num_update": 3, "multi_precision": False,
    }  # fmt: skip
    optimizer = getattr(mx.optimizer, name)(**given)
    return {
        "rescale_grad": optimizer.rescale_grad,
        "wd": optimizer.wd,
        "clip_gradient": optimizer.clip_gradient,
        "learning_rate": optimizer.learning_rate,
        "begin_num_update": optimizer.begin_num_update,
    }


def scheduler(rate=0.125):
    """A scheduler that begins with a rate and halves it after two updates."""
    return mx.lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=rate)


def rate_of(source):
    """The current rate: of the optimizer alone, of a scheduler alone, of both, of neither."""
    arguments = {
        "rate": {"learning_rate": 0.5},
        "scheduler": {"lr_scheduler": scheduler()},
        "both": {"learning_rate": 0.5, "lr_scheduler": scheduler()},
        "neither": {},
    }[source]
    return {"rate": mx.optimizer.Optimizer(**arguments).learning_rate}


def scheduled(name):
    """The moves of four steps with a scheduler, and the rate that the property says afterwards."""
    optimizer = made(name, learning_rate=0.5, lr_scheduler=scheduler())
    return {"moves": moves(optimizer, [-1.0] * 4), "rate": optimizer.learning_rate}


def penalty(name):
    """The gradient that a step used at 4 with the gradient 1 and weight decay 0.5."""
    return used(name, 1.0, start=4.0, wd=0.5)


def counted(first):
    """The move of Adam's first step, where updates are counted from another number."""
    optimizer = mx.optimizer.Adam(learning_rate=1.0, beta1=0.5, beta2=0.0, begin_num_update=first)
    return {"moves": moves(optimizer, [-1.0])}


def precise(name, multi_precision):
    """Whether float16 keeps what 64 steps of 2^-12 come to at 1."""
    optimizer = made(name, learning_rate=2.0**-12, multi_precision=multi_precision)
    weight = mx.nd.ones(1, dtype="float16")
    state = optimizer.create_state_multi_precision(0, weight)
    for _ in range(64):
        optimizer.update_multi_precision(0, weight, mx.nd.ones(1, dtype="float16"), state)
    return {"moved": float(weight.asscalar()) != 1.0}


def rows(operator, lazy, sparse=True, **arguments):
    """Which rows a second step changes, in weight and both moments: the gradient has row 0."""
    kind = "row_sparse" if sparse else "default"
    weight, m, v = (mx.nd.full((3, 1), 0.5).tostype(kind) for _ in range(3))
    gradient = mx.nd.array([[1.0], [0.0], [0.0]]).tostype(kind)
    if operator == "nd":
        mx.nd.adam_update(weight, gradient, m, v, out=weight, lr=0.5, lazy_update=lazy, **arguments)
    else:
        optimizer = mx.optimizer.Adam(learning_rate=0.5, lazy_update=lazy)
        optimizer.update(0, weight, gradient, (m, v))
    found = {"weight": weight, "m": m, "v": v}
    return {k: (x.asnumpy() != 0.5).ravel().tolist() for k, x in found.items()}


def lazy_row():
    """Which printed row update the operator's is nearest to, element by element."""
    weight, m, v = (mx.nd.full((2, 1), 0.5).tostype("row_sparse") for _ in range(3))
    gradient = mx.nd.array([[2.0], [0.0]]).tostype("row_sparse")
    mx.nd.adam_update(
        weight, gradient, m, v, out=weight, lr=0.5, beta1=0.5, beta2=0.75, epsilon=0.25
    )
    mean, square = 0.5 * 0.5 + 0.5 * 2.0, 0.75 * 0.5 + 0.25 * 4.0
    forms = {
        "outside the root": 0.5 - 0.5 * mean / (np.sqrt(square) + 0.25),
        "inside the root": 0.5 - 0.5 * mean / np.sqrt(square + 0.25),
        "with the old moments": 0.5 - 0.5 * 0.5 / (np.sqrt(0.5) + 0.25),
    }
    seen = float(weight.asnumpy()[0, 0])
    return {
        "nearest": min(forms, key=lambda form: abs(forms[form] - seen)),
        "m": float(m.asnumpy()[0, 0]),
        "v": float(v.asnumpy()[0, 0]),
    }


def operator(name, gradient=2.0, start=0.0, **arguments):
    """The gradient that an operator used, and the weight after it."""
    weight = mx.nd.array([start])
    state = [
        mx.nd.zeros(1) for _ in range({"rmspropalex_update": 3, "adam_update": 2}.get(name, 1))
    ]
    forgets = {"beta1": 0.0, "beta2": 0.0} if name == "adam_update" else {"gamma1": 0.0}
    given = {"lr": 0.5, "epsilon": 1.0, **forgets, **arguments}
    getattr(mx.nd, name)(weight, mx.nd.array([gradient]), *state, out=weight, **given)
    square = state[1] if name == "adam_update" else state[0]
    return {
        "used": round(float(np.sqrt(square.asscalar())), 5),
        "weight": round(float(weight.asscalar()), 5),
    }


def cache(name="rmsprop_update"):
    """The cache after gradients 1, 1, 1 and then 0, 0, 0: it grows, and falls again."""
    weight, n, found = mx.nd.zeros(1), mx.nd.zeros(1), []
    for gradient in (1.0, 1.0, 1.0, 0.0, 0.0, 0.0):
        getattr(mx.nd, name)(weight, mx.nd.array([gradient]), n, out=weight, lr=0.1, gamma1=0.5)
        found.append(round(float(n.asscalar()), 5))
    return {"cache": found}


def adagrad():
    """The effective rates of three steps of AdaGrad with gradients 1, 1, 0.25."""
    optimizer, weight = mx.optimizer.AdaGrad(learning_rate=1.0), mx.nd.zeros(1)
    state, found = optimizer.create_state(0, weight), []
    for gradient in (1.0, 1.0, 0.25):
        before = float(weight.asscalar())
        optimizer.update(0, weight, mx.nd.array([gradient]), state)
        found.append((before - float(weight.asscalar())) / gradient)
    return {"never grows": all(b <= a for a, b in pairwise(found))}
