"""TensorFlow's optimizers on a CPU: what are the roots of large float32 numbers?

Exits 0 while what docs/findings/tensorflow-large-roots.md says of this release holds.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

ELEMENTS = 9  # a vector of eight, and one that is left and computed by itself
LARGE = 1.8e19  # its square is 3.24e38, near the end of float32
HUGE = 1e30  # its square is beyond float32


def moved(optimizer, gradient):
    """How far parameters of one go in one step."""
    weight = tf.Variable(np.ones(ELEMENTS, np.float32))
    gradients = tf.constant(np.full(ELEMENTS, gradient, np.float32))
    optimizer.apply_gradients([(gradients, weight)])
    return 1 - weight.numpy()


def root(number):
    """Roots of equal numbers."""
    return tf.sqrt(tf.constant(np.full(ELEMENTS, number, np.float32))).numpy()


print("TensorFlow", tf.__version__)
wrong = []
for number in (2.0**126 * (1 - 2.0**-24), 2.0**126, 3e38, float("inf")):
    found = root(number)
    print(f"root of {number:.8g}: the first {found[0]:.8g}, the last {found[-1]:.8g}")
    wrong.append(bool(found[0] != found[-1]))
for name, gradient in (("RMSprop", LARGE), ("Adam", LARGE), ("Adagrad", LARGE), ("Adam", HUGE)):
    optimizer = getattr(tf.keras.optimizers, name)(learning_rate=0.5)
    if name == "RMSprop":
        optimizer = tf.keras.optimizers.RMSprop(learning_rate=0.5, rho=0.5)
    if name == "Adam":
        optimizer = tf.keras.optimizers.Adam(learning_rate=0.5, beta_2=0.5)
    step = moved(optimizer, gradient)
    print(f"{name}, gradients {gradient:g}: the first goes {step[0]:.5g}, the last {step[-1]:.5g}")
    wrong.append(bool(step[0] != step[-1]))
old = tuple(map(int, tf.__version__.split(".")[:2])) < (2, 9)
sys.exit(0 if wrong == ([False] + [True] * 7 if old else [False] * 8) else 1)
