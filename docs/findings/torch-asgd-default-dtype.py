"""torch.optim.ASGD: the rate is rounded to the default dtype, whatever the parameter's is."""

import sys

import torch

RATE, LAMBDA, ALPHA, STEPS = 0.1, 0.5, 0.75, 3


def stepped(default: torch.dtype) -> tuple[torch.nn.Parameter, float]:
    """A float32 parameter after some steps, and the rate that is kept for the next one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float32))
        asgd = torch.optim.ASGD([parameter], lr=RATE, lambd=LAMBDA, alpha=ALPHA, foreach=False)
        for _ in range(STEPS):
            parameter.grad = torch.ones_like(parameter)
            asgd.step()
        return parameter, float(asgd.state[parameter]["eta"])
    finally:
        torch.set_default_dtype(before)


print("torch", torch.__version__)
due = RATE / (1 + LAMBDA * RATE * STEPS) ** ALPHA
far = {}
for default in (torch.float64, torch.float32, torch.bfloat16):
    parameter, eta = stepped(default)
    far[default] = abs(eta / due - 1)
    print(
        f"default {default!s:14} parameter {parameter.dtype} {float(parameter.detach()):.9f}"
        f"  eta {eta:.9f}, off by {far[default]:.1e} of {due:.9f}"
    )
held = far[torch.float32] < torch.finfo(torch.float32).eps < far[torch.bfloat16]
sys.exit(0 if held else 1)
