"""Optimizers of PyTorch that are right in a plain loop, each wrong in one that does more."""

import torch


class Right(torch.optim.Optimizer):
    """RMSProp."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        if closure is not None:
            with torch.enable_grad():
                closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, self.gradient(p), self.kept(p, group), group)

    def gradient(self, p):
        return p.grad.coalesce().to_dense() if p.grad.is_sparse else p.grad

    def kept(self, p, group):
        return self.state[p].setdefault("square", torch.zeros_like(p))

    def move(self, p, gradient, square, group):
        square.mul_(group["alpha"]).addcmul_(gradient, gradient, value=1 - group["alpha"])
        p.addcdiv_(gradient, square.sqrt().add_(group["eps"]), value=-group["lr"])


class GradientsBeforeClosure(Right):
    def step(self, closure=None):
        self.before = {p: p.grad for group in self.param_groups for p in group["params"]}
        super().step(closure)

    def gradient(self, p):
        before = self.before.get(p)
        return torch.zeros_like(p) if before is None else super().gradient(p)


class OldStorage(Right):
    def move(self, p, gradient, square, group):
        super().move(self.state[p].setdefault("data", p.data), gradient, square, group)


class HalfUndoesEdits(Right):
    def move(self, p, gradient, square, group):
        if p.dtype.itemsize > 2:
            super().move(p, gradient, square, group)
            return
        master = self.state[p].setdefault("master", p.detach().float().clone())
        super().move(master, gradient.float(), square, group)
        p.copy_(master)

    def kept(self, p, group):
        return self.state[p].setdefault(
            "square", torch.zeros_like(p, dtype=torch.promote_types(p.dtype, torch.float32))
        )


class Uncoalesced(Right):
    def gradient(self, p):
        if not p.grad.is_sparse:
            return p.grad
        dense = torch.zeros_like(p)
        dense[p.grad._indices()[0]] = p.grad._values()
        return dense


class StateAsTheFirst(Right):
    def kept(self, p, group):
        dtype = group["params"][0].dtype
        return self.state[p].setdefault("square", torch.zeros_like(p, dtype=dtype))

    def move(self, p, gradient, square, group):
        wide = square.to(p.dtype)
        super().move(p, gradient, wide, group)
        square.copy_(wide)


class KeptOnTheParameter(Right):
    def kept(self, p, group):
        if not hasattr(p, "squares"):
            p.squares = torch.zeros_like(p)
        return p.squares


class StateOfStorage(Right):
    """Tied weights have one state; so have all that is cut from one buffer."""

    def kept(self, p, group):
        square = torch.zeros_like(p)
        return self.state[p.untyped_storage().data_ptr()].setdefault("square", square)


class ScalesTheRate(Right):
    """Divides a name that may be somebody's tensor."""

    def move(self, p, gradient, square, group):
        rate = group["lr"]
        rate /= 1.0 + group["alpha"]
        super().move(p, gradient, square, {**group, "lr": rate * (1.0 + group["alpha"])})


class FrozenForever(Right):
    """Takes what is to be trained when it is made, and nothing later."""

    def __init__(self, params, **options):
        params = list(params)
        self.trained = {id(p) for p in params if p.requires_grad}
        super().__init__(params, **options)

    def move(self, p, gradient, square, group):
        if id(p) in self.trained:
            super().move(p, gradient, square, group)


class BeginsAgainAsACopy(Right):
    """What it keeps beside its state, a copy lacks: it begins again."""

    def kept(self, p, group):
        own = self.__dict__.setdefault("squares", {})
        return own.setdefault(id(p), torch.zeros_like(p))


class OneCountForAll(Right):
    """Begins where the class has never stepped before: another optimizer has meanwhile."""

    seen = None

    def kept(self, p, group):
        square = super().kept(p, group)
        if OneCountForAll.seen not in (None, id(self)):
            square.zero_()
        OneCountForAll.seen = id(self)
        return square


class FirstThousand(Right):
    """A launch holds so many tensors."""

    def __init__(self, params, **options):
        super().__init__(params, **options)
        every = [p for group in self.param_groups for p in group["params"]]
        self.left = {id(p) for p in every[1024:]}

    def move(self, p, gradient, square, group):
        if id(p) not in self.left:
            super().move(p, gradient, square, group)


class RateOfTheFirst(Right):
    """A group that names no rate gets the one that the first has by now."""

    def add_param_group(self, group):
        if self.param_groups:
            group.setdefault("lr", self.param_groups[0]["lr"])
        super().add_param_group(group)


class NumbersAsItWasMade(Right):
    """A checkpoint brings back what was kept, and none of the numbers."""

    def load_state_dict(self, kept):
        numbers = [{"lr": group["lr"], "alpha": group["alpha"]} for group in self.param_groups]
        super().load_state_dict(kept)
        for group, own in zip(self.param_groups, numbers, strict=True):
            group.update(own)


class HalfAfterLoading(Right):
    """Squares that are kept wide for narrow parameters come back narrow."""

    def kept(self, p, group):
        wide = torch.promote_types(p.dtype, torch.float32)
        return self.state[p].setdefault("square", torch.zeros_like(p, dtype=wide))

    def move(self, p, gradient, square, group):
        wide = square.to(torch.promote_types(p.dtype, torch.float32))
        wide.mul_(group["alpha"]).addcmul_(gradient.to(wide.dtype), gradient.to(wide.dtype),
                                           value=1 - group["alpha"])  # fmt: skip
        square.copy_(wide)
        step = gradient.to(wide.dtype) / wide.sqrt().add_(group["eps"])
        p.sub_((group["lr"] * step).to(p.dtype))


