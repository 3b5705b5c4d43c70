"""Keras' Nadam on PyTorch refuses bfloat16 variables."""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras

print("keras", keras.__version__, "on", keras.backend.backend())
for dtype in ("float32", "float16", "bfloat16"):
    variable = keras.Variable([0.0], dtype=dtype)
    try:
        gradient = keras.ops.convert_to_tensor([1.0], dtype=dtype)
        keras.optimizers.Nadam(0.5).apply([gradient], [variable])
        outcome = "steps"
    except TypeError as error:
        outcome = f"TypeError: {str(error).partition(',')[0]}"
    print(f"{dtype:9}", outcome)
sys.exit(0 if outcome.startswith("TypeError") else 1)
