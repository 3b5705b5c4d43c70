"""A low-level operator of PyTorch, such as ``torch.ops.aten._fused_adamw_``, or a foreach function.

What it is given follows from the names of its arguments: parameters, gradients, what is kept (zeros
before the first step), the number of the step, hyperparameters and switches.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.names import meanings
from optimizer_conformance.adapters.targets.order import BadTarget, guarded
from optimizer_conformance.adapters.targets.torch import (
    DTYPES,
    PACKAGES,
    arithmetic,
    devices,
)
from optimizer_conformance.adapters.torch import placed, to_numpy, to_torch
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, called

SKIPPED = 0
PARAMETERS = frozenset({"self", "params", "param", "p", "parameters", "w"})
GRADIENTS = frozenset({"grads", "grad", "g", "gradients"})
STEPS = frozenset({"state_steps", "step", "step_t", "t", "count"})
SILENT = ("dampening", "lr_decay")  # hyperparameters that are 0 here
MAXIMA = frozenset({"max_exp_avg_sqs", "max_exp_avg_sq"})  # only with amsgrad
__all__ = ["DTYPES", "PACKAGES", "SKIPPED", "Session", "arithmetic", "devices", "stated"]


def arguments(found: Any) -> list[tuple[str, str, Any]]:
    """Name, type and default of each argument; ``EMPTY`` where it has none."""
    empty = inspect.Parameter.empty
    overload = getattr(found, "default", found)
    schema = getattr(overload, "_schema", None)
    if schema is not None:
        return [
            (one.name, str(one.type), one.default_value if one.has_default_value() else empty)
            for one in schema.arguments
        ]
    every = inspect.signature(found).parameters.values()
    return [(one.name, str(one.annotation), one.default) for one in every]


class OpState:
    """The hyperparameters and switches of an operator, as a signature."""

    def __init__(self, found: Any) -> None:
        kind = inspect.Parameter.KEYWORD_ONLY
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(name, kind, default=False if "bool" in sort else default)
                for name, sort, default in arguments(found)
                if meanings(name) and name not in SILENT and not tensors(name, sort)
            ]
        )

    def __call__(self) -> None:
        """So that it has a signature."""


def tensors(name: str, sort: str) -> bool:
    """Whether an argument is a tensor or several."""
    if name in (PARAMETERS | GRADIENTS):
        return True
    return "Tensor" in sort and "float" not in sort


stated = OpState


class OperatorSession:
    """A call a step, over lists of tensors or over one parameter after another."""

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        if request.groups:
            raise kit.Unsupported("an operator has one set of hyperparameters")
        self.maker, self.device = maker, request.device
        self.rates = list(request.learning_rates)
        self.given = maker.arguments(request)
        self.known = arguments(maker.found)
        self.compiled = not inspect.isfunction(maker.found)
        self.several = any(
            "list" in sort.lower() for name, sort, _ in self.known if name in PARAMETERS
        )
        self.values = [placed(parameter, self.device) for parameter in request.parameters]
        self.count = torch.zeros((), dtype=torch.float32, device=self.device)
        self.kept: dict[str, list[Any]] = {}
        for name, sort, default in self.known:
            optional = (
                default is not inspect.Parameter.empty or "None" in sort or "Optional" in sort
            )
            if tensors(name, sort) and name not in (PARAMETERS | GRADIENTS | STEPS):
                unused = name in MAXIMA and not self.given.get("amsgrad")
                if not optional or name in MAXIMA:
                    made = [] if unused else [torch.zeros_like(value) for value in self.values]
                    self.kept[name] = made

    def step(self, gradients: list[Array]) -> list[Array]:
        self.count += 1
        given = dict(self.given)
        if self.rates:
            given.update(self.maker.spelled({"learning_rate": self.rates.pop(0)}))
        own = [to_torch(gradient, self.device) for gradient in gradients]
        with torch.no_grad(), guarded("it"):
            if self.several:
                self.call(slice(None), self.values, own, given)
            else:
                for index, (value, gradient) in enumerate(zip(self.values, own, strict=True)):
                    self.call(index, value, gradient, given)
        return [to_numpy(gradient) for gradient in own]

    def call(self, which: Any, values: Any, gradients: Any, given: dict[str, Any]) -> None:
        """One call; arguments that may stand by place do."""
        words: list[Any] = []
        named: dict[str, Any] = {}
        schema = getattr(getattr(self.maker.found, "default", None), "_schema", None)
        alone = {one.name for one in schema.arguments if one.kwarg_only} if schema else set()
        if not schema:
            every = inspect.signature(self.maker.found).parameters.values()
            alone = {one.name for one in every if one.kind is one.KEYWORD_ONLY}
        for name, sort, default in self.known:
            value = self.value(name, sort, default, which, values, gradients, given)
            if value is inspect.Parameter.empty:
                continue
            if name in alone:
                named[name] = value
            else:
                words.append(value)
        self.maker.found(*words, **named)

    def value(  # noqa: PLR0911 - one a kind of argument
        self,
        name: str,
        sort: str,
        default: Any,
        which: Any,
        values: Any,
        gradients: Any,
        given: dict[str, Any],
    ) -> Any:
        """What an argument is given; what has a default and is not known keeps it."""
        if name in PARAMETERS:
            return values
        if name in GRADIENTS:
            return gradients
        if name in STEPS:
            if "Tensor" in sort:
                # A function in Python counts by itself; an operator is told.
                count = self.count - (0 if self.compiled else 1)
                return [count.clone() for _ in self.values] if self.several else count
            return int(self.count)
        if name in self.kept:
            return self.kept[name][which] if self.kept[name] else []
        if name in given:
            return given[name]
        if default is not inspect.Parameter.empty:
            return default
        if "bool" in sort:
            return False
        record = HYPERPARAMETERS.get(called(name))
        if record is not None and record.idle:
            return float(record.idle)
        if name in SILENT:
            return 0.0
        if sort.startswith(("Optional", "typing.Optional")) or "None" in sort:
            return None
        raise BadTarget(f"nothing is known to pass for {name} ({sort}): {name}=VALUE says what")

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        raise kit.Unsupported("the state of an operator is not put in here")


Session = OperatorSession
