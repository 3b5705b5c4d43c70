"""PyTorch's NAdam: how often is the momentum coefficient of a step in the product to the next?

Exits 0 while what docs/findings/torch-nadam-momentum-twice.md says of this release holds.
"""

import sys

import torch

RATE, BETA1, BETA2, DECAY = 0.5, 0.9, 0.5, 0.004


def moved(foreach):
    """Where one step from zero with the gradient 1 leads."""
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    settings = {"betas": (BETA1, BETA2), "eps": 0.0, "momentum_decay": DECAY}
    optimizer = torch.optim.NAdam([weight], lr=RATE, foreach=foreach, **settings)
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    return weight.item()


now, following = (BETA1 * (1 - 0.5 * 0.96 ** (step * DECAY)) for step in (1, 2))
# After one step with the gradient 1 the corrected root is 1, and the first moment 1 - beta1.
once, twice = (-RATE * (following * (1 - BETA1) / (1 - p * following) + 1) for p in (now, now**2))
print("PyTorch", torch.__version__)
print(f"with the coefficient once, as documented {once:.6f}, twice {twice:.6f}")
for name, foreach in (("the loop", False), ("foreach", True)):
    print(f"{name} moves to {moved(foreach):.6f}")
old = torch.__version__.startswith("1.12.")
holds = abs(moved(False) - (twice if old else once)) < 1e-6 and abs(moved(True) - once) < 1e-6
sys.exit(0 if holds else 1)
