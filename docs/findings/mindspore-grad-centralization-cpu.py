"""mindspore.nn.RMSProp: grad_centralization on the CPU is ignored or fails, by shape alone."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
print("mindspore", ms.__version__, "(a convolution's weight: outputs, inputs, kernel)")
held = True
for what, shape, refused in (
    ("convolution", (2, 3, 3, 3), False),
    ("convolution", (2, 16, 3, 3), True),
    ("dense", (2, 3), False),
    ("dense", (2, 16), True),
):
    w = Parameter(Tensor(np.zeros(shape, np.float32)), name="w")
    group = {"params": [w], "grad_centralization": True}
    optimizer = nn.RMSProp([group], 0.5, decay=1.0, epsilon=1e-30)
    gradient = np.arange(w.size, dtype=np.float32).reshape(shape)
    try:
        optimizer((Tensor(gradient),))
        # With decay 1 the mean square stays one, so the step is the gradient times 0.5.
        unchanged = bool((-w.asnumpy() == 0.5 * gradient).all())
        seen = "gradient as it was" if unchanged else "gradient changed"
    except RuntimeError as error:
        seen = next(line for line in str(error).splitlines() if "Centralization" in line)[:44]
    documented = "centred" if what == "convolution" else "gradient as it was"
    print(f"{what:11} {shape!s:14} documented: {documented:18} observed: {seen}")
    held &= seen.startswith("Unsupported op") if refused else seen == "gradient as it was"
sys.exit(0 if held else 1)
