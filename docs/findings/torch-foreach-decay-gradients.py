"""PyTorch's foreach paths with weight decay: do they leave the gradient as it was?

Exits 0 while what docs/findings/torch-foreach-decay-gradients.md says of this release holds.
"""

import sys

import torch

NAMES = ("Adadelta", "Adagrad", "Adam", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "SGD")


def after(name, foreach):
    """The gradient 1 of a parameter of 1, after one step with a weight decay of 0.5."""
    weight = torch.nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    settings = {"lr": 0.1, "weight_decay": 0.5, "foreach": foreach}
    getattr(torch.optim, name)([weight], **settings).step()
    return weight.grad.item()


print("PyTorch", torch.__version__)
overwritten = set()
for name in NAMES:
    loop, foreach = after(name, False), after(name, True)
    print(f"{name}: gradient 1, after the loop {loop}, after foreach {foreach}")
    overwritten |= {name} if foreach != 1 else set()
    if loop != 1:
        sys.exit(1)
old = torch.__version__.startswith("1.12.")
sys.exit(0 if overwritten == (set(NAMES) - {"SGD"} if old else set()) else 1)
