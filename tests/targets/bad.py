"""Optimizers that cannot be used, each in another way."""

import os
import random
import signal
import sys
import time

import numpy as np


def rmsprop(parameter, gradient, state, learning_rate, decay, epsilon):
    average = decay * (0.0 if state is None else state) + (1 - decay) * gradient**2
    return parameter - learning_rate * gradient / (np.sqrt(average) + epsilon), average


def two_arguments(parameter, gradient):
    return parameter - gradient


def unknown_argument(parameter, gradient, state, mystery):
    return parameter, state


NUMBER = 3.0


def random_steps(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    rate = learning_rate * random.uniform(0.9, 1.1)
    return rmsprop(parameter, gradient, state, rate, decay, epsilon)


CALLS = []


def remembers_elsewhere(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    CALLS.append(1)
    rate = learning_rate / len(CALLS)
    return rmsprop(parameter, gradient, state, rate, decay, epsilon)


SHARED = {}


def one_state_for_all(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    if not gradient.size:
        return parameter, 1
    SHARED.setdefault("average", 0.0)
    SHARED["average"] = decay * SHARED["average"] + (1 - decay) * float(np.mean(gradient**2))
    step = learning_rate * gradient / (np.sqrt(SHARED["average"]) + epsilon)
    return (parameter - step).astype(parameter.dtype), 1


def changes_gradient(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    found = rmsprop(parameter, gradient, state, learning_rate, decay, epsilon)
    gradient *= 0.5
    return found


def hangs(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    time.sleep(1000)


def other_shape(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    after, state = rmsprop(parameter, gradient, state, learning_rate, decay, epsilon)
    return after[:1], state


def other_dtype(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    return rmsprop(parameter, gradient, state, np.float64(learning_rate), decay, epsilon)


def integers(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    return parameter.astype(int), state


def nothing(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    parameter -= learning_rate * gradient


def one_value(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    return parameter - learning_rate * gradient


def talkative(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    print("a step", flush=True)
    os.write(1, b"another way to say it\n")
    return rmsprop(parameter, gradient, state, learning_rate, decay, epsilon)


def gives_up(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    sys.exit(5)


def third_step(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    count, average = state or (0, None)
    if count == 2:
        raise RuntimeError("no third step")
    after, average = rmsprop(parameter, gradient, average, learning_rate, decay, epsilon)
    return after, (count + 1, average)


def not_a_number(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    after, state = rmsprop(parameter, gradient, state, learning_rate, decay, epsilon)
    return after * np.float32("nan").astype(parameter.dtype), state


def killed(parameter, gradient, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    os.kill(os.getpid(), signal.SIGKILL)


def fixed(parameter, gradient, state):
    return rmsprop(parameter, gradient, state, 0.01, 0.99, 1e-8)
