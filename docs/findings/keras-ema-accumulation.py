"""Keras: with gradient accumulation the average overwrites weights where nothing is updated."""

import os
import sys

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

optimizer = keras.optimizers.RMSprop(
    learning_rate=1.0, rho=0.0, epsilon=0.0, use_ema=True, ema_momentum=0.5,
    ema_overwrite_frequency=2, gradient_accumulation_steps=2,
)  # fmt: skip
weight = keras.Variable(np.zeros(1, np.float32))
print("keras", keras.__version__, "on", keras.backend.backend())
print("one update in two steps moves the weight by 1; the average is due every second update")
overwritten = []
for step in range(1, 9):
    before = float(keras.ops.convert_to_numpy(weight)[0])
    optimizer.apply([keras.ops.convert_to_tensor([-1.0])], [weight])
    after = float(keras.ops.convert_to_numpy(weight)[0])
    update = 1.0 if step % 2 == 0 else 0.0
    if after - before != update:
        overwritten.append(step)
    words = " (overwritten)" if step in overwritten else ""
    print(f"step {step}: {before:.5f} -> {after:.5f}{words}")
print("documented: overwritten after steps 4 and 8; observed:", overwritten)
sys.exit(0 if 7 in overwritten else 1)
