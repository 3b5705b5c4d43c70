"""thinc.api.Adam: weight decay comes after the step, and the step leaves zeros in the gradient."""

import sys
from importlib.metadata import version

import numpy as np
from thinc.api import Adam

RATE, DECAY, START, GRADIENT = 0.5, 0.5, 1.0, 2.0


def after(**options):
    """The weight and the gradient after one step."""
    optimizer = Adam(RATE, eps=0.0, grad_clip=0.0, use_averages=False, **options)
    w, g = np.full(1, START, np.float32), np.full(1, GRADIENT, np.float32)
    w, _ = optimizer((1, "W"), w, g)
    return float(w[0]), float(g[0])


# Adam's first step is the learning rate, whatever the gradient.
first = START * (1 - RATE * DECAY) - RATE
last = (START - RATE) * (1 - RATE * DECAY)
plain, decayed = after(), after(L2=DECAY)
print("thinc", version("thinc"))
print("Adam()      weight", plain[0], " gradient", GRADIENT, "became", plain[1])
print("Adam(L2)    weight", decayed[0], " gradient", GRADIENT, "became", decayed[1])
print("decay first, then the step:", first, "  the step, then decay:", last)
held = abs(decayed[0] - last) < abs(decayed[0] - first) and plain[1] == decayed[1] == 0
sys.exit(0 if held else 1)
