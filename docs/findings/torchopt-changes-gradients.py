"""torchopt.RMSProp and, with some options, Adam: a step leaves something else in ``.grad``."""

import sys

import torch
import torchopt

CASES = (
    ("RMSProp", {}),
    ("RMSProp", {"centered": True}),
    ("Adam", {}),
    ("Adam", {"weight_decay": 0.1}),
    ("Adam", {"maximize": True}),
    ("Adam", {"use_accelerated_op": True}),
    ("AdamW", {"maximize": True}),
)


def gradient_after(name, options):
    """What stands in ``.grad`` after one step with a gradient of 0.5."""
    w = torch.nn.Parameter(torch.ones(1))
    optimizer = getattr(torchopt, name)([w], lr=0.1, **options)
    w.grad = torch.full((1,), 0.5)
    optimizer.step()
    return w.grad.item()


print("torchopt", torchopt.__version__, "torch", torch.__version__)
found = {}
for name, options in CASES:
    words = ", ".join(f"{key}={value}" for key, value in options.items())
    found[f"{name}({words})"] = after = gradient_after(name, options)
    print(f"torchopt.{name}({words})".ljust(44), "gradient 0.5 became", after)
kept = [case for case, after in found.items() if after == 0.5]
sys.exit(0 if kept == ["Adam()"] else 1)
