"""keras.optimizers.RMSprop: epsilon stands inside the root."""

import os
import sys

import numpy as np

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

LR, DECAY, EPS = 0.1, 0.5, 0.25
G = np.array([0.1, 1.0, 10.0])

w = keras.Variable(np.zeros(3, np.float32))
optimizer = keras.optimizers.RMSprop(LR, DECAY, 0.0, EPS)
optimizer.apply([keras.ops.convert_to_tensor(G, "float32")], [w])
seen, square = keras.ops.convert_to_numpy(w), (1 - DECAY) * G**2
outside = -LR * G / (np.sqrt(square) + EPS)
inside = -LR * G / np.sqrt(square + EPS)
print("keras", keras.__version__, "on", keras.backend.backend())
print('documented, "epsilon hat" added to the root ', outside)
print('documented, "the root of this average"      ', inside, "(epsilon inside)")
print("observed                                    ", seen)
# In every element the observed step is nearer to one form than to the other.
held = bool((np.abs(seen - inside) < np.abs(seen - outside)).all())
sys.exit(0 if held else 1)
