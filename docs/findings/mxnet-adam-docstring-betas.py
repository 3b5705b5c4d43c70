"""mxnet.optimizer.Adam: its docstring has the betas of the corrections in each other's place."""

import sys

import mxnet as mx
import numpy as np

LR, BETA1, BETA2, EPS = 0.1, 0.9, 0.999, 1e-8
PRINTED = "lr = learning_rate * sqrt(1 - beta1**t) / (1 - beta2**t)"
print("mxnet", mx.__version__, "float32 on", mx.cpu())
print("the docstring prints it", mx.optimizer.Adam.__doc__.count(PRINTED), "times:", PRINTED)
adam, w = mx.optimizer.Adam(LR, BETA1, BETA2, EPS), mx.nd.zeros(1)
adam.update(0, w, mx.nd.ones(1), adam.create_state(0, w))
observed = float(w.asnumpy()[0])
step = (1 - BETA1) / (np.sqrt(1 - BETA2) + EPS)
printed = -LR * np.sqrt(1 - BETA1) / (1 - BETA2) * step
paper = -LR * np.sqrt(1 - BETA2) / (1 - BETA1) * step
print(f"first step from 0, gradient 1: printed {printed:.6f} paper {paper:.6f} observed {observed}")
nearer = abs(observed - paper) < abs(observed - printed)
sys.exit(0 if nearer and PRINTED in mx.optimizer.Adam.__doc__ else 1)
