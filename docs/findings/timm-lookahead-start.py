"""timm.optim.Lookahead: the slow weights start after k steps, where the fast ones are then."""

import importlib.util
import sys
from pathlib import Path

import torch

# The module alone: timm imports torchvision, whose operators do not load beside every PyTorch.
folder = Path(importlib.util.find_spec("timm").origin).parent
spec = importlib.util.spec_from_file_location("lookahead", folder / "optim" / "lookahead.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
Lookahead = module.Lookahead

rate, alpha, k = 1.0, 0.5, 2
parameter = torch.nn.Parameter(torch.zeros(1))
optimizer = Lookahead(torch.optim.SGD([parameter], lr=rate), alpha=alpha, k=k)
seen = []
for _ in range(6):
    parameter.grad = torch.ones(1)
    optimizer.step()
    seen.append(float(parameter.detach()))


def paper():
    """Algorithm 1: slow weights start where the parameter does, and follow every k steps."""
    fast = slow = 0.0
    for step in range(1, 7):
        fast -= rate
        if step % k == 0:
            fast = slow = slow + alpha * (fast - slow)
        yield fast


print("timm.optim.Lookahead", seen)
print("paper               ", [*paper()])
sys.exit(0 if seen == [-1, -2, -3, -3, -4, -4] else 1)
