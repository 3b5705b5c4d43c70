"""mindspore.ops.ApplyRMSProp on the CPU: the place of epsilon depends on the element's index."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

ms.set_device("CPU")
ms.device_context.cpu.op_tuning.threads_num(1)
LR, DECAY, EPS, SIZE = 0.1, 0.5, 0.25, 19
held = True
print("mindspore", ms.__version__, " (i: inside the root, as documented; o: outside)")


def report(what, w, square):
    """Where each element's epsilon stands; the first step from zero with gradient one."""
    inside, outside = LR / np.sqrt(square + EPS), LR / (np.sqrt(square) + EPS)
    nearer = np.abs(-w.asnumpy() - inside) < np.abs(-w.asnumpy() - outside)
    word = "".join(np.where(nearer, "i", "o"))
    print(f"{what:13} {w.dtype!s:8} documented {-inside:.6f} observed", end=" ")
    print(f"{w.asnumpy()[0]:.6f} … {w.asnumpy()[-1]:.6f} {word}")
    return word == "o" * 16 + "i" * 3


for dtype in (np.float16, np.float32, np.float64):
    w, s, m = (Parameter(Tensor(np.zeros(SIZE, dtype))) for _ in range(3))
    ops.ApplyRMSProp()(w, s, m, LR, Tensor(np.ones(SIZE, dtype)), DECAY, 0.0, EPS)
    held &= report("ApplyRMSProp", w, 0.5)
for dtype in (np.float16, np.float32):
    w = Parameter(Tensor(np.zeros(SIZE, dtype)), name="w")
    nn.RMSProp([w], LR, DECAY, 0.0, EPS)((Tensor(np.ones(SIZE, dtype)),))
    held &= report("nn.RMSProp", w, 1.0)  # its mean square starts at one
sys.exit(0 if held else 1)
