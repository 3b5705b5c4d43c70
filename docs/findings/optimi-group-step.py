"""optimi counts the steps of a group: a parameter that comes later is corrected for too many."""

import sys
from importlib.metadata import version

import optimi
import torch

RATE, BETA1, BETA2 = 0.1, 0.9, 0.99


def first_step(own: type, late: int) -> float:
    """How far a parameter moves in its first step, after so many steps of another one."""
    early, later = (torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in "ab")
    optimizer = own([early, later], lr=RATE, betas=(BETA1, BETA2), eps=1e-12)
    for step in range(late + 1):
        early.grad = torch.ones_like(early)
        later.grad = torch.ones_like(later) if step == late else None
        optimizer.step()
    return float(later.detach()[0])


print("torch-optimi", version("torch-optimi"), "torch", torch.__version__)
held = True
for late in (0, 1, 10):
    own, other = first_step(optimi.Adam, late), first_step(torch.optim.Adam, late)
    t = late + 1
    counted = -RATE * (1 - BETA1) / (1 - BETA1**t) / ((1 - BETA2) / (1 - BETA2**t)) ** 0.5
    print(f"{late:2} steps late: optimi.Adam {own:.6f}  torch.optim.Adam {other:.6f}")
    held &= abs(own - counted) < 1e-6 and abs(other + RATE) < 1e-6
sys.exit(0 if held else 1)
