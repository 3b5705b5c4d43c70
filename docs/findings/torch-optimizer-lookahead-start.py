"""torch_optimizer.Lookahead: it goes back after steps 1, k + 1, and so on."""

import sys

import torch
import torch_optimizer

rate, alpha, k = 1.0, 0.5, 2
parameter = torch.nn.Parameter(torch.zeros(1))
optimizer = torch_optimizer.Lookahead(torch.optim.SGD([parameter], lr=rate), k=k, alpha=alpha)
seen = []
for _ in range(6):
    parameter.grad = torch.ones(1)
    optimizer.step()
    seen.append(float(parameter.detach()))


def paper():
    """Algorithm 1: slow weights start where the parameter does, and follow every k steps."""
    fast = slow = 0.0
    for step in range(1, 7):
        fast -= rate
        if step % k == 0:
            fast = slow = slow + alpha * (fast - slow)
        yield fast


print("torch_optimizer.Lookahead", seen)
print("paper                    ", [*paper()])
sys.exit(0 if seen == [-1, -2, -2, -3, -3, -4] else 1)
