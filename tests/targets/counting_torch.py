"""Adam of PyTorch's rule whose step count goes wrong."""

import torch


class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        self.count = 0
        self.counts = {}

    def counted(self, p, s):
        s["step"] = s.get("step", 0) + 1
        return s["step"]

    def begin(self):
        pass

    @torch.no_grad()
    def step(self, closure=None):
        self.begin()
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if "m" not in s:
                    s["m"], s["v"] = torch.zeros_like(p), torch.zeros_like(p)
                t = self.counted(p, s)
                s["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
                s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                root = (s["v"] / (1 - b2**t)).sqrt() + group["eps"]
                p.sub_(group["lr"] / (1 - b1**t) * s["m"] / root)


class SharedCount(Adam):
    def counted(self, p, s):
        self.count += 1
        return self.count


class CountStops(Adam):
    def counted(self, p, s):
        s["step"] = torch.as_tensor(s.get("step", 0.0), dtype=torch.bfloat16) + 1
        return s["step"].item()


class CountUnsaved(Adam):
    def counted(self, p, s):
        self.counts[p] = self.counts.get(p, 0) + 1
        return self.counts[p]


class CountOfOptimizer(Adam):
    def begin(self):
        self.count += 1

    def counted(self, p, s):
        return self.count
