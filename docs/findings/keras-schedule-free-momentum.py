"""keras.optimizers.ScheduleFreeAdamW: what is called the old momentum is the new one.

Run it once a back end: KERAS_BACKEND=torch, tensorflow, jax.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

back_end = keras.backend.backend()
print("keras", keras.__version__, back_end)
rate, beta1, beta2, eps, gradients = 0.5, 0.5, 0.5, 1e-3, (1.0, 1.0, 1.0)
optimizer = keras.optimizers.ScheduleFreeAdamW(rate, beta1, beta2, eps)
variable = keras.Variable(np.array([1.0], np.float32))
optimizer.build([variable])
seen = []
for gradient in gradients:
    optimizer.apply([keras.ops.convert_to_tensor(np.array([gradient], np.float32))], [variable])
    seen.append(round(float(keras.ops.convert_to_numpy(variable)[0]), 5))


def steps(new):
    """The paper's iterates; x is computed of w and of z, the one before the step or after it."""
    w = z = 1.0
    v = 0.0
    for t, g in enumerate(gradients, 1):
        v = beta2 * v + (1 - beta2) * g * g
        before, z = z, z - rate * g / ((v / (1 - beta2**t)) ** 0.5 + eps)
        x = (w - (1 - beta1) * (z if new else before)) / beta1
        x = (1 - 1 / t) * x + z / t
        w = (1 - beta1) * z + beta1 * x
        yield round(w, 5)


paper, after = [*steps(new=False)], [*steps(new=True)]
print("ScheduleFreeAdamW   ", seen)
print("paper, old momentum ", paper)
print("new one in its place", after)
sys.exit(0 if seen == (paper if back_end == "jax" else after) and paper != after else 1)
