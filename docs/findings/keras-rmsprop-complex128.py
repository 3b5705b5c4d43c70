"""Keras on TensorFlow: sums and products of complex128 numbers, and so RMSprop's, are complex64."""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf


def velocity(gradient):
    """The average of squares after one step; (1 - rho) g^2 with 1 - rho = 1/4."""
    variable = tf.Variable(np.zeros_like(gradient))
    optimizer = keras.optimizers.RMSprop(0.1, rho=0.75)
    optimizer.apply([tf.constant(gradient)], [variable])
    found = optimizer._velocities[0].numpy()
    return found, 0.25 * gradient**2


print("keras", keras.__version__, "on tensorflow", tf.__version__)
one = tf.constant(np.array([1 + 1j]))
print("complex128 + complex128:", keras.ops.add(one, one).dtype.name)
print("0.25 x complex128:      ", keras.ops.multiply(0.25, one).dtype.name)
third, documented = velocity(np.array([1 / 3]))
print("float64 1/3:    average", repr(third[0]), "documented", repr(documented[0]))
right = abs(third - documented)[0] <= np.spacing(documented[0])
third, documented = velocity(np.array([1 / 3 + 0j]))
print("complex128 1/3: average", repr(third[0]), "documented", repr(documented[0]))
print("stored in", third.dtype)
wrong = abs(third - documented)[0] / abs(documented[0])
holds = right and 1e-9 < wrong < 1e-6 and keras.ops.add(one, one).dtype.name == "complex64"
sys.exit(0 if holds else 1)
