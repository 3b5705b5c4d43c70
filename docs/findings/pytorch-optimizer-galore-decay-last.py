"""pytorch_optimizer.GaLore: without a rank, weight decay comes after the step, on its result."""

import sys
from importlib.metadata import version

import pytorch_optimizer
import torch

RATE, DECAY, START, GRADIENT = 0.5, 0.5, 1.0, 2.0


def after(optimizer, **options):
    """One step in float64."""
    w = torch.nn.Parameter(torch.full((1,), START, dtype=torch.float64))
    stepper = optimizer([w], lr=RATE, weight_decay=DECAY, eps=0.0, **options)
    w.grad = torch.full((1,), GRADIENT, dtype=torch.float64)
    stepper.step()
    return w.item()


# Adam's first step is the learning rate, whatever the gradient.
first = START * (1 - RATE * DECAY) - RATE
last = (START - RATE) * (1 - RATE * DECAY)
print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
held = True
for foreach in (False, True):
    found = after(pytorch_optimizer.GaLore, foreach=foreach)
    print(f"GaLore(foreach={foreach})", found)
    held &= abs(found - last) < abs(found - first)
print("torch.optim.AdamW", after(torch.optim.AdamW))
print("decay first, then the step:", first, "  the step, then decay:", last)
sys.exit(0 if held else 1)
