"""torch_optimizer.SGDW: weight decay takes the same amount from every parameter."""

import sys

import torch
import torch_optimizer

print("torch_optimizer", torch_optimizer.__version__, "torch", torch.__version__)
parameter = torch.nn.Parameter(torch.tensor([8.0, 0.0, -8.0]))
parameter.grad = torch.zeros(3)
torch_optimizer.SGDW([parameter], lr=0.5, weight_decay=0.5).step()
print("from [8, 0, -8], gradients of zero:", parameter.tolist())
print("w (1 - lr weight_decay):            [6.0, 0.0, -6.0]")
print("w - lr weight_decay:                [7.75, -0.25, -8.25]")
sys.exit(0 if parameter.tolist() == [7.75, -0.25, -8.25] else 1)
