"""torch.optim.SGD, fused, with momentum: one parameter has its first gradient after the others."""

import sys

import torch


def outcome(**options):
    """Two steps of two parameters; the second has no gradient in the first step."""
    first, second = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
    optimizer = torch.optim.SGD([first, second], lr=0.1, **options)
    first.grad = torch.ones(1)
    optimizer.step()
    second.grad = torch.ones(1)
    try:
        optimizer.step()
    except TypeError as error:
        return f"TypeError: {error}"
    return f"{first.item():.7g} {second.item():.7g}"


held = True
print("torch", torch.__version__)
for momentum in (0.9, 0.0):
    for options in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        told = outcome(momentum=momentum, **options)
        held &= told.startswith("TypeError") == (momentum != 0 and "fused" in options)
        print(f"momentum {momentum} {options!s:18}", told)
sys.exit(0 if held else 1)
