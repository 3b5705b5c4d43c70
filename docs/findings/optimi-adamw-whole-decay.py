"""optimi.AdamW: where lr x weight_decay is one, nothing decays."""

import sys
from importlib.metadata import version

import optimi
import torch

START, GRADIENT = 8.0, 2.0


def after(optimizer, rate, decay, **options):
    """The parameter after one step, in float64."""
    w = torch.nn.Parameter(torch.full((1,), START, dtype=torch.float64))
    stepper = optimizer([w], lr=rate, weight_decay=decay, eps=0.0, **options)
    w.grad = torch.full((1,), GRADIENT, dtype=torch.float64)
    stepper.step()
    return w.item()


found = {}
print("torch-optimi", version("torch-optimi"), "torch", torch.__version__)
for rate, decay in ((1.0, 0.5), (1.0, 0.75), (1.0, 1.0), (0.5, 2.0)):
    own = after(optimi.AdamW, rate, decay, triton=False, foreach=False)
    other = after(torch.optim.AdamW, rate, decay)
    found[rate * decay] = (own, other)
    print(f"lr={rate} weight_decay={decay}: optimi.AdamW {own:g}  torch.optim.AdamW {other:g}")
held = [own == other for own, other in found.values()] == [True, True, False]
sys.exit(0 if held else 1)
