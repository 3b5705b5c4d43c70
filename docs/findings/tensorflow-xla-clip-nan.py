"""tf.clip_by_value under XLA: what becomes of nan?

Exits 0 while what docs/findings/tensorflow-xla-clip-nan.md says of this release holds.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf


def clipped(values):
    """Values between -3 and 3."""
    return tf.clip_by_value(values, -3.0, 3.0)


given = tf.constant([np.nan, 1.0, 4.0], tf.float32)
found = {
    "eager": clipped(given).numpy(),
    "tf.function": tf.function(clipped)(given).numpy(),
    "jit_compile": tf.function(clipped, jit_compile=True)(given).numpy(),
}
print("TensorFlow", tf.__version__)
for name, values in found.items():
    print(f"{name}: {given.numpy()} becomes {values}")
lost = [name for name, values in found.items() if not np.isnan(values[0])]
old = tuple(map(int, tf.__version__.split(".")[:2])) < (2, 16)
sys.exit(0 if lost == (["jit_compile"] if old else []) else 1)
