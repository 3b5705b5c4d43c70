"""MXNet's operators: do they leave the gradient as it was?

Exits 0 while what docs/findings/mxnet-gradient-overwritten.md says of this release holds.
"""

import sys
import warnings

warnings.simplefilter("ignore")

import mxnet as mx  # noqa: E402 - old releases warn while they are imported

GIVEN = [0.5, 0.25]
KEPT = {"sgd_update": 0, "rmsprop_update": 1, "adam_update": 2, "rmspropalex_update": 3}


def after(name, kept):
    """The gradient after one step with a weight decay of 0.5 and gradients times 2."""
    weight, gradient = mx.nd.array([1.0, 2.0]), mx.nd.array(GIVEN)
    state = [mx.nd.zeros(2) for _ in range(kept)]
    scalars = {"lr": 0.1, "wd": 0.5, "rescale_grad": 2.0}
    getattr(mx.nd, name)(weight, gradient, *state, out=weight, **scalars)
    mx.nd.waitall()  # nothing waits for a write to what is only read
    return gradient.asnumpy().tolist()


print("MXNet", mx.__version__, "gradient given", GIVEN)
found = {name: after(name, kept) for name, kept in KEPT.items()}
for name, gradient in found.items():
    print(f"{name}: afterwards {gradient}")
overwritten = {name for name, gradient in found.items() if gradient != GIVEN}
old = mx.__version__.startswith("1.5.")
sys.exit(0 if overwritten == (set(KEPT) - {"sgd_update"} if old else set()) else 1)
