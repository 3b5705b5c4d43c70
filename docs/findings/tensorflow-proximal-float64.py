"""tf.compat.v1.train's proximal optimizers: none of their steps is taken by float64 variables."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

train = tf.compat.v1.train


def taken(make):
    """What a step over one float64 variable comes to."""
    variable = tf.Variable([1.0], dtype=tf.float64)
    try:
        make(0.5).apply_gradients([(tf.constant([1.0], tf.float64), variable)])
    except tf.errors.InvalidArgumentError as error:
        return str(error).splitlines()[0][:118]
    return variable.numpy()


print("tensorflow", tf.__version__)
refused = 0
for name in (
    "GradientDescentOptimizer",
    "AdagradOptimizer",
    "FtrlOptimizer",
    "ProximalGradientDescentOptimizer",
    "ProximalAdagradOptimizer",
):
    found = taken(getattr(train, name))
    print(f"{name:33} {found}")
    refused += isinstance(found, str)
sys.exit(0 if refused == 2 else 1)
