"""optimi takes `betas` of a parameter group, and steps with those of the constructor."""

import sys
from importlib.metadata import version

import optimi
import torch


def stepped(own: type, inside: dict, outside: dict) -> float:
    """A parameter after two steps with other gradients, arguments inside and outside its group."""
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = own([{"params": [weight], **inside}], lr=0.1, **outside)
    for gradient in (1.0, -0.25):
        weight.grad = torch.full_like(weight, gradient)
        optimizer.step()
    return float(weight.detach()[0])


print("torch-optimi", version("torch-optimi"), "torch", torch.__version__)
held = True
for name in ("Adam", "AdamW", "Lion", "RAdam"):
    own, betas = getattr(optimi, name), {"betas": (0.8, 0.3)}
    group, whole, neither = (
        stepped(own, inside, outside) for inside, outside in ((betas, {}), ({}, betas), ({}, {}))
    )
    print(f"optimi.{name:5} in the group {group:.6f}  for all {whole:.6f}  default {neither:.6f}")
    held &= group == neither != whole
sys.exit(0 if held else 1)
