"""MindSpore's operators take a scalar for an earlier one that has the same seventeen decimals."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, ops

ms.set_device("CPU")


def parameter(value: float) -> Parameter:
    """One element."""
    return Parameter(Tensor(np.full(1, value, np.float32)))


def descent(rate: float) -> float:
    """0 - rate * 1."""
    w = parameter(0.0)
    ops.ApplyGradientDescent()(w, rate, Tensor(np.ones(1, np.float32)))
    return float(w.asnumpy()[0])


def adam(epsilon: float) -> float:
    """A gradient that has always been zero: the parameter stays, whatever epsilon is but 0."""
    w, gradient = parameter(1.0), Tensor(np.zeros(1, np.float32))
    moments = parameter(0.0), parameter(0.0)
    ops.Adam()(w, *moments, 0.9, 0.999, 0.01, 0.9, 0.999, epsilon, gradient)
    return float(w.asnumpy()[0])


print("mindspore", ms.__version__)
rates = (4e-18, 1e-18, 3e-20, 0.0, 6e-18, 1.4e-17, 1.6e-17, 1.234e-15, 1.226e-15)
observed = [descent(rate) for rate in rates]
for rate, came in zip(rates, observed, strict=True):
    print(f"{rate:.17f}  0 - {rate:<9} * 1 = {came:.4g}")
print(f"ops.Adam, epsilon 0: {adam(0.0)}, then epsilon 1e-30: {adam(1e-30)}")
first: dict[str, float] = {}
taken = [first.setdefault(f"{rate:.17f}", rate) for rate in rates]
held = observed == [float(np.float32(-rate)) for rate in taken] and np.isnan(adam(1e-30))
sys.exit(0 if held else 1)
