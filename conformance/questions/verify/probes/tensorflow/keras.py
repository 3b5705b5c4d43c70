"""Keras alone: the example of the docstring of ``keras.optimizers.RMSprop``."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras

VERSIONS = ("keras", "tensorflow-cpu")


def example():
    """One step down x^2 / 2 from 10, whose gradient is 10."""
    value = keras.Variable(10.0)
    keras.optimizers.RMSprop(learning_rate=0.1).apply([keras.ops.convert_to_tensor(10.0)], [value])
    return {"printed": f"{float(keras.ops.convert_to_numpy(value)):.6f}"}
