"""TensorFlow alone: what its first version's RMSProp and Adam are said to do beside their rules."""

import numpy as np
import tensorflow as tf

VERSIONS = ("tensorflow-cpu",)
GRADIENT = (0.5, -3.0)
SLOTS = {
    "RMSPropOptimizer": ("rms", "momentum", "mg"),
    "AdamOptimizer": ("m", "v"),
}


def made(name, **arguments):
    """An optimizer of tf.compat.v1.train."""
    return getattr(tf.compat.v1.train, name)(**{"learning_rate": 0.5, **arguments})


def called(name, argument, one, other):
    """An argument that is a callable, against the number that it gives at first."""
    now, weights = [one], [tf.Variable([1.0, 2.0]) for _ in range(2)]
    optimizers = [made(name, **{argument: given}) for given in (lambda: now[0], one)]
    same = []
    for value in (one, other):
        now[0] = value
        for optimizer, weight in zip(optimizers, weights, strict=True):
            optimizer.apply_gradients([(tf.constant(GRADIENT), weight)])
        same.append(bool(np.array_equal(weights[0].numpy(), weights[1].numpy())))
    return {"same before the change": same[0], "same after it": same[1]}


def tensor_rate(name):
    """Whether a rate that is a tensor steps as its number does."""
    return as_tensor(name, "learning_rate")


def tensor_decay(argument):
    """The same of a decay of Adam."""
    return as_tensor("AdamOptimizer", argument)


def as_tensor(name, argument):
    """Whether an argument steps as a tensor as it does as a number."""
    weights = [tf.Variable([1.0, 2.0]) for _ in range(2)]
    for value, weight in zip((tf.constant(0.25), 0.25), weights, strict=True):
        optimizer = made(name, **{argument: value})
        for _ in range(2):
            optimizer.apply_gradients([(tf.constant(GRADIENT), weight)])
    return {"same": bool(np.array_equal(weights[0].numpy(), weights[1].numpy()))}


def rate_of_a_step(system, name):
    """How far two steps go, where the rate was computed from a variable that then changes."""
    step = tf.Variable(1.0)
    rate = 1.0 / (1.0 + step)
    forgets = {"beta1": 0.0, "beta2": 0.0} if name.startswith("Adam") else {"decay": 0.0}
    if system == "keras":
        optimizer = getattr(tf.keras.optimizers, name)(learning_rate=rate)
    else:
        optimizer = made(name, learning_rate=rate, epsilon=0.0, **forgets)
    weight, moves = tf.Variable([0.0]), []
    for _ in range(2):
        before = float(weight.numpy()[0])
        optimizer.apply_gradients([(tf.constant([-1.0]), weight)])
        moves.append(round(float(weight.numpy()[0]) - before, 5))
        step.assign(9.0)
    return {"moves": moves}


def locking(name):
    """TensorFlow 2's optimizer with the argument use_locking."""
    optimizer = getattr(tf.keras.optimizers, name)(use_locking=True)
    return {"taken": optimizer is not None}


def slots(optimizer, weight):
    """The state of a weight."""
    names = [n for n in SLOTS[type(optimizer).__name__] if n in optimizer.get_slot_names()]
    return {name: optimizer.get_slot(weight, name).numpy() for name in names}


def after(name, second, **arguments):
    """Weight and state after a step with gradients everywhere, and after a second one."""
    weight, optimizer = tf.Variable([[1.0], [2.0], [3.0]]), made(name, **arguments)
    optimizer.apply_gradients([(tf.constant([[1.0], [1.0], [1.0]]), weight)])
    before = {"weight": weight.numpy()} | slots(optimizer, weight)
    optimizer.apply_gradients([(second, weight)])
    return before, {"weight": weight.numpy()} | slots(optimizer, weight)


def zero_gradient(name, **arguments):
    """Which of weight and state a dense gradient of zero changes."""
    before, now = after(name, tf.constant([[0.0], [0.0], [0.0]]), **arguments)
    return {key: bool((before[key] != now[key]).all()) for key in before}


def slices():
    """A gradient of the first row alone."""
    return tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]), tf.constant([3, 1]))


def sparse_gradient(name, **arguments):
    """Which of weight and state a gradient of one row changes in the other rows."""
    before, now = after(name, slices(), **arguments)
    return {key: bool((before[key][1:] != now[key][1:]).all()) for key in before}


def sparse_as_dense(name, **arguments):
    """Whether weight and state are the same as with zeros in the other rows, to the bit."""
    sparse = after(name, slices(), **arguments)[1]
    dense = after(name, tf.constant([[1.0], [0.0], [0.0]]), **arguments)[1]
    return {key: bool(np.array_equal(sparse[key], dense[key])) for key in sparse}
