"""pytorch_optimizer.AdamC: 1e-15 is added under the root, and cannot be switched off."""

import math
import sys
from importlib.metadata import version

import pytorch_optimizer
import torch

RATE, BETA1, BETA2 = 0.1, 0.9, 0.999


def first_step(gradient, epsilon):
    """The parameter after one step from zero, in float64."""
    w = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = pytorch_optimizer.AdamC([w], lr=RATE, betas=(BETA1, BETA2), eps=epsilon)
    w.grad = torch.full((1,), gradient, dtype=torch.float64)
    optimizer.step()
    return w.item()


def documented(gradient, epsilon, second):
    """The same with a second epsilon under the root; the bias corrections as in the class."""
    moment, spread = (1 - BETA1) * gradient, (1 - BETA2) * gradient**2
    root = (math.sqrt(spread + second) + epsilon) / math.sqrt(1 - BETA2)
    return -RATE * (moment / (1 - BETA1)) / root


held = True
print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
for gradient in (1e-3, 1e-6, 1e-8):
    for epsilon in (1e-8, 0.0):
        found = first_step(gradient, epsilon)
        none, second = (documented(gradient, epsilon, value) for value in (0.0, 1e-15))
        held &= abs(found - second) < abs(found - none)
        print(
            f"g={gradient:g} eps={epsilon:g}:", f"{found:.12f}", f"documented {none:.12f}", sep="  "
        )
sys.exit(0 if held else 1)
