"""mindspore.nn.RMSProp: the mean square starts at one."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
LR, DECAY, EPS, G = 0.1, 0.9, 1e-10, 0.01
held = True
print("mindspore", ms.__version__)
for centered in (False, True):
    w = Parameter(Tensor(np.zeros(1, np.float32)), name="w")
    optimizer = nn.RMSProp([w], LR, DECAY, 0.0, EPS, centered=centered)
    start = optimizer.ms[0].asnumpy()[0]
    optimizer((Tensor(np.full(1, G, np.float32)),))
    mean = (1 - DECAY) * G if centered else 0.0
    zero, one = (
        -LR * G / np.sqrt(DECAY * s + (1 - DECAY) * G**2 - mean**2 + EPS) for s in (0.0, 1.0)
    )
    seen = w.asnumpy()[0]
    print(f"centered={centered}: mean square before the first step {start}; first step from 0:")
    print(f"  documented, started at 0: {zero:.8f}  at 1: {one:.8f}  observed: {seen:.8f}")
    held &= start == 1 and abs(seen - one) < abs(seen - zero)
sys.exit(0 if held else 1)
