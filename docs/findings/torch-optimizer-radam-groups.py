"""torch_optimizer.RAdam: a second group of parameters steps with the first one's rate."""

import sys

import torch
import torch_optimizer

print("torch_optimizer", torch_optimizer.__version__, "torch", torch.__version__)


def after(rates):
    """Parameters that started at zero, one a group, after a step with gradients of one."""
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in rates]
    for parameter in parameters:
        parameter.grad = torch.ones(1)
    groups = [{"params": [p], "lr": rate} for p, rate in zip(parameters, rates, strict=True)]
    torch_optimizer.RAdam(groups).step()
    return [parameter.item() for parameter in parameters]


together, alone = after((0.5, 0.125)), after((0.125,))
print("groups with rates 0.5 and 0.125:", together)
print("a group with rate 0.125 alone:  ", alone)
sys.exit(0 if together == [-0.5, -0.5] and alone == [-0.125] else 1)
