"""TensorFlow's proximal Adagrad: the penalties count with each element's own rate, not with lr."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

RATE, L1, L2 = 0.5, 1.0, 2.0
VALUE, GRADIENT, SUM = 4.0, 2.0, 12.0


def drawn(rate):
    """The last line of the page with a rate for the penalties: for elements above zero."""
    forward = VALUE - RATE * GRADIENT / np.sqrt(SUM + GRADIENT**2)
    return max(forward - rate * L1, 0) / (1 + rate * L2)


def dense(dtype="float32", **options):
    """One call of the kernel."""
    var, accum = (tf.Variable([number], dtype=dtype) for number in (VALUE, SUM))
    scalars = {"lr": RATE, "l1": L1, "l2": L2}
    given = {name: tf.constant(number, dtype) for name, number in scalars.items()}

    @tf.function(**options)
    def step():
        tf.raw_ops.ResourceApplyProximalAdagrad(
            var=var.handle, accum=accum.handle, grad=tf.constant([GRADIENT], dtype), **given
        )

    step()
    return float(var.numpy()[0])


def sparse():
    """The same of the one row that there is."""
    var, accum = tf.Variable([[VALUE]]), tf.Variable([[SUM]])
    tf.raw_ops.ResourceSparseApplyProximalAdagrad(
        var=var.handle,
        accum=accum.handle,
        lr=RATE,
        l1=L1,
        l2=L2,
        grad=tf.constant([[GRADIENT]]),
        indices=tf.range(1),
    )
    return float(var.numpy()[0, 0])


documented, own = drawn(RATE), drawn(RATE / np.sqrt(SUM + GRADIENT**2))
observed = {
    "ResourceApplyProximalAdagrad": dense(),
    "  float64": dense("float64"),
    "  jit_compile": dense(jit_compile=True),
    "ResourceSparseApplyProximalAdagrad": sparse(),
}
print("tensorflow", tf.__version__)
print(f"{'documented':36} {documented:.6g}")
print(f"{'with lr / sqrt(accum)':36} {own:.6g}")
for name, value in observed.items():
    print(f"{name:36} {value:.6g}")
wrong = all(abs(value - own) < 1e-5 < abs(value - documented) for value in observed.values())
sys.exit(0 if wrong else 1)
