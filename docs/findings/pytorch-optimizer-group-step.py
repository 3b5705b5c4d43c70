"""pytorch_optimizer counts a group's steps: a parameter that comes later is corrected wrongly."""

import sys
from importlib.metadata import version

import pytorch_optimizer
import torch

BETA1, BETA2, RATE = 0.9, 0.99, 0.1


def first_step(own: type, late: int) -> float:
    """How far a parameter moves in its first step, after so many steps of another one."""
    early, later = (torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in "ab")
    optimizer = own([early, later], lr=RATE, betas=(BETA1, BETA2), eps=1e-12)
    for step in range(late + 1):
        early.grad = torch.ones_like(early)
        later.grad = torch.ones_like(later) if step == late else None
        optimizer.step()
    return float(later.detach()[0])


print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
held = True
for late in (0, 1, 10):
    t = late + 1
    first, second = 1 - BETA1**t, 1 - BETA2**t
    # For a group's count; of its own the parameter has taken one step, which is the rate.
    counted = -RATE * (1 - BETA1) / first / ((1 - BETA2) / second) ** 0.5
    other = first_step(torch.optim.Adam, late)
    held &= abs(other + RATE) < 1e-6
    for name in ("AdamP", "FlashAdamW"):
        own = first_step(getattr(pytorch_optimizer, name), late)
        print(f"{late:2} steps late: {name:10} {own:.6f}  torch.optim.Adam {other:.6f}")
        held &= abs(own - counted) < 1e-6
sys.exit(0 if held else 1)
