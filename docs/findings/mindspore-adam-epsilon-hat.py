"""mindspore.nn.Adam: epsilon is added to the uncorrected root ("epsilon hat")."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
LR, BETA1, BETA2, EPS = 0.1, 0.9, 0.5, 1e-3
GRADIENTS = np.outer([1.0, 0.1], [1e-3, 1e-2, 1e-1])


def rule(hat, maximum=""):
    """Two steps from zero; the maximum of raw or corrected second moments."""
    w = m = v = top = np.zeros(3)
    for t, g in enumerate(GRADIENTS, 1):
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
        corrected = v / (1 - BETA2**t)
        top = np.maximum(top, v if maximum == "raw" else corrected) if maximum else corrected
        top_hat = top / (1 - BETA2**t if maximum == "raw" else 1)
        bottom = np.sqrt(top_hat) + (EPS / np.sqrt(1 - BETA2**t) if hat else EPS)
        w = w - LR * m / (1 - BETA1**t) / bottom
    return w


held = True
print("mindspore", ms.__version__)
for amsgrad, maxima in ((False, [""]), (True, ["raw", "corrected"])):
    w = Parameter(Tensor(np.zeros(3, np.float32)), name="w")
    adam = nn.Adam([w], LR, BETA1, BETA2, EPS, use_amsgrad=amsgrad)
    _ = [adam((Tensor(g.astype(np.float32)),)) for g in GRADIENTS]
    for hat in (False, True):
        for maximum in maxima:
            print(f"{'epsilon hat' if hat else 'documented':12}{maximum:10}", rule(hat, maximum))
    candidates = [(hat, maximum) for hat in (False, True) for maximum in maxima]
    # The rule to which the farthest of its elements is nearest.
    far = {c: np.abs(w.asnumpy() / rule(*c) - 1).max() for c in candidates}
    held &= min(far, key=far.get) == (True, maxima[0])
    print(f"observed, use_amsgrad={amsgrad}\t", w.asnumpy())
sys.exit(0 if held else 1)
