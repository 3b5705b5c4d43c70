"""tf_keras' legacy optimizers: an epsilon of zero becomes Keras' own 1e-7."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf
import tf_keras


def stepped(own: type, **options: float) -> float:
    """Zero after a step whose gradient is as small as epsilon is."""
    weight = tf.Variable([0.0], dtype=tf.float64)
    own(learning_rate=1.0, **options).apply_gradients([(tf.constant([1e-7], tf.float64), weight)])
    return float(weight.numpy()[0])


print("tf_keras", tf_keras.__version__, "tensorflow", tf.__version__)
held = True
for name in ("Adadelta", "Adam", "Adamax", "RMSprop"):
    own = getattr(tf_keras.optimizers.legacy, name)
    zero, backend, tiny = (stepped(own, epsilon=value) for value in (0.0, 1e-7, 1e-30))
    print(f"legacy.{name:8} epsilon 0: {zero:.6g}  1e-7: {backend:.6g}  1e-30: {tiny:.6g}")
    held &= zero == backend != tiny
sys.exit(0 if held else 1)
