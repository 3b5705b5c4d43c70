"""mlx.optimizers: the learning rate of float64 parameters is held in float32, the decay is not."""

import sys

import mlx.core as mx
import mlx.optimizers
import numpy as np

mx.set_default_device(mx.cpu)
LR, DECAY = 3e-4, 0.1


def step(rate, decay):
    """The parameter after one step of AdamW with a gradient of zero: only the decay acts."""
    adam = mlx.optimizers.AdamW(rate, weight_decay=decay)
    one = mx.array(np.ones(1), dtype=mx.float64)
    after = adam.apply_gradients({"w": mx.zeros_like(one)}, {"w": one})["w"]
    return float(np.array(after)[0])


single = float(np.float32(LR))
documented = 1 - LR * DECAY
held = 1 - single * DECAY
both = 1 - single * float(np.float32(DECAY))
observed = step(LR, DECAY)
print("mlx", mx.__version__)
print("documented, in float64             ", repr(documented))
print("learning rate in float32           ", repr(held))
print("learning rate and decay in float32 ", repr(both))
print("observed                           ", repr(observed))
sys.exit(0 if observed == held != documented else 1)
