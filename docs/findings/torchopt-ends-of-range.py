"""torchopt.AdaGrad and AdaDelta at the ends of float32."""

import sys

import torch
import torchopt

print("torchopt", torchopt.__version__)


def last(own, gradient, steps, **settings):
    """One parameter after some steps from 0."""
    parameter = torch.zeros(1, requires_grad=True)
    optimizer = own([parameter], **settings)
    for _ in range(steps):
        parameter.grad = torch.tensor([gradient])
        optimizer.step()
    return float(parameter.detach())


tiny = last(torchopt.AdaGrad, 1e-25, 1, lr=1.0, eps=1e-10)
print(f"AdaGrad, g = 1e-25     {tiny}, due {-1e-25 / (1e-25 + 1e-10):.3e}")
large, rho, eps = 1e19, 0.9, 1e-6
huge = last(torchopt.AdaDelta, large, 1, lr=1.0, rho=rho, eps=eps)
due = -(eps**0.5) * large / ((1 - rho) * large**2 + eps) ** 0.5
print(f"AdaDelta, g = 1e19     {huge:.9g}, due {due:.9g}")
sys.exit(0 if tiny == 0 and abs(huge / due - 1) > 1e-5 else 1)
