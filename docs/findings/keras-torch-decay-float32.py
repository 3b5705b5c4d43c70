"""Keras on PyTorch: the factor of weight decay of float64 variables is formed in float32."""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

LR, DECAY = 3e-4, 0.1


def after(name):
    """One step with a gradient of zero from one: only the decay acts."""
    w = keras.Variable(np.ones(1), dtype="float64")
    optimizer = getattr(keras.optimizers, name)(learning_rate=LR, weight_decay=DECAY)
    optimizer.build([w])
    optimizer.apply([keras.ops.zeros_like(w.value)], [w])
    return float(keras.ops.convert_to_numpy(w.value)[0])


rate = np.float32(LR)
documented = 1 - LR * DECAY
held = 1 - float(rate) * DECAY
formed = float(np.float32(1) - np.float32(DECAY) * rate)
print("keras", keras.__version__, "on", keras.backend.backend())
print("in float64                            ", repr(documented))
print("with the learning rate held in float32", repr(held))
print("with the factor formed in float32     ", repr(formed))
observed = {name: after(name) for name in ("RMSprop", "Adam", "AdamW")}
for name, value in observed.items():
    print(f"observed, {name}".ljust(38), repr(value))
sys.exit(0 if set(observed.values()) == {formed} else 1)
