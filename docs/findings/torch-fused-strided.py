"""Adam, AdamW, SGD and Adagrad of PyTorch, fused, on the CPU: strided parameters or gradients."""

import sys

import numpy as np
import torch

LR = 0.1
P, G = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, -1.0, 1.0, 1.0])
# The first step, less an epsilon beside 1: Adam's corrections cancel, and the root is that of 1.
DOCUMENTED = P - LR * G
OPTIMIZERS = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad)


def strided(values):
    """Every other element of eight; those between are 7."""
    room = torch.full((8,), 7.0)
    room[::2] = torch.tensor(values)
    return room[::2], room


held = True
print("torch", torch.__version__, "\ndocumented", DOCUMENTED)
for optimizer in OPTIMIZERS:
    for options in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        for what in ("parameter", "gradient"):
            view, room = strided(P if what == "parameter" else G)
            parameter = torch.nn.Parameter(view if what == "parameter" else torch.Tensor(P))
            parameter.grad = torch.Tensor(G) if what == "parameter" else view
            optimizer([parameter], lr=LR, weight_decay=0.0, **options).step()
            values = parameter.detach().numpy()
            # An element took the documented step if it is nearer to its end than to its start.
            stepped = np.abs(values - DOCUMENTED) < np.abs(values - P)
            held &= bool(stepped.all()) != ("fused" in options)
            own = f"; its memory {room.tolist()}" if what == "parameter" else ""
            print(f"{optimizer.__name__:8}{options!s:18} strided {what:9}", values, end=f"{own}\n")
sys.exit(0 if held else 1)
