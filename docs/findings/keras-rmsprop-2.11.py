"""tf.keras.optimizers.RMSprop without momentum: where does epsilon stand in this release?"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

LR, RHO, EPS = 0.1, 0.5, 0.25
G = np.array([0.1, 1.0, 10.0])
keras = tf.keras
version = getattr(keras, "__version__", tf.__version__)
w = getattr(keras, "Variable", tf.Variable)(np.zeros(3, np.float32))
optimizer = keras.optimizers.RMSprop(learning_rate=LR, rho=RHO, epsilon=EPS)
optimizer.apply_gradients([(tf.constant(G, tf.float32), w)])
seen, square = np.asarray(w.numpy(), np.float64), (1 - RHO) * G**2
outside = -LR * G / (np.sqrt(square) + EPS)
inside = -LR * G / np.sqrt(square + EPS)
print("Keras", version, "on TensorFlow", tf.__version__)
print("epsilon outside the root", outside)
print("epsilon inside the root ", inside)
print("observed                ", seen)
nearer_inside = np.abs(seen - inside) < np.abs(seen - outside)
place = "inside" if nearer_inside.all() else "outside" if not nearer_inside.any() else "mixed"
print("epsilon stands", place)
new = tuple(int(part) for part in version.split(".")[:2]) >= (2, 11)
# Every element says the same, and what it says changed with Keras 2.11.
sys.exit(0 if place == ("inside" if new else "outside") else 1)
