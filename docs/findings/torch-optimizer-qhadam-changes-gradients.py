"""torch_optimizer.QHAdam: weight decay is added to ``.grad`` itself."""

import sys

import torch
import torch_optimizer


def gradient_after(name, **options):
    """What stands in ``.grad`` after one step from one with a gradient of 0.5."""
    w = torch.nn.Parameter(torch.ones(1))
    optimizer = getattr(torch_optimizer, name)([w], lr=0.1, **options)
    w.grad = torch.full((1,), 0.5)
    optimizer.step()
    return w.grad.item()


plain = gradient_after("QHAdam")
decayed = gradient_after("QHAdam", weight_decay=0.25)
decoupled = gradient_after("QHAdam", weight_decay=0.25, decouple_weight_decay=True)
print("torch_optimizer", torch_optimizer.__version__, "torch", torch.__version__)
print("QHAdam()                                              gradient 0.5 became", plain)
print("QHAdam(weight_decay=0.25)                             gradient 0.5 became", decayed)
print("QHAdam(weight_decay=0.25, decouple_weight_decay=True) gradient 0.5 became", decoupled)
sys.exit(0 if (plain, decayed, decoupled) == (0.5, 0.75, 0.5) else 1)
