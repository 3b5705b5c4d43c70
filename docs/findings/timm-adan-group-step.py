"""timm's Adan counts a group's steps: a parameter that comes later is corrected for all of them."""

import importlib
import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import torch

# The module alone: timm imports torchvision, whose operators do not load beside every PyTorch.
folder = Path(importlib.util.find_spec("timm").origin).parent
for package in ("timm", "timm.optim"):
    sys.modules[package] = ModuleType(package)
    sys.modules[package].__path__ = [str(folder.parent / package.replace(".", "/"))]
Adan = importlib.import_module("timm.optim.adan").Adan

RATE, BETAS = 0.1, (0.98, 0.92, 0.99)


def first_step(late: int) -> float:
    """How far a parameter moves in its first step, after so many steps of another one."""
    early, later = (torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in "ab")
    optimizer = Adan([early, later], lr=RATE, betas=BETAS, eps=1e-12)
    for step in range(late + 1):
        early.grad = torch.ones_like(early)
        later.grad = torch.ones_like(later) if step == late else None
        optimizer.step()
    return float(later.detach()[0])


print("timm", version("timm"), "torch", torch.__version__)
held = True
for late in (0, 1, 10):
    # At a first gradient the average of differences is zero; by its own count the step is the rate.
    first, third = 1 - BETAS[0] ** (late + 1), 1 - BETAS[2] ** (late + 1)
    counted = -RATE * (1 - BETAS[0]) / first / ((1 - BETAS[2]) / third) ** 0.5
    own = first_step(late)
    print(f"{late:2} steps late: timm.optim.Adan {own:.6f}  by its own count {-RATE:.6f}")
    held &= abs(own - counted) < 1e-6
sys.exit(0 if held else 1)
