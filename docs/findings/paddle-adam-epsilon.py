"""paddle.optimizer.Adam and AdamW: epsilon is added to the bias-corrected root."""

import sys

import numpy as np
import paddle

paddle.set_device("cpu")
LR, BETA1, BETA2, EPS, DECAY = 0.1, 0.9, 0.5, 1e-3, 0.1
GRADIENTS = np.outer([1.0, 0.1], [1e-3, 1e-2, 1e-1])


def rule(documented, amsgrad, decay, corrected_decay=False):
    """Two steps from one, in float64."""
    w, m, v, top = np.ones(3), np.zeros(3), np.zeros(3), np.zeros(3)
    for t, g in enumerate(GRADIENTS, 1):
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
        top = np.maximum(top, v) if amsgrad else v
        rate = LR * np.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        epsilon = EPS if documented else EPS * np.sqrt(1 - BETA2**t)
        w = w - (rate if corrected_decay else LR) * decay * w - rate * m / (np.sqrt(top) + epsilon)
    return w


held = True
print("paddlepaddle", paddle.__version__)
for name, optimizer in (("Adam", paddle.optimizer.Adam), ("AdamW", paddle.optimizer.AdamW)):
    for amsgrad in (False, True):
        w = paddle.to_tensor(np.ones(3), dtype="float64", stop_gradient=False)
        decay = DECAY if name == "AdamW" else 0.0
        own = {"weight_decay": decay} if decay else {}
        adam = optimizer(LR, BETA1, BETA2, EPS, parameters=[w], amsgrad=amsgrad, **own)
        for g in GRADIENTS:
            w.grad = paddle.to_tensor(g)
            adam.step()
        print(f"{name}, amsgrad={amsgrad}")
        print("  documented                       ", rule(True, amsgrad, decay))
        if decay:
            print("  documented, decay x corrected lr ", rule(True, amsgrad, decay, True))
        print("  epsilon on the corrected root    ", rule(False, amsgrad, decay))
        print("  observed                         ", w.numpy())
        near = np.abs(w.numpy() - rule(False, amsgrad, decay)).max()
        far = min(
            np.abs(w.numpy() - rule(True, amsgrad, decay, literal)).max()
            for literal in (False, True)
        )
        held &= bool(near < far / 1000)
sys.exit(0 if held else 1)
