"""pytorch_optimizer: maximize turns ``.grad``, L2 decay adds to it, and NovoGrad divides it."""

import sys
from importlib.metadata import version

import pytorch_optimizer
import torch


def gradient_after(name, **options):
    """What stands in ``.grad`` after one step from one with a gradient of 0.5."""
    w = torch.nn.Parameter(torch.ones(1))
    optimizer = getattr(pytorch_optimizer, name)([w], lr=0.1, **options)
    w.grad = torch.full((1,), 0.5)
    optimizer.step()
    return w.grad.item()


CASES = (
    ("QHAdam", {}, 0.5),
    ("QHAdam", {"maximize": True}, -0.5),
    ("QHAdam", {"weight_decay": 0.25}, 0.75),
    ("PAdam", {"weight_decay": 0.25}, 0.75),
    ("Lamb", {"maximize": True}, -0.5),
    ("AdamP", {"maximize": True}, -0.5),
    ("AdamC", {"maximize": True}, -0.5),
    ("GaLore", {"maximize": True}, -0.5),
    ("FlashAdamW", {"quantize": False, "maximize": True}, -0.5),
    ("NovoGrad", {"eps": 0.0}, 1.0),
)
held = True
print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
for name, options, expected in CASES:
    words = ", ".join(f"{key}={value}" for key, value in options.items())
    found = gradient_after(name, **options)
    print(f"{name}({words})".ljust(44), "gradient 0.5 became", found)
    held &= found == expected
sys.exit(0 if held else 1)
