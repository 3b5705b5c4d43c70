"""bitsandbytes.optim: RMSprop's momentum and Adam's and AdamW's amsgrad have no effect."""

import sys

import bitsandbytes
import torch


def after(optimizer, **options):
    """Three steps with falling gradients, from one."""
    w = torch.nn.Parameter(torch.ones(3))
    stepper = optimizer([w], lr=0.1, **options)
    for scale in (1.0, 0.1, 0.01):
        w.grad = torch.tensor([1.0, -0.5, 0.25]) * scale
        stepper.step()
    return w.detach()


held = True
print("bitsandbytes", bitsandbytes.__version__, "torch", torch.__version__)
for name, option in (
    ("RMSprop", {"momentum": 0.9}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"amsgrad": True}),
):
    plain = after(getattr(bitsandbytes.optim, name))
    with_option = after(getattr(bitsandbytes.optim, name), **option)
    peer = after(getattr(torch.optim, name), **option)
    print(f"bitsandbytes.optim.{name}()".ljust(46), plain.tolist())
    print(f"bitsandbytes.optim.{name}({option})".ljust(46), with_option.tolist())
    print(f"torch.optim.{name}({option})".ljust(46), peer.tolist())
    held &= torch.equal(plain, with_option) and not torch.equal(with_option, peer)
sys.exit(0 if held else 1)
