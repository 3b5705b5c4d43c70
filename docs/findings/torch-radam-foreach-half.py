"""RAdam's foreach path in float16: a gradient of zero makes the parameter nan."""

import sys

import torch

torch.set_num_threads(1)
print("torch", torch.__version__)
holds = True
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    for foreach in (False, True):
        parameter = torch.nn.Parameter(torch.ones(2, dtype=dtype))
        parameter.grad = torch.tensor([0.0, 1.0], dtype=dtype)
        torch.optim.RAdam([parameter], lr=0.5, foreach=foreach).step()
        print(f"{dtype!s:15} foreach={foreach!s:5} {parameter.tolist()}")
        wrong = bool(parameter.isnan()[0])
        holds &= wrong == (foreach and dtype == torch.float16)
sys.exit(0 if holds else 1)
