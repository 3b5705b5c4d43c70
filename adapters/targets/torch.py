"""A ``torch.optim.Optimizer`` subclass, or a function that makes one of parameters."""

from __future__ import annotations

import inspect
import io
from typing import Any

import torch

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import (
    torch_group_habits,
    torch_habits,
    torch_surroundings,
)
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import BadTarget, Misbehaviour, guarded
from optimizer_conformance.adapters.torch import (
    ARITHMETIC,
    arranged,
    placed,
    to_numpy,
    to_torch,
)

SKIPPED = 1
DTYPES: list[protocol.DType] = ["float32", "float64", "float16", "bfloat16"]
PACKAGES = ("torch", "numpy")
LOOP = ("missing", "joins", "saved", "memory")
HABITS = {**torch_habits.HABITS, **torch_group_habits.HABITS, **torch_surroundings.HABITS}
REMARKS = torch_group_habits.REMARKS
__all__ = [
    "DTYPES", "HABITS", "LOOP", "PACKAGES", "REMARKS", "SKIPPED", "Session",
    "arithmetic", "devices", "grouped",
]  # fmt: skip


def devices() -> dict[str, str]:
    torch.set_num_threads(1)
    count = torch.cuda.device_count()
    return {"cpu": "host", **{f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(count)}}


def arithmetic() -> dict[str, str]:
    return {device: ARITHMETIC[device.partition(":")[0]] for device in devices()}


def grouped(request: protocol.Open, maker: Maker) -> tuple[str, ...]:
    """The hyperparameters that its groups hold: the first of these overrides nothing."""
    made = TorchSession(request, maker).optimizer.param_groups[0]
    return tuple(name for name, own in maker.names.own.items() if own in made)


class TorchSession:
    """A session over one optimizer, whose groups hold what may change between steps."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        self.device = request.device
        self.names = maker.names.own
        self.rates = list(request.learning_rates)
        self.maker, self.asked = maker, request.parameters
        self.values = [placed(parameter, self.device) for parameter in request.parameters]
        self.buffers: dict[int, Any] = {}
        self.arguments = maker.arguments(request)
        self.overrides = [maker.spelled(overrides) for overrides in request.groups]
        self.taken = 0
        self.optimizer = self.fresh()
        step = getattr(self.optimizer, "step", None)
        if step is None:
            raise BadTarget(f"it makes a {type(self.optimizer).__name__}, which has no step")
        closure = inspect.signature(step).parameters.get("closure")
        if closure is not None and closure.default is closure.empty:
            raise BadTarget(
                "its step needs a closure that computes the loss again; here are gradients alone"
            )
        if self.rates and not all(self.rate in group for group in self.optimizer.param_groups):
            raise kit.Unsupported(f"its groups have no {self.rate}, so no schedule reaches it")

    def fresh(self) -> Any:
        """An optimizer over the parameters that are there by now."""
        first = [index for index, asked in enumerate(self.asked) if not asked.joins]
        if not self.overrides:
            made = self.maker.made([self.values[index] for index in first], **self.arguments)
        else:
            members: list[list[int]] = [[] for _ in self.overrides]
            for index in first:
                members[self.asked[index].group].append(index)
            groups = [self.group(some, number) for number, some in enumerate(members)]
            made = self.maker.made(groups, **self.arguments)
        for steps in sorted({asked.joins for asked in self.asked if asked.joins}):
            if steps < self.taken:
                self.add(made, steps)
        return made

    def group(self, members: list[int], number: int) -> dict[str, Any]:
        """A group as the framework takes it."""
        own = self.overrides[number] if self.overrides else {}
        return {"params": [self.values[index] for index in members], **own}

    def add(self, optimizer: Any, taken: int) -> None:
        """Hand over the parameters that join after ``taken`` steps."""
        members = [index for index, asked in enumerate(self.asked) if asked.joins == taken]
        if taken and members and hasattr(optimizer, "add_param_group"):
            optimizer.add_param_group(self.group(members, self.asked[members[0]].group))

    def reload(self) -> None:
        """A checkpoint: parameters and state go through a file, into objects made anew."""
        if not hasattr(self.optimizer, "state_dict"):
            raise kit.Unsupported("it has no state_dict")
        file = io.BytesIO()
        torch.save(self.optimizer.state_dict(), file)
        file.seek(0)
        self.values = [
            placed(protocol.Parameter("", kit.to_tensor(to_numpy(v)), asked.layout), self.device)
            for asked, v in zip(self.asked, self.values, strict=True)
        ]
        self.optimizer = self.fresh()
        self.optimizer.load_state_dict(torch.load(file, weights_only=False))

    def gradient(self, index: int, sent: Array | None) -> Any:
        """A gradient where it has to lie in memory; None where there is none."""
        if sent is None:
            return None
        layout = self.asked[index].gradients
        made = arranged(to_torch(sent, self.device), layout)
        if layout != "reused":
            return made
        return self.buffers.setdefault(index, made).copy_(made)

    @property
    def rate(self) -> str:
        """What its groups call the learning rate."""
        return self.names.get("learning_rate", "lr")

    def held(self) -> list[dict[str, Any]]:
        """The hyperparameters of each group, as numbers."""
        return [
            {own: number(group[own]) for own in self.names.values() if own in group}
            for group in self.optimizer.param_groups
        ]

    def step(self, gradients: list[Array]) -> list[Array]:
        self.add(self.optimizer, self.taken)
        self.taken += 1
        for index, (value, sent) in enumerate(zip(self.values, gradients, strict=True)):
            value.grad = self.gradient(index, sent)
        if self.rates:
            rate = self.rates.pop(0)
            for group in self.optimizer.param_groups:
                group[self.rate] = rate
        before = self.held()
        with guarded("its step"):
            self.optimizer.step()
        for old, new in zip(before, self.held(), strict=True):
            for own in old:
                if new.get(own) != old[own]:
                    raise Misbehaviour(f"its step changes {own} from {old[own]} to {new.get(own)}")
        after: list[Any] = []
        for value, sent in zip(self.values, gradients, strict=True):
            if sent is not None and value.grad is None:
                raise Misbehaviour("its step takes the gradients away")
            after.append(None if value.grad is None else to_numpy(value.grad))
        if hasattr(self.optimizer, "zero_grad"):
            self.optimizer.zero_grad()
        return after

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an optimizer that is not known is its own affair")


def number(value: Any) -> Any:
    """A hyperparameter in a form that another may be compared with."""
    if isinstance(value, (tuple, list)):
        return tuple(number(item) for item in value)
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


Session = TorchSession
