"""MindSpore's centred RMSProp on the CPU: no step where the denominator is not above zero."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, ops

ms.set_device("CPU")
ms.device_context.cpu.op_tuning.threads_num(1)
LR, DECAY, MOMENTUM, EPS = 0.1, 0.5, 0.9, 0.125
# Four elements: variance + epsilon above zero, zero, below zero, nan.  Twelve are stepped: as in
# ApplyRMSProp, the last four of them might be computed otherwise than the first eight.
G = np.array([1.0, 1.0, 1.0, np.nan], np.float32)
MG = np.array([0.0, 1.0, 3.0, 0.0], np.float32)
MS = np.array([0.0, 0.75, 2.0, 0.0], np.float32)

with np.errstate(all="ignore"):
    mg, square = DECAY * MG + (1 - DECAY) * G, DECAY * MS + (1 - DECAY) * G**2
    bottom = square - mg**2 + EPS
    moment = MOMENTUM + LR * G / np.sqrt(bottom)
W = np.ones(4, np.float32)
w, mean, s, m = (Parameter(Tensor(np.tile(x, 3))) for x in (W, MG, MS, W))
ops.ApplyCenteredRMSProp()(w, mean, s, m, Tensor(np.tile(G, 3)), LR, DECAY, MOMENTUM, EPS)
print("mindspore", ms.__version__, "\nvariance + epsilon        ", bottom)
print("documented: moment 1 ->   ", moment, " w 1 ->", 1 - moment)
held = True
for part in (slice(0, 4), slice(4, 8), slice(8, 12)):
    own_w, own_m = w.asnumpy()[part], m.asnumpy()[part]
    print(f"observed {part.start:2}…{part.stop - 1:2}: moment 1 -> ", own_m, " w 1 ->", own_w)
    # Where there is a step, moment and parameter are nearer to the document than to what they were.
    held &= abs(own_m[0] - moment[0]) < abs(own_m[0] - 1)
    held &= abs(own_w[0] - (1 - moment[0])) < abs(own_w[0] - 1)
    held &= np.array_equal(own_m[1:], W[1:]) and np.array_equal(own_w[1:], W[1:])
    held &= np.array_equal(mean.asnumpy()[part], mg, equal_nan=True)
    held &= np.array_equal(s.asnumpy()[part], square, equal_nan=True)
print("the averages of gradients and squares are as documented in all elements:", mg, square)
sys.exit(0 if held else 1)
