"""keras.optimizers.Adam: a callable as beta_1 or beta_2 raises in the first step."""

import os
import sys

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras


def step(**arguments):
    """What one step comes to."""
    weight = keras.Variable(np.zeros(1, np.float32))
    optimizer = keras.optimizers.Adam(**arguments)  # taken, whatever it is
    try:
        optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    except Exception as error:  # noqa: BLE001 - what it raises is what is shown
        return f"{type(error).__name__}: {str(error)[:60]}"
    return f"steps to {keras.ops.convert_to_numpy(weight)}"


print("keras", keras.__version__, "on", keras.backend.backend())
for argument in ("beta_1", "beta_2"):
    tensor = keras.ops.convert_to_tensor(0.5)
    print(argument, "a float:   ", step(**{argument: 0.5}))
    print(argument, "a tensor:  ", step(**{argument: tensor}))
    print(argument, "a callable:", step(**{argument: lambda: 0.5}))
print("learning_rate a callable:", step(learning_rate=lambda: 0.5))
held = all("steps" not in step(**{name: lambda: 0.5}) for name in ("beta_1", "beta_2"))
sys.exit(0 if held and "steps" in step(beta_1=0.5, beta_2=0.5) else 1)
