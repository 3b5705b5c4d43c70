"""Keras' Nadam: epsilon is added to the corrected root, not where the docstring says."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

rate, beta1, beta2, epsilon, g = 0.5, 0.9, 0.999, 0.1, 1.0
variable = keras.Variable([0.0])
optimizer = keras.optimizers.Nadam(rate, beta_1=beta1, beta_2=beta2, epsilon=epsilon)
optimizer.apply([keras.ops.convert_to_tensor([g])], [variable])
seen = float(variable.numpy()[0])

now, after = (beta1 * (1 - 0.5 * 0.96**t) for t in (1, 2))
m, v = (1 - beta1) * g, (1 - beta2) * g * g
m_hat = after * m / (1 - now * after) + (1 - now) * g / (1 - now)
outside = -rate * m_hat / ((v / (1 - beta2)) ** 0.5 + epsilon)
hat = -rate * m_hat * (1 - beta2) ** 0.5 / (v**0.5 + epsilon)
print("keras", keras.__version__, "on", keras.backend.backend())
print("one step from 0           ", seen)
print("epsilon of Algorithm 1    ", outside)
print("epsilon hat, as documented", hat)
sys.exit(0 if abs(seen - outside) < 1e-5 < abs(seen - hat) else 1)
