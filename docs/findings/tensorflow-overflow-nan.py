"""TensorFlow's optimizers: what becomes of a parameter whose squared gradient overflows?

Exits 0 while what docs/findings/tensorflow-overflow-nan.md says of this release holds.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

ELEMENTS = 8  # a vector of eight; what is left of one is computed one by one
HUGE = 1e30  # its square is beyond float32


def moved(optimizer):
    """Parameters of one after one step with huge gradients."""
    weight = tf.Variable(np.ones(ELEMENTS + 1, np.float32))
    optimizer.apply_gradients([(tf.constant(np.full(ELEMENTS + 1, HUGE, np.float32)), weight)])
    return weight.numpy()


print("TensorFlow", tf.__version__)
seen = {}
for name in ("Adagrad", "Adam", "RMSprop"):
    seen[name] = moved(getattr(tf.keras.optimizers, name)(learning_rate=0.5))
    print(f"{name}: the first {ELEMENTS} {seen[name][0]}, the one that is left {seen[name][-1]}")
old = tf.__version__.startswith("2.4.")
whole = all(after[-1] == 1 for after in seen.values())
lost = {name for name, after in seen.items() if np.isnan(after[0])}
sys.exit(0 if whole and lost == (set(seen) if old else set()) else 1)
