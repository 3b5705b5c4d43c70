"""Optimizers for PyTorch, each wrong in one respect."""

import torch
from torch.optim import Optimizer


class AdamWDecaysLate(Optimizer):
    """Weight decay after the step."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(step=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["step"] += 1
                state["m"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["v"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                first = state["m"] / (1 - beta1 ** state["step"])
                second = state["v"] / (1 - beta2 ** state["step"])
                p.addcdiv_(first, second.sqrt() + group["eps"], value=-group["lr"])
                p.mul_(1 - group["lr"] * group["weight_decay"])


class AdamL2(AdamWDecaysLate):
    """Weight decay added to the gradient, where AdamW decouples it."""

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(step=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["step"] += 1
                grad = p.grad + group["weight_decay"] * p
                state["m"].mul_(beta1).add_(grad, alpha=1 - beta1)
                state["v"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                first = state["m"] / (1 - beta1 ** state["step"])
                second = state["v"] / (1 - beta2 ** state["step"])
                p.addcdiv_(first, second.sqrt() + group["eps"], value=-group["lr"])


class AdamBetasExchanged(AdamWDecaysLate):
    """beta2 averages the gradients too."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, betas, eps, 0.0)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(step=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["step"] += 1
                state["m"].mul_(beta2).add_(p.grad, alpha=1 - beta2)
                state["v"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                first = state["m"] / (1 - beta1 ** state["step"])
                second = state["v"] / (1 - beta2 ** state["step"])
                p.addcdiv_(first, second.sqrt() + group["eps"], value=-group["lr"])


class RMSpropScaled(Optimizer):
    """The learning rate goes into the momentum buffer."""

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0):
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(average=torch.zeros_like(p), buffer=torch.zeros_like(p))
                state["average"].lerp_(p.grad.square(), 1 - group["alpha"])
                push = group["lr"] * p.grad / (state["average"].sqrt() + group["eps"])
                state["buffer"].mul_(group["momentum"]).add_(push)
                p.sub_(state["buffer"])


class ChangesItsRate(RMSpropScaled):
    def step(self, closure=None):
        super().step()
        for group in self.param_groups:
            group["lr"] *= 0.5


class NeedsAClosure(RMSpropScaled):
    def step(self, closure):
        closure()
        super().step()
