"""pytorch_optimizer.Adan(maximize=True): the first step sees a difference that is none."""

import sys
from importlib.metadata import version

import pytorch_optimizer
import torch

print("pytorch_optimizer", version("pytorch_optimizer"), "torch", torch.__version__)
results = {}
for foreach in (False, True):
    for maximize, gradient in ((False, -1.0), (True, 1.0)):
        parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        parameter.grad = torch.full((1,), gradient, dtype=torch.float64)
        optimizer = pytorch_optimizer.Adan(
            [parameter], lr=0.5, eps=0.1, maximize=maximize, foreach=foreach
        )
        optimizer.step()
        difference = optimizer.state[parameter]["exp_avg_diff"].item()
        results[foreach, maximize] = difference
        print(f"foreach={foreach!s:5} maximize={maximize!s:5} gradient {gradient:4} ", end="")
        print("parameter", parameter.item(), "average difference", difference)
print("the first difference is zero, and uphill by g is downhill by -g")
wrong = all(abs(results[foreach, True]) > 0.01 for foreach in (False, True))
sys.exit(0 if wrong and results[False, False] == results[True, False] == 0 else 1)
