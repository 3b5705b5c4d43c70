"""MindSpore's proximal Adagrad: the penalties count with each element's own rate, not with lr."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

RATE, L1, L2 = 0.5, 1.0, 2.0
VALUE, GRADIENT, SUM = 4.0, 2.0, 12.0


def drawn(rate):
    """The last line of the page with a rate for the penalties: for elements above zero."""
    forward = VALUE - RATE * GRADIENT / np.sqrt(SUM + GRADIENT**2)
    return max(forward - rate * L1, 0) / (1 + rate * L2)


def single(number, name):
    """A parameter of one element."""
    return Parameter(Tensor(np.array([number], np.float32)), name=name)


def operator():
    """One call of the operator."""
    var, accum = single(VALUE, "var"), single(SUM, "accum")
    gradient = Tensor(np.array([GRADIENT], np.float32))
    ops.ApplyProximalAdagrad()(var, accum, RATE, L1, L2, gradient)
    return float(var.asnumpy()[0])


def layer():
    """One step of the class."""
    var = single(VALUE, "var")
    optimizer = nn.ProximalAdagrad([var], accum=SUM, learning_rate=RATE, l1=L1, l2=L2)
    optimizer((Tensor(np.array([GRADIENT], np.float32)),))
    return float(var.asnumpy()[0])


ms.set_context(device_target="CPU")
documented, own = drawn(RATE), drawn(RATE / np.sqrt(SUM + GRADIENT**2))
observed = {"ops.ApplyProximalAdagrad": operator(), "nn.ProximalAdagrad": layer()}
print("mindspore", ms.__version__)
print(f"{'documented':26} {documented:.6g}")
print(f"{'with lr / sqrt(accum)':26} {own:.6g}")
for name, value in observed.items():
    print(f"{name:26} {value:.6g}")
wrong = all(abs(value - own) < 1e-5 < abs(value - documented) for value in observed.values())
sys.exit(0 if wrong else 1)
