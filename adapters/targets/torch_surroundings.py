"""What stands around the step of a ``torch.optim.Optimizer`` in a training script.

Like the other habits each compares an optimizer with itself, bit by bit: a step is the same inside
of autocast, with another default format, by a gradient scaler, and after what failed or was saved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import torch

from optimizer_conformance.adapters import kit
from optimizer_conformance.adapters.targets.torch_habits import (
    TIMES,
    Habit,
    Make,
    parameter,
    same,
    stepped,
    tensor,
    trained,
)

LONG = 300  # steps: more than bfloat16 counts
SCALE = 4.0  # of a loss: a power of two changes no digit


def autocast(make: Make, dtypes: Sequence[str]) -> str:
    """A step inside of autocast is the step outside of it."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    with torch.autocast("cpu", torch.bfloat16):
        stepped(optimizer, [value], range(TIMES))
    return "" if same(value.detach(), trained(make, dtypes[0])) else "it moves otherwise there"


def default_format(make: Make, dtypes: Sequence[str]) -> str:
    """What new tensors are made in by default is none of an optimizer's business."""
    found, before = [], torch.get_default_dtype()
    for default in (before, torch.bfloat16):
        torch.set_default_dtype(default)
        try:
            value = parameter(dtypes[0])
            stepped(make([value]), [value], range(LONG))
        finally:
            torch.set_default_dtype(before)
        found.append(value.detach())
    return "" if same(*found) else "it moves otherwise with that"


def scaler(make: Make, dtypes: Sequence[str]) -> str:
    """Scaled gradients that a scaler steps with move parameters as those that are not scaled."""
    if not hasattr(torch.amp, "GradScaler"):
        raise kit.Unsupported("this release has no scaler for the host")
    value = parameter(dtypes[0])
    optimizer = make([value])
    scaling = torch.amp.GradScaler("cpu", init_scale=SCALE)
    scaling.scale(torch.zeros(1))  # which makes its numbers
    for turn in range(TIMES):
        value.grad = tensor(dtypes[0], turn + 1) * SCALE
        scaling.step(optimizer)
        scaling.update()
        value.grad = None
    return "" if same(value.detach(), trained(make, dtypes[0])) else "it moves otherwise with it"


def frozen_gradient(make: Make, dtypes: Sequence[str]) -> str:
    """A parameter that is frozen and has a gradient stays frozen."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    stepped(optimizer, [value], [0])
    value.requires_grad_(False)
    value.grad = tensor(dtypes[0], 1)
    optimizer.step()
    return "the step thaws it" if value.requires_grad else ""


def saved_meanwhile(make: Make, dtypes: Sequence[str]) -> str:
    """A checkpoint that is made, and not used, changes nothing."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    if not hasattr(optimizer, "state_dict"):
        raise kit.Unsupported("it has no state_dict")
    for turn in range(TIMES):
        optimizer.state_dict()
        stepped(optimizer, [value], [turn])
    return "" if same(value.detach(), trained(make, dtypes[0])) else "it does not go on as before"


def closure_raised(make: Make, dtypes: Sequence[str]) -> str:
    """After a closure that raised, which the loop has caught, steps are what they would be."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    stepped(optimizer, [value], [0])
    asked = []

    def raising() -> None:
        asked.append(True)
        raise ArithmeticError

    with contextlib.suppress(ArithmeticError):
        optimizer.step(raising)
    if not asked:
        raise kit.Unsupported("it never calls the closure that its step is given")
    stepped(optimizer, [value], range(1, TIMES))
    return "" if same(value.detach(), trained(make, dtypes[0])) else "it does not go on as before"


def zero_grad(make: Make, dtypes: Sequence[str]) -> str:
    """No gradient is left of any group."""
    values = [parameter(dtypes[0]), parameter(dtypes[0])]
    optimizer = make([{"params": [value]} for value in values])
    if not hasattr(optimizer, "zero_grad"):
        raise kit.Unsupported("it has no zero_grad")
    for to_none in (True, False):
        for value in values:
            value.grad = value.detach().clone()
        optimizer.zero_grad(set_to_none=to_none)
        if any(value.grad is not None and bool(value.grad.any()) for value in values):
            return "some gradients are left"
    return ""


HABITS: dict[str, Habit] = {
    "zero-grad": zero_grad,
    "autocast": autocast,
    "default-format": default_format,
    "scaler": scaler,
    "frozen-gradient": frozen_gradient,
    "saved-meanwhile": saved_meanwhile,
    "closure-raised": closure_raised,
}
