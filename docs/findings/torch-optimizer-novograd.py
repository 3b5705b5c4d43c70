"""torch_optimizer.NovoGrad: ``.grad`` is divided, the average starts again, the norm is float32."""

import sys

import torch
import torch_optimizer


def steps(gradients, dtype, **options):
    """The only parameter, and the average of squared norms after each step."""
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=dtype))
    optimizer = torch_optimizer.NovoGrad([parameter], lr=1.0, **options)
    kept = []
    for gradient in gradients:
        parameter.grad = torch.full((1,), gradient, dtype=dtype)
        optimizer.step()
        kept.append(optimizer.state[parameter]["exp_avg_sq"].clone())
    return parameter, kept


print("torch_optimizer", torch_optimizer.__version__, "torch", torch.__version__)
parameter, _ = steps([0.5], torch.float32, eps=0.0)
print("the gradient was 0.5 and is", parameter.grad.item(), "after the step")
_, kept = steps([0.0, 4.0], torch.float32, betas=(0.9, 0.5), eps=1.0)
print("squared norms 0 and 16, beta2 = 0.5: documented 8.0, kept", kept[1].item())
_, (double,) = steps([0.1], torch.float64)
print("the squared norm of a float64 gradient is kept in", double.dtype)
held = parameter.grad.item() == 1.0 and kept[1].item() == 16.0
sys.exit(0 if held and double.dtype == torch.float32 else 1)
