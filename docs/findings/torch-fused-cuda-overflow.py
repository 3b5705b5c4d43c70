"""torch.optim.Adam(fused=True) on CUDA: nan where the square of a finite gradient overflows."""

import math
import sys

import torch

GRADIENTS = (1.8e19, 1.9e19, 1e30)
if not torch.cuda.is_available():
    sys.exit("no CUDA device: the finding is of the kernel for those")
held = True
print("torch", torch.__version__, torch.cuda.get_device_name())
for optimizer in (torch.optim.Adam, torch.optim.AdamW):
    for options in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        parameter = torch.nn.Parameter(torch.ones(len(GRADIENTS), device="cuda"))
        adam = optimizer([parameter], **options)
        parameter.grad = torch.tensor(GRADIENTS, device="cuda")
        adam.step()
        values, moments = parameter.tolist(), adam.state[parameter]["exp_avg_sq"].tolist()
        nan = [math.isnan(value) for value in values]
        held &= nan == [False, "fused" in options, "fused" in options]
        print(f"{optimizer.__name__:6}{options!s:18} parameter {values} second moment {moments}")
sys.exit(0 if held else 1)
