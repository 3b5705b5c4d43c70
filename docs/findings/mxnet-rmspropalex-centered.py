"""mxnet.nd.rmspropalex_update: called non-centered by its docstring, and centred by its code."""

import sys

import mxnet as mx
import numpy as np

LR, GAMMA1, EPS = 0.1, 0.5, 0.25
w, n, g, delta = (mx.nd.zeros(1) for _ in range(4))
mx.nd.rmspropalex_update(
    w, mx.nd.ones(1), n, g, delta, lr=LR, gamma1=GAMMA1, gamma2=0.0, epsilon=EPS, out=w
)
observed = float(w.asnumpy()[0])
square = mean = 1 - GAMMA1
called = -LR / np.sqrt(square + EPS)
printed = -LR / np.sqrt(square - mean**2 + EPS)
print("mxnet", mx.__version__, "float32 on", mx.cpu())
print(f"not centred {called:.6f} centred (its equations) {printed:.6f} observed {observed:.6f}")
says = "non-centered version" in mx.nd.rmspropalex_update.__doc__
sys.exit(0 if says and abs(observed - printed) < abs(observed - called) else 1)
