"""TensorFlow 1's Adam over bfloat16: the power of beta2 is kept in bfloat16, where 0.999 is 1."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

print("tensorflow", tf.__version__)


def steps(dtype):
    """The parameter after each of three steps from 0 with a gradient of 1 and the defaults."""
    variable = tf.Variable(tf.zeros([1], dtype))
    optimizer = tf.compat.v1.train.AdamOptimizer()
    found = []
    for _ in range(3):
        optimizer.apply_gradients([(tf.ones([1], dtype), variable)])
        found.append(float(tf.cast(variable, tf.float32)[0]))
        powers = [float(tf.cast(v, tf.float32)) for v in optimizer._get_beta_accumulators()]
        print(dtype.name, "w", found[-1], "powers of the betas", powers)
    return found


single, narrow = steps(tf.float32), steps(tf.bfloat16)
holds = abs(single[2] + 0.003) < 1e-5 and narrow[0] == 0.0 and narrow[2] < -100
sys.exit(0 if holds else 1)
