"""optimi: with foreach a step leaves the denominator in ``.grad``; L2 decay is added to it."""

import sys
import warnings
from importlib.metadata import version

import optimi
import torch

warnings.filterwarnings("ignore", "Parameter `foreach` is deprecated", DeprecationWarning)


def gradient_after(name, **options):
    """What stands in ``.grad`` after one step from one with a gradient of 0.5."""
    w = torch.nn.Parameter(torch.ones(1))
    optimizer = getattr(optimi, name)([w], lr=0.1, triton=False, **options)
    w.grad = torch.full((1,), 0.5)
    optimizer.step()
    return w.grad.item()


found = {}
print("torch-optimi", version("torch-optimi"), "torch", torch.__version__)
for name, options in (
    ("Adam", {"foreach": False}),
    ("Adam", {"foreach": True, "eps": 1.0}),
    ("Adam", {"foreach": False, "weight_decay": 0.25}),
    ("AdamW", {"foreach": False, "weight_decay": 0.25}),
    ("AdamW", {"foreach": True, "eps": 1.0}),
):
    words = ", ".join(f"{key}={value}" for key, value in options.items())
    found[f"{name}({words})"] = after = gradient_after(name, **options)
    print(f"{name}({words})".ljust(42), "gradient 0.5 became", after)
# The denominator of the first step is |g| + eps.
sys.exit(0 if list(found.values()) == [0.5, 1.5, 0.75, 0.5, 1.5] else 1)
