"""torch.optim.Adam: one beta as a number and the other as a tensor is refused."""

import sys

import torch


def made(betas):
    """What constructing comes to."""
    try:
        torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], betas=betas)
    except ValueError as error:
        return f"ValueError: {error}"
    return "taken"


number, tensor = 0.5, torch.tensor(0.5)
print("torch", torch.__version__)
print("two numbers:            ", made((number, number)))
print("two tensors:            ", made((tensor, tensor)))
print("a tensor and a number:  ", mixed := made((tensor, number)))
print("a number and a tensor:  ", other := made((number, tensor)))
sys.exit(0 if "taken" not in (mixed, other) else 1)
