"""torch.optim.NAdam: a restored product of momenta has the parameter's format from then on."""

import sys
from copy import deepcopy

import torch

FIRST, STEPS, SIZE, RATE = 2, 40, 4096, 0.1


def gone_on(dtype: torch.dtype) -> tuple[float, torch.Tensor]:
    """The share of elements that a checkpoint after two steps changes, and what it restores."""
    stream = torch.Generator().manual_seed(3)
    start, *gradients = (
        torch.randn(SIZE, generator=stream, dtype=torch.float64).to(dtype) for _ in range(STEPS + 1)
    )
    whole, parted = (torch.nn.Parameter(start.clone()) for _ in range(2))
    one, other = (torch.optim.NAdam([item], lr=RATE) for item in (whole, parted))
    for count, gradient in enumerate(gradients):
        if count == FIRST:
            kept = deepcopy(other.state_dict())
            parted = torch.nn.Parameter(parted.detach().clone())
            other = torch.optim.NAdam([parted], lr=RATE)
            other.load_state_dict(kept)
            product = other.state[parted]["mu_product"].clone()
        for item, optimizer in ((whole, one), (parted, other)):
            item.grad = gradient.clone()
            optimizer.step()
    apart = (whole != parted) & ~(whole.isnan() & parted.isnan())
    return float(apart.double().mean()), product


print("torch", torch.__version__)
shares = {}
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    shares[dtype], product = gone_on(dtype)
    print(
        f"parameter {dtype!s:14} product restored as {product.dtype!s:14} {float(product):.9f}"
        f"  other parameters after {STEPS} steps: {shares[dtype]:.2%}"
    )
narrow = shares[torch.bfloat16] > 0 and shares[torch.float16] > 0
sys.exit(0 if narrow and shares[torch.float32] == 0 else 1)
