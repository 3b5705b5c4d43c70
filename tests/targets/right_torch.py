"""Correct optimizers for PyTorch, each written in another way."""

import math

import torch
from torch.optim import Optimizer


class RMSpropForeach(Optimizer):
    """All parameters of a group at once."""

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        own = {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum, "centered": centered}
        super().__init__(params, own)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            params = group["params"]
            grads = [p.grad for p in params]
            for p in params:
                if not self.state[p]:
                    self.state[p] = {name: torch.zeros_like(p) for name in ("v", "m", "b")}
            averages = [self.state[p]["v"] for p in params]
            torch._foreach_mul_(averages, group["alpha"])
            torch._foreach_addcmul_(averages, grads, grads, 1 - group["alpha"])
            spread = averages
            if group["centered"]:
                means = [self.state[p]["m"] for p in params]
                torch._foreach_lerp_(means, grads, 1 - group["alpha"])
                spread = torch._foreach_addcmul(averages, means, means, -1)
            roots = torch._foreach_sqrt(spread)
            torch._foreach_add_(roots, group["eps"])
            if group["momentum"]:
                buffers = [self.state[p]["b"] for p in params]
                torch._foreach_mul_(buffers, group["momentum"])
                torch._foreach_addcdiv_(buffers, grads, roots)
                torch._foreach_add_(params, buffers, alpha=-group["lr"])
            else:
                torch._foreach_addcdiv_(params, grads, roots, -group["lr"])


class AdamWFused(Optimizer):
    """Weight decay and bias corrections folded into numbers, interpolation for averages."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        own = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, own)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            (beta1, beta2), rate = group["betas"], group["lr"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["m"], state["v"] = torch.zeros_like(p), p.new_zeros(p.shape)
                    state["step"] = torch.tensor(0.0, dtype=torch.float32)
                state["step"] += 1
                count = state["step"].item()
                p.mul_(1 - rate * group["weight_decay"])
                state["m"].lerp_(p.grad, 1 - beta1)
                state["v"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                scale = math.sqrt(1 - beta2**count)
                denominator = (state["v"].sqrt() / scale).add_(group["eps"])
                p.addcdiv_(state["m"], denominator, value=-rate / (1 - beta1**count))


def functional(params, lr=1e-2, alpha=0.99, eps=1e-8):
    """No subclass: a closure over a functional step."""

    def step(w, g, average, rate):
        average = torch.lerp(average, g.square(), 1 - alpha)
        return torch.addcdiv(w, g, average.sqrt().add(eps), value=-rate), average

    class Made(Optimizer):
        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    before = self.state[p].get("average", torch.zeros_like(p))
                    after, self.state[p]["average"] = step(p.detach(), p.grad, before, group["lr"])
                    p.copy_(after)

    return Made(params, {"lr": lr})
