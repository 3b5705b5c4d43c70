"""torch.optim.SGD, fused=True, on the CPU: parameters of bfloat16 and float16."""

import sys

import torch

LR, MOMENTUM = 0.25, 0.5
SIZES = (3, 7, 32, 35)
DOCUMENTED = -LR * (1 + 1.5)  # two steps from 0 with gradient 1: b = 1, then 0.5 * 1 + 1


def two_steps(size, dtype, **options):
    """The parameter and the momentum buffer after two steps."""
    parameter = torch.nn.Parameter(torch.zeros(size, dtype=dtype))
    optimizer = torch.optim.SGD([parameter], lr=LR, momentum=MOMENTUM, **options)
    for _ in range(2):
        parameter.grad = torch.ones(size, dtype=dtype)
        optimizer.step()
    return parameter.detach(), optimizer.state[parameter]["momentum_buffer"]


held = True
print("torch", torch.__version__, torch.backends.cpu.get_cpu_capability())
print("documented", DOCUMENTED, "with a buffer of 1.5; all exact in both types")
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    for options in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        for size in SIZES:
            values, buffer = two_steps(size, dtype, **options)
            unmoved, wrong = int((values == 0).sum()), int((buffer != 1.5).sum())
            skips = "fused" in options and dtype != torch.float32 and size >= 32
            held &= (unmoved > 0) == skips
            held &= bool(((values == 0) | (values == DOCUMENTED)).all())
            print(
                f"{dtype!s:15} {options!s:18} {size:3} elements:",
                f"{unmoved:2} did not move, {wrong:2} have another buffer",
            )
sys.exit(0 if held else 1)
