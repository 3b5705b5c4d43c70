"""torch.optim.SGD, foreach=True, with Nesterov's momentum: what stands in .grad after a step."""

import sys

import torch

held = True
print("torch", torch.__version__)
for more in ({}, {"weight_decay": 0.1}, {"maximize": True}, {"nesterov": False}):
    for options in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        arguments = {"momentum": 0.9, "nesterov": True, **more}
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=0.1, **arguments, **options)
        parameter.grad = torch.ones(1)
        optimizer.step()
        changed = parameter.grad.item() != 1
        held &= changed == (options == {"foreach": True} and not more)
        print(f"{options!s:18} {more!s:22} gradient 1 became", parameter.grad.item())

# A gradient that is added up over two calls of backward, with a step between them.
ends = []
for foreach in (False, True):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9, nesterov=True, foreach=foreach)
    for _ in range(2):
        parameter.sum().backward()
        optimizer.step()
    ends.append(parameter.item())
print("two steps whose gradients add up:", *ends)
held &= ends[0] != ends[1]
sys.exit(0 if held else 1)
