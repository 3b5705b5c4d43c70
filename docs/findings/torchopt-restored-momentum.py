"""torchopt.RMSProp: the first step after load_state_dict does not decay the momentum buffer."""

import copy
import sys

import torch
import torchopt

LR, ALPHA, MOMENTUM, EPS = 0.1, 0.9, 0.5, 1e-3


def optimizer(w):
    """RMSProp with momentum over one parameter."""
    return torchopt.RMSProp([w], lr=LR, alpha=ALPHA, eps=EPS, momentum=MOMENTUM)


def step(w, stepper, gradient):
    """One step with this gradient."""
    w.grad = torch.full_like(w, gradient)
    stepper.step()


w = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
first = optimizer(w)
for gradient in (1.0, 0.5):
    step(w, first, gradient)
middle = w.detach().clone()
state = copy.deepcopy(list(first.state_dict()))
trace = next(part.trace[0].item() for part in state[0] if "trace" in part._fields)
second = next(part.nu[0].item() for part in state[0] if "nu" in part._fields)

other = torch.nn.Parameter(middle.clone())
resumed = optimizer(other)
resumed.load_state_dict(state)
step(w, first, 0.25)
step(other, resumed, 0.25)

moment = ALPHA * second + (1 - ALPHA) * 0.25**2
push = 0.25 / (moment**0.5 + EPS)
print("torchopt", torchopt.__version__, "torch", torch.__version__)
print("third step, buffer decayed     ", middle.item() - LR * (MOMENTUM * trace + push))
print("third step, buffer not decayed ", middle.item() - LR * (trace + push))
print("observed, gone on              ", w.item())
print("observed, restored             ", other.item())
decayed = abs(w.item() - (middle.item() - LR * (MOMENTUM * trace + push)))
undecayed = abs(other.item() - (middle.item() - LR * (trace + push)))
apart = abs(w.item() - other.item())
sys.exit(0 if max(decayed, undecayed) < apart / 1e6 else 1)
