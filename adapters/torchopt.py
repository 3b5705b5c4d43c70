"""TorchOpt's RMSProp, Adam and AdamW on PyTorch, and Adam's accelerated operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
import torchopt

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.torch import DTYPES, flags, placed, to_numpy, to_torch

NAME = "torchopt"

PAGE = "https://torchopt.readthedocs.io/en/latest/api/api.html#torchopt.{}"
GAPS = {
    "amsgrad": "not implemented upstream",
    "groups": "a group of parameters has no hyperparameters of its own",
    "gradient": "updates are computed in place of the gradients",
}


class Rule(NamedTuple):
    """One optimizer class, or one way through it.

    names      canonical hyperparameters to the constructor's; beta1 and beta2 stand in ``betas``
    switches   features that are a Boolean argument of the same name
    state      canonical state to the field of its transformation's state
    arguments  what chooses this way
    off        arguments that switch a feature off where the constructor's default has it on
    """

    optimizer: Any
    family: protocol.Family
    claims: list[str]
    features: list[list[str]]
    names: dict[str, str]
    switches: list[str]
    state: dict[str, str]
    arguments: Mapping[str, Any] = MappingProxyType({})
    off: Mapping[str, float] = MappingProxyType({})
    gaps: Mapping[str, str] = MappingProxyType(GAPS)


SHARED = {"learning_rate": "lr", "epsilon": "eps", "weight_decay": "weight_decay"}
RMSPROP = Rule(
    optimizer=torchopt.RMSProp,
    family="rmsprop",
    claims=["torchopt-rmsprop", "torchopt-rmsprop-inside", "torchopt-rmsprop-scaled"],
    features=[
        [],
        ["momentum"],
        ["momentum", "nesterov"],
        ["centered"],
        ["centered", "momentum"],
        ["weight_decay"],
        ["maximize"],
    ],
    names={**SHARED, "decay": "alpha", "momentum": "momentum"},
    switches=["centered", "nesterov", "maximize"],
    gaps=MappingProxyType(
        {**GAPS, "restored": "the first step of an optimizer adds to its trace without decaying it"}
    ),
    state={"second_moment": "nu", "mean_gradient": "mu", "momentum": "trace"},
)
ADAM = Rule(
    optimizer=torchopt.Adam,
    family="adam",
    claims=["torchopt-adam"],
    features=[[], ["weight_decay"], ["maximize"]],
    names={**SHARED, "beta1": "beta1", "decay": "beta2"},
    switches=["maximize"],
    state={"first_moment": "mu", "second_moment": "nu"},
)
RULES = {
    "torchopt:RMSProp": RMSPROP,
    "torchopt:RMSProp[initial_scale=1]": RMSPROP._replace(
        claims=["torchopt-rmsprop-ones", "torchopt-rmsprop-inside-ones"],
        features=[[]],
        state={"second_moment": "nu"},
        arguments={"initial_scale": 1.0},
    ),
    "torchopt:Adam": ADAM,
    "torchopt:Adam[use_accelerated_op]": ADAM._replace(arguments={"use_accelerated_op": True}),
    "torchopt:AdamW": ADAM._replace(
        optimizer=torchopt.AdamW, claims=["torchopt-adamw"], off={"weight_decay": 0.0}
    ),
}
# State that is there only with its feature.
CONDITIONAL = {"mean_gradient": "centered", "momentum": "momentum"}
BETAS = (0.9, 0.999)  # the constructor's; they come as one argument


def describe() -> protocol.Description:
    torch.set_num_threads(1)
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions("torchopt", "torch", "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family=rule.family,
                claims=rule.claims,
                features=rule.features,
                hyperparameters=list(rule.names),
                dtypes=list(DTYPES),
                devices=["cpu"],
                state=list(rule.state),
                gaps=dict(rule.gaps),
                documentation=PAGE.format(rule.optimizer.__name__),
            )
            for name, rule in RULES.items()
        ],
        flags=flags(),
    )


class OptimizerSession:
    """A session over one ``torchopt.Optimizer``, whose state is a tuple of named tuples."""

    def __init__(self, request: protocol.Open) -> None:
        rule = RULES[request.implementation]
        self.keys = {
            name: key
            for name, key in rule.state.items()
            if name not in CONDITIONAL or CONDITIONAL[name] in request.features
        }
        self.values = [placed(parameter, request.device) for parameter in request.parameters]
        own: dict[str, Any] = kit.keywords(request, rule.names)
        if request.hyperparameters:
            off = {key: value for key, value in rule.off.items() if key not in request.features}
            own = {**off, **own}
        if "beta1" in own or "beta2" in own:
            own["betas"] = (own.pop("beta1", BETAS[0]), own.pop("beta2", BETAS[1]))
        if rates := request.learning_rates:
            own["lr"] = lambda count: rates[min(int(count), len(rates) - 1)]
        switches = {name: True for name in rule.switches if name in request.features}
        self.optimizer = rule.optimizer(self.values, **own, **switches, **rule.arguments)

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = to_torch(gradient, "cpu")
        self.optimizer.step()
        return [to_numpy(value.grad) for value in self.values]

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def parts(self) -> Iterator[Any]:
        """The states of the chained transformations; none before the first step."""
        for group in self.optimizer.state_groups:
            yield from group if isinstance(group, tuple) else ()

    def own(self) -> dict[str, list[Any]]:
        """TorchOpt's own state tensors by canonical name."""
        return {
            name: list(getattr(part, key))
            for name, key in self.keys.items()
            for part in self.parts()
            if key in part._fields
        }

    def state(self) -> dict[str, list[Array]]:
        return {
            name: [to_numpy(tensor) for tensor in tensors] for name, tensors in self.own().items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.keys)
        made = self.optimizer.impl.init(self.optimizer.param_groups[0])
        self.optimizer.load_state_dict([made])
        with torch.no_grad():
            for name, tensors in self.own().items():
                for tensor, array in zip(tensors, state[name], strict=True):
                    tensor.copy_(to_torch(array, "cpu"))
            for part in self.parts():
                # Adam's count, not that of a schedule, which begins with this session.
                if {"count", "nu"} <= set(part._fields):
                    for count in part.count:
                        count.fill_(step)


def open_session(request: protocol.Open) -> kit.Session:
    rule = RULES[request.implementation]
    if request.groups:
        raise kit.Unsupported(GAPS["groups"])
    kit.check_features(request, rule.features)
    return OptimizerSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[implementation]
    names = {canonical: own for canonical, own in rule.names.items() if not own.startswith("beta")}
    names |= {name: name for name in rule.switches}
    defaults = kit.constructor_defaults(rule.optimizer, names)
    if rule.family == "adam":
        defaults["beta1"], defaults["decay"] = BETAS
    return defaults
