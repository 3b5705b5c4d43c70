"""chainer.optimizers.NesterovAG: the new velocity stands where the paper has the old one."""

import sys
import warnings

warnings.simplefilter("ignore")

import chainer  # noqa: E402 - it imports pkg_resources, which warns of its end
import numpy as np  # noqa: E402

print("chainer", chainer.__version__)
rate, momentum, gradients = 0.1, 0.9, (1.0, 1.0, 1.0)
link = chainer.Link()
with link.init_scope():
    link.parameter = chainer.Parameter(np.array([1.0]))
optimizer = chainer.optimizers.NesterovAG(lr=rate, momentum=momentum)
optimizer.setup(link)
seen = []
for gradient in gradients:
    link.parameter.grad = np.array([gradient])
    optimizer.update()
    seen.append(round(float(link.parameter.array[0]), 6))


def steps(new):
    """w = w + mu^2 v - (1 + mu) rate g, with the velocity before this step, or after it."""
    w, v = 1.0, 0.0
    for g in gradients:
        before, v = v, momentum * v - rate * g
        w += momentum**2 * (v if new else before) - (1 + momentum) * rate * g
        yield round(w, 6)


paper, after = [*steps(new=False)], [*steps(new=True)]
print("NesterovAG               ", seen)
print("paper, old velocity      ", paper)
print("new velocity in its place", after)
sys.exit(0 if seen == after != paper else 1)
