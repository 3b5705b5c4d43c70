"""tf.compat.v1.train.RMSPropOptimizer: the mean square starts at one."""

import sys

import numpy as np
import tensorflow as tf

LR, DECAY, EPS, G = 0.1, 0.9, 1e-10, 0.01
held = True
print("tensorflow", tf.__version__)
for centered in (False, True):
    w = tf.Variable(np.zeros(1, np.float32))
    optimizer = tf.compat.v1.train.RMSPropOptimizer(LR, DECAY, 0.0, EPS, centered=centered)
    optimizer.apply_gradients([(tf.constant([G]), w)])
    mean = (1 - DECAY) * G if centered else 0.0
    zero, one = (
        -LR * G / np.sqrt(DECAY * s + (1 - DECAY) * G**2 - mean**2 + EPS) for s in (0.0, 1.0)
    )
    seen, square = w.numpy()[0], optimizer.get_slot(w, "rms").numpy()[0]
    print(f"centered={centered}: mean square after one step {square:.8f}; first step from 0:")
    print(f"  documented, started at 0: {zero:.8f}  at 1: {one:.8f}  observed: {seen:.8f}")
    held &= abs(seen - one) < abs(seen - zero)
    from_zero, from_one = (DECAY * s + (1 - DECAY) * G**2 for s in (0.0, 1.0))
    held &= abs(square - from_one) < abs(square - from_zero)
sys.exit(0 if held else 1)
