"""Keras' Ftrl: l2 counts twice as much as in the update rule of its docstring."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

rate, l2, beta, start, g = 0.5, 3.0, 1.0, 0.1, 1.0
variable = keras.Variable([0.0])
optimizer = keras.optimizers.Ftrl(
    rate, l2_regularization_strength=l2, beta=beta, initial_accumulator_value=start
)
optimizer.apply([keras.ops.convert_to_tensor([g])], [variable])
seen = float(variable.numpy()[0])
root = (start + g * g) ** 0.5
once, twice = (-g / ((beta + root) / rate + times * l2) for times in (1, 2))
print("keras", keras.__version__, "on", keras.backend.backend())
print("one step from 0                                   ", seen)
print("(... - z) / ((beta + sqrt(n)) / alpha + lambda_2) ", once)
print("the same with 2 lambda_2                          ", twice)
sys.exit(0 if abs(seen - twice) < 1e-6 < abs(seen - once) else 1)
