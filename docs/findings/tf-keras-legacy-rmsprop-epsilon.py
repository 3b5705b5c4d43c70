"""tf_keras.optimizers.legacy.RMSprop: momentum moves epsilon from outside the root to inside."""

import math
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf
import tf_keras

G, RATE, RHO, EPSILON = 0.01, 0.1, 0.9, 0.01
mean_square, mean = (1 - RHO) * G**2, (1 - RHO) * G


def first_step(**options):
    """The parameter after one step from zero, in float64."""
    w = tf.Variable(tf.constant([0.0], tf.float64))
    optimizer = tf_keras.optimizers.legacy.RMSprop(RATE, rho=RHO, epsilon=EPSILON, **options)
    optimizer.apply_gradients([(tf.constant([G], tf.float64), w)])
    return float(w.numpy()[0])


held = True
print("tf_keras", tf_keras.__version__, "tensorflow", tf.__version__)
for options in (
    {},
    {"centered": True},
    {"momentum": 0.9},
    {"centered": True, "momentum": 0.9},
):
    spread = mean_square - (mean**2 if "centered" in options else 0)
    inside = -RATE * G / math.sqrt(spread + EPSILON)
    outside = -RATE * G / (math.sqrt(spread) + EPSILON)
    found = first_step(**options)
    # The two are far apart; hyperparameters are held in float32, so neither is met exactly.
    nearer = "inside" if abs(found - inside) < abs(found - outside) else "outside"
    held &= nearer == ("inside" if "momentum" in options else "outside")
    print(f"{options!s:36} {found:.9f}   inside {inside:.9f}   outside {outside:.9f}")
sys.exit(0 if held else 1)
