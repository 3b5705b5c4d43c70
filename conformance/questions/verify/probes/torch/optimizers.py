"""PyTorch alone: what the docstrings of RMSprop and Adam say beside the formula."""

import torch
from torch.overrides import TorchFunctionMode, resolve_name

VERSIONS = ("torch",)


class Watch(TorchFunctionMode):
    """Notes every function that is called, and whether gradients are recorded meanwhile."""

    def __init__(self):
        super().__init__()
        self.names, self.recorded = [], set()

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        self.names.append(getattr(function, "__name__", "") or resolve_name(function) or "")
        if self.names[-1].endswith("_") and not self.names[-1].endswith("__"):  # in place
            self.recorded.add(torch.is_grad_enabled())
        return function(*arguments, **(keywords or {}))

    @property
    def way(self):
        """Which implementation the functions belong to."""
        if any("_fused" in name for name in self.names):
            return "fused"
        return "foreach" if any("_foreach" in name for name in self.names) else "for-loop"


def made(name, **arguments):
    """An optimizer over two parameters with gradients."""
    parameters = [torch.nn.Parameter(torch.full((3,), 2.0)) for _ in range(2)]
    for parameter in parameters:
        parameter.grad = torch.full((3,), 0.5)
    return getattr(torch.optim, name)(parameters, **arguments), parameters


def tensors(value):
    """Numbers behind the word "tensor", which a call cannot hold, as tensors."""
    if isinstance(value, tuple) and value[:1] == ("tensor",):
        return torch.tensor(value[1])
    return tuple(map(tensors, value)) if isinstance(value, tuple) else value


def steps(name, count=2, **arguments):
    """The first parameter after some steps; ``("tensor", x)`` is a tensor of x."""
    given = {key: tensors(value) for key, value in arguments.items()}
    optimizer, parameters = made(name, **given)
    for _ in range(count):
        optimizer.step()
    return {"parameter": parameters[0].detach()[0].item()}


def same(name, one, other, count=3, opposite=False):
    """Whether two sets of arguments lead to the same parameters, to the bit."""
    found = []
    for arguments, sign in ((one, 1), (other, -1 if opposite else 1)):
        own = dict(arguments)
        optimizer, parameters = made(
            own.pop("class", name), **{k: tensors(v) for k, v in own.items()}
        )
        for turn in range(count):
            for parameter in parameters:
                parameter.grad = sign * torch.tensor([0.5, -3.0, 1e-3]) / (turn + 1)
            optimizer.step()
        found.append(torch.cat([p.detach() for p in parameters]))
    return {"same": bool(torch.equal(*found))}


def recording(name, **arguments):
    """Whether gradients are recorded while a step computes."""
    optimizer, parameters = made(name, **arguments)
    if arguments.get("differentiable"):  # what is computed in place is no leaf
        optimizer.param_groups[0]["params"] = [p.clone() for p in parameters]
        for parameter in optimizer.param_groups[0]["params"]:
            parameter.grad = torch.full((3,), 0.5)
    with Watch() as watch:
        optimizer.step()
    return {"recorded": sorted(watch.recorded)}


def way(name, **arguments):
    """Which implementation a step takes on the CPU."""
    optimizer, _ = made(name, **arguments)
    with Watch() as watch:
        optimizer.step()
    return {"way": watch.way}


def named(name, groups):
    """Groups of which all, some or no parameters have names."""
    first, second = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    made_groups = {
        "all": [{"params": [("a", first)]}, {"params": [("b", second)]}],
        "some groups": [{"params": [("a", first)]}, {"params": [second]}],
        "some parameters": [("a", first), second],
    }[groups]
    optimizer = getattr(torch.optim, name)(made_groups)
    return {"names": [group.get("param_names") for group in optimizer.param_groups]}
