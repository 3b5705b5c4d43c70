"""torch_optimizer.AdaBelief: weight decay is added to the gradient in place."""

import sys

import torch
import torch_optimizer

print("torch_optimizer", torch_optimizer.__version__, "torch", torch.__version__)
parameter = torch.nn.Parameter(torch.full((1,), 8.0))
parameter.grad = torch.ones(1)
torch_optimizer.AdaBelief([parameter], weight_decay=0.5).step()
print("the gradient was 1.0 and is", parameter.grad.item(), "after the step")
sys.exit(0 if parameter.grad.item() == 5.0 else 1)