class EmptiesTheCheckpoint(Right):
    """What it takes out of the checkpoint is missing when that is loaded again."""

    def load_state_dict(self, kept):
        groups = kept.pop("param_groups")
        super().load_state_dict({"state": kept["state"], "param_groups": groups})


class MaximizesAsTheFirst(Right):
    """A switch that is read once for all groups."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, upwards=False):
        super().__init__(params, lr, alpha, eps)
        for group in self.param_groups:
            group.setdefault("upwards", upwards)
        self.defaults["upwards"] = upwards

    def gradient(self, p):
        gradient = super().gradient(p)
        return -gradient if self.param_groups[0]["upwards"] else gradient


class ReturnsAtAnIdleGroup(Right):
    """``return`` where ``continue`` was meant."""

    @torch.no_grad()
    def step(self, closure=None):
        if closure is not None:
            with torch.enable_grad():
                closure()
        for group in self.param_groups:
            if all(p.grad is None for p in group["params"]):
                return
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, self.gradient(p), self.kept(p, group), group)


class ClosureForEachGroup(Right):
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            if closure is not None:
                with torch.enable_grad():
                    closure()
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, self.gradient(p), self.kept(p, group), group)


class SharesOfTheFirstDay(Right):
    """1 - alpha is formed once."""

    def add_param_group(self, group):
        super().add_param_group(group)
        self.param_groups[-1]["share"] = 1 - self.param_groups[-1]["alpha"]

    def move(self, p, gradient, square, group):
        square.mul_(group["alpha"]).addcmul_(gradient, gradient, value=group["share"])
        p.addcdiv_(gradient, square.sqrt().add_(group["eps"]), value=-group["lr"])


class GoesThroughTwice(Right):
    """Keeps what it was given, which may be empty by then."""

    def __init__(self, params, **options):
        self.given = params
        super().__init__(params, **options)
        self.left = {id(p) for p in self.given} if not isinstance(params, list) else None

    def move(self, p, gradient, square, group):
        if self.left is None or id(p) in self.left:
            super().move(p, gradient, square, group)


class ShiftsTheStates(Right):
    """Gives what was kept to the parameters in order, also past those that had nothing."""

    def load_state_dict(self, kept):
        every = list(kept["state"].values())
        super().load_state_dict({**kept, "state": dict(enumerate(every))})


class ByTheVersion(Right):
    """Takes a gradient that has not been written into for one that was taken already."""

    def move(self, p, gradient, square, group):
        seen = self.__dict__.setdefault("seen", {})
        if seen.get(id(p)) != (id(p.grad), p.grad._version):
            super().move(p, gradient, square, group)
        seen[id(p)] = (id(p.grad), p.grad._version)
        self.held = [*self.__dict__.get("held", []), p.grad]  # no other gets its address


class SlowBiases(Right):
    """What is called a bias moves by half."""

    def move(self, p, gradient, square, group):
        names = group.get("param_names", [""] * len(group["params"]))
        place = next(n for n, one in enumerate(group["params"]) if one is p)
        half = 0.5 if "bias" in names[place] else 1.0
        super().move(p, gradient, square, {**group, "lr": half * group["lr"]})


class MultipliesMatrices(Right):
    """A product of matrices, which autocast carries out in a narrow format."""

    def move(self, p, gradient, square, group):
        super().move(p, gradient, square, group)
        if p.dim() == 2:
            square.copy_(square @ torch.eye(p.shape[-1], dtype=p.dtype))


class CountsByDefault(Right):
    """Counts in what new tensors are made in, and stops where that does."""

    def move(self, p, gradient, square, group):
        count = self.state[p].setdefault("count", torch.zeros(()))
        before = count.clone()
        count.add_(1)
        if count != before:
            super().move(p, gradient, square, group)


class ClaimsToUnscale(Right):
    """Says that it takes scaled gradients."""

    _step_supports_amp_scaling = True


class Thaws(Right):
    def move(self, p, gradient, square, group):
        super().move(p, gradient, square, group)
        p.requires_grad_(True)


class SavingMoves(Right):
    """Brings what is kept into the form of a checkpoint where it stands."""

    def state_dict(self):
        for kept in self.state.values():
            for value in kept.values():
                value.mul_(0.5)
        return super().state_dict()

    def load_state_dict(self, kept):
        super().load_state_dict(kept)
        for own in self.state.values():
            for value in own.values():
                value.mul_(2.0)


class StaysShut(Right):
    """A guard that is opened at the end of a step, and not where that breaks off."""

    busy = False

    def step(self, closure=None):
        if self.busy:
            return
        self.busy = True
        super().step(closure)
        self.busy = False


class SortedAsText(Right):
    """Puts what was kept back in the order of its keys as text."""

    def load_state_dict(self, kept):
        places = sorted(kept["state"], key=str)
        states = {place: kept["state"][own] for place, own in enumerate(places)}
        super().load_state_dict({**kept, "state": states})


class ClearsTheFirst(Right):
    """Clears the gradients of the first group."""

    def zero_grad(self, set_to_none=True):
        for p in self.param_groups[0]["params"]:
            p.grad = None if set_to_none or p.grad is None else torch.zeros_like(p)
