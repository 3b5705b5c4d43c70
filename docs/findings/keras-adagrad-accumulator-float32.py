"""Keras' Adagrad on TensorFlow: the accumulator of float64 variables starts at float32's 0.1."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

variable = keras.Variable(np.zeros(1), dtype="float64")
optimizer = keras.optimizers.Adagrad(0.5)
optimizer.build([variable])
(accumulator,) = (slot for slot in optimizer.variables if "accumulator" in slot.name)
value = float(accumulator.numpy()[0])
print("keras", keras.__version__, "on", keras.backend.backend())
print(accumulator.dtype, "accumulator starts at", repr(value), "documented 0.1")
sys.exit(0 if value == float(np.float32(0.1)) else 1)
