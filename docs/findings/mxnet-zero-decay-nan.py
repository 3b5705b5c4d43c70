"""mxnet.nd updates: wd = 0 is multiplied with the weight, so a nan weight spreads to its state."""

import sys

import mxnet as mx
import numpy as np

held = True
print("mxnet", mx.__version__, "float32 on", mx.cpu(), "(weights nan and inf, gradient 1, wd 0)")
for name, parts in (("rmsprop_update", 1), ("rmspropalex_update", 3), ("adam_update", 2)):
    w, g = mx.nd.array([np.nan, np.inf, 1.0]), mx.nd.ones(3)
    state = [mx.nd.zeros(3) for _ in range(parts)]
    getattr(mx.nd, name)(w, g, *state, lr=0.1, wd=0.0, out=w)
    # Only the averages: neither depends on the weight where there is no decay.
    averages = [s.asnumpy() for s in state[:2]]
    print(f"{name:18} averages documented {averages[0][2]:.6f} observed", *averages)
    held &= all(np.isnan(a[:2]).all() and np.isfinite(a[2]) for a in averages)
adam, w = mx.optimizer.Adam(), mx.nd.zeros(1, dtype="float16")
state, g = adam.create_state(0, w), mx.nd.zeros(1, dtype="float16")
seen = []
for _ in range(2):
    adam.update(0, w, g, state)
    seen.append((float(w.asnumpy()[0]), float(state[0].asnumpy()[0])))
print("Adam() float16, gradient 0: weight, average documented 0 0 observed", *seen)
held &= np.isnan(seen[0][0]) and seen[0][1] == 0 and np.isnan(seen[1][1])
sys.exit(0 if held else 1)
