"""fastai.optimizer.RMSProp: the argument eps has no effect."""

import sys
from importlib.metadata import version

import torch
from fastai.optimizer import Adam, RMSProp


def first_step(optimizer, **options):
    """The parameter after one step from zero with a gradient of one."""
    w = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    stepper = optimizer([w], lr=0.1, **options)
    w.grad = torch.ones(1, dtype=torch.float64)
    stepper.step()
    return w.item()


found = {eps: first_step(RMSProp, eps=eps) for eps in (1e-8, 0.0, 0.1, 10.0)}
adam = {eps: first_step(Adam, eps=eps) for eps in found}
print("fastai", version("fastai"), "torch", torch.__version__)
for eps, after in found.items():
    print(f"eps={eps:<6g} RMSProp {after:.12f}  Adam {adam[eps]:.12f}")
made = RMSProp([torch.nn.Parameter(torch.zeros(1))], lr=0.1, eps=10.0)
print("RMSProp(eps=10.0) keeps", dict(made.hypers[0]))
sys.exit(0 if len(set(found.values())) == 1 and len(set(adam.values())) == len(adam) else 1)
