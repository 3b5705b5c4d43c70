"""mlx.optimizers.RMSprop: what a decay of 0.9 is where parameters are float64."""

import sys
from importlib import metadata

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np

mx.set_default_device(mx.cpu)
np.set_printoptions(precision=17)
version = metadata.version("mlx")
CHANGED = (0, 32, 1)  # the first release that holds float64
ALPHA, G = 0.9, np.array([1 / 7, 3.0, 1e-3])
value, gradient = (mx.array(part, dtype=mx.float64) for part in (np.zeros(3), G))
optimizer = optim.RMSprop(learning_rate=0.25, alpha=ALPHA, eps=1e-8)
optimizer.init({"w": value})
optimizer.apply_gradients({"w": gradient}, {"w": value})
state = optimizer.state["w"]["v"]
seen = np.array(state)
wide = (1 - ALPHA) * G**2
narrow = np.float64(np.float32(1 - ALPHA)) * G**2
print(f"mlx {version}: the second moment is {state.dtype}")
print("1 - alpha in float64", wide)
print("1 - alpha in float32", narrow)
print("observed            ", seen)
nearer_narrow = np.abs(seen - narrow) < np.abs(seen - wide)
place = "float32" if nearer_narrow.all() else "float64" if not nearer_narrow.any() else "mixed"
print("1 - alpha is held in", place)
new = tuple(int(part) for part in version.split(".")[:3]) >= CHANGED
sys.exit(0 if place == ("float64" if new else "float32") else 1)
