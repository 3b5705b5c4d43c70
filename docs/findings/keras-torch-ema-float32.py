"""Keras on PyTorch: the average of float64 weights moves by coefficients of float32."""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

MOMENTUM = 0.9


def average(name):
    """Two steps from one with a gradient of one; the average after them, and the weights."""
    w = keras.Variable(np.ones(1), dtype="float64")
    optimizer = getattr(keras.optimizers, name)(
        learning_rate=0.5, use_ema=True, ema_momentum=MOMENTUM
    )
    optimizer.build([w])
    kept = next(slot for slot in optimizer.variables if slot.name.endswith("average"))
    seen = []
    for _ in range(2):
        optimizer.apply([keras.ops.ones_like(w.value)], [w])
        seen.append(float(keras.ops.convert_to_numpy(w.value)[0]))
    return seen, float(keras.ops.convert_to_numpy(kept.value)[0])


print("keras", keras.__version__, "on", keras.backend.backend())
wrong = 0
held = float(np.float32(MOMENTUM))
for name in ("SGD", "RMSprop", "Adam"):
    (first, second), observed = average(name)
    documented = MOMENTUM * first + (1 - MOMENTUM) * second
    rounded = held * first + float(np.float32(1) - np.float32(MOMENTUM)) * second
    print(f"{name:8} documented {documented!r}, of float32 {rounded!r}, observed {observed!r}")
    wrong += abs(observed - rounded) < 1e-12 < abs(observed - documented)
sys.exit(0 if wrong == 3 else 1)
