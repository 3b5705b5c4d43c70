"""torch.optim.RAdam with an epsilon of zero, where the gradient is zero."""

import sys

import torch

held = True
print("torch", torch.__version__)
for eps in (0.0, 1e-8):
    for options in ({"foreach": False}, {"foreach": True}):
        parameter = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.RAdam([parameter], lr=0.1, eps=eps, **options)
        parameter.grad = torch.tensor([0.0, 1.0])
        optimizer.step()
        values = parameter.detach()
        broken = bool(values.isnan().any())
        held &= broken == (eps == 0 and options["foreach"])
        print(f"eps {eps:g} {options!s:18} after one step", values.tolist())
sys.exit(0 if held else 1)
