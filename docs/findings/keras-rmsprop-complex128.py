"""Keras on TensorFlow: RMSprop's coefficients of complex128 variables are held in complex64."""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

RHO = 0.999


def velocity(gradient):
    """The average of squares after one step, over (1 - rho) g^2."""
    variable = tf.Variable(np.zeros_like(gradient))
    optimizer = keras.optimizers.RMSprop(0.1, rho=RHO)
    optimizer.apply([tf.constant(gradient)], [variable])
    found = optimizer._velocities[0].numpy()
    return complex((found / ((1 - RHO) * gradient**2))[0])


held = float(np.float32(1 - RHO)) / (1 - RHO)
print("keras", keras.__version__, "on tensorflow", tf.__version__)
print("float64, average / documented   ", repr(velocity(np.array([0.5])).real))
print("complex128, average / documented", repr(velocity(np.array([0.5 + 0j])).real))
print("1 - rho in float32 / 1 - rho    ", repr(held))
right = velocity(np.array([0.5])).real
wrong = velocity(np.array([0.5 + 0j])).real
sys.exit(0 if abs(right - 1) < 1e-15 and abs(wrong - held) < 1e-15 else 1)
