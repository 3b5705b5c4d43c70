"""mxnet.optimizer.Adam on float64 weights: the corrected learning rate is rounded to float32."""

import sys

import mxnet as mx
import numpy as np

LR, BETA1, BETA2, EPS, STEPS = 0.001, 0.9, 0.999, 1e-8, 3
print("mxnet", mx.__version__, "float64 on", mx.cpu())


def rule(single):
    """The documented rule; with ``single`` the scalars that the operator is given are float32."""
    held32 = (lambda x: float(np.float32(x))) if single else float
    beta1, beta2 = held32(BETA1), held32(BETA2)
    # The operator forms the complements in float32 too.
    c1, c2 = (float(np.float32(1) - np.float32(b)) if single else 1 - b for b in (BETA1, BETA2))
    w = m = v = 0.0
    for t in range(1, STEPS + 1):
        rate = held32(LR * np.sqrt(1 - BETA2**t) / (1 - BETA1**t))
        m, v = beta1 * m + c1, beta2 * v + c2
        w -= rate * m / (np.sqrt(v) + held32(EPS))
    return w


adam = mx.optimizer.Adam(LR, BETA1, BETA2, EPS)
w, g = mx.nd.zeros(1, dtype="float64"), mx.nd.ones(1, dtype="float64")
state = adam.create_state(0, w)
for _ in range(STEPS):
    adam.update(0, w, g, state)
observed = float(w.asnumpy()[0])
far = {name: abs(observed / rule(name == "float32") - 1) for name in ("documented", "float32")}
print(f"documented {rule(False):.17f}\nfloat32    {rule(True):.17f}\nobserved   {observed:.17f}")
print("relative distance", ", ".join(f"{name} {value:.1e}" for name, value in far.items()))
# Ten operations a step of half an ulp each, at most, are rounding; what is more is not.
rounding = 10 * STEPS * np.finfo(np.float64).eps / 2
sys.exit(0 if far["float32"] <= rounding < far["documented"] else 1)
