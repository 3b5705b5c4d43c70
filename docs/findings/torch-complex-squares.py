"""PyTorch's optimizers: is the square of a complex gradient taken by parts, or of the number?

Exits 0 while what docs/findings/torch-complex-squares.md says of this release holds.
"""

import sys

import torch

print("PyTorch", torch.__version__)
old = torch.__version__.startswith("1.12.")
holds = True
number, size, parts = -7 + 24j, 25 + 0j, 9 + 16j
for kind, key, settings, before in (
    (torch.optim.RMSprop, "square_avg", {"alpha": 0.0}, number),
    (torch.optim.Adam, "exp_avg_sq", {"betas": (0.0, 0.0)}, size),
    (torch.optim.AdamW, "exp_avg_sq", {"betas": (0.0, 0.0)}, number),
):
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.complex128))
    optimizer = kind([weight], lr=1.0, foreach=False, **settings)
    weight.grad = torch.tensor([3 + 4j], dtype=torch.complex128)
    optimizer.step()
    kept = optimizer.state[weight][key].item()
    print(f"{kind.__name__} keeps {kept} of the gradient 3+4j")
    holds &= kept == (before if old else parts)
sys.exit(0 if holds else 1)
