"""autograd.misc.optimizers.rmsprop: the average of squares starts at one."""

import math
import sys
from importlib.metadata import version

import numpy as np
from autograd.misc.optimizers import rmsprop

RATE, GAMMA, EPSILON = 0.1, 0.9, 1e-8


def first_step(gradient):
    """The parameter after one step from zero."""
    after = rmsprop(
        lambda x, i: np.full(1, gradient),
        np.zeros(1),
        num_iters=1,
        step_size=RATE,
        gamma=GAMMA,
        eps=EPSILON,
    )
    return float(after[0])


held = True
print("autograd", version("autograd"))
for gradient in (1.0, 0.1, 0.001):
    zero, one = (
        -RATE * gradient / (math.sqrt(GAMMA * start + (1 - GAMMA) * gradient**2) + EPSILON)
        for start in (0.0, 1.0)
    )
    found = first_step(gradient)
    held &= abs(found - one) < abs(found - zero)
    print(f"g={gradient:<6g} {found:.12f}   from zero {zero:.12f}   from one {one:.12f}")
sys.exit(0 if held else 1)
