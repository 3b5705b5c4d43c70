"""torch.optim.Adam and AdamW, fused=True, on the CPU: parameters or gradients that are strided."""

import sys

import numpy as np
import torch

LR, BETAS, EPS = 0.1, (0.9, 0.999), 1e-8
P, G = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, -1.0, 1.0, 1.0])
DOCUMENTED = P - LR * G / (np.sqrt(G**2) + EPS)  # the first step: both corrections cancel


def strided(values):
    """Every other element of eight; those between are 7."""
    room = torch.full((8,), 7.0)
    room[::2] = torch.tensor(values)
    return room[::2], room


held = True
print("torch", torch.__version__, "\ndocumented", DOCUMENTED)
for optimizer in (torch.optim.Adam, torch.optim.AdamW):
    for options in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        for what in ("parameter", "gradient"):
            view, room = strided(P if what == "parameter" else G)
            parameter = torch.nn.Parameter(view if what == "parameter" else torch.Tensor(P))
            parameter.grad = torch.Tensor(G) if what == "parameter" else view
            optimizer([parameter], lr=LR, betas=BETAS, weight_decay=0.0, **options).step()
            values = parameter.detach().numpy()
            # An element took the documented step if it is nearer to its end than to its start.
            stepped = np.abs(values - DOCUMENTED) < np.abs(values - P)
            held &= bool(stepped.all()) != ("fused" in options)
            own = f"; its memory {room.tolist()}" if what == "parameter" else ""
            print(f"{optimizer.__name__:6}{options!s:18} strided {what:9}", values, end=f"{own}\n")
sys.exit(0 if held else 1)
