"""fastai's RMSProp and Adam: callbacks over PyTorch parameters, with decoupled or L2 decay."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from fastai import optimizer as fastai

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.torch import DTYPES, flags, placed, to_numpy, to_torch

NAME = "fastai"

PAGE = "https://docs.fast.ai/optimizer.html#{}"
IN_PLACE = {"gradient": 'documented: "adding wd*p to p.grad"'}
RMSPROP_GAPS = {
    "epsilon": "taken and without effect upstream",
    "float16": "epsilon is 1e-8, zero in float16: a gradient of zero makes the parameter nan",
    "momentum": "not driven: mom averages gradients before they are scaled; no rule here does",
}


class Rule(NamedTuple):
    """One function that makes an optimizer, and what is switched on or off with it."""

    function: Any
    family: protocol.Family
    claims: list[str]
    features: list[list[str]]
    names: dict[str, str]
    state: dict[str, str]
    arguments: dict[str, Any]
    gaps: dict[str, str]


RMSPROP = Rule(
    function=fastai.RMSProp,
    family="rmsprop",
    claims=["fastai-rmsprop", "fastai-rmsprop-inside"],
    features=[[], ["weight_decay"]],
    names={"learning_rate": "lr", "decay": "sqr_mom", "epsilon": "eps", "weight_decay": "wd"},
    state={"second_moment": "sqr_avg"},
    arguments={},
    gaps=RMSPROP_GAPS,
)
ADAM = Rule(
    function=fastai.Adam,
    family="adam",
    claims=["fastai-adam", "fastai-adam-hat"],
    features=[[], ["weight_decay"]],
    names={**RMSPROP.names, "beta1": "mom"},
    state={"second_moment": "sqr_avg", "first_moment": "grad_avg"},
    arguments={},
    gaps={},
)


def added(rule: Rule) -> Rule:
    """The same with decay added to the gradient."""
    return rule._replace(
        claims=[f"{claim}-l2" for claim in rule.claims],
        features=[["weight_decay"]],
        arguments={"decouple_wd": False},
        gaps={**rule.gaps, **IN_PLACE},
    )


RULES = {
    "fastai:RMSProp": RMSPROP,
    "fastai:RMSProp[decouple_wd=False]": added(RMSPROP),
    "fastai:Adam": ADAM,
    "fastai:Adam[decouple_wd=False]": added(ADAM),
}


def describe() -> protocol.Description:
    torch.set_num_threads(1)
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions(NAME, "torch", "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family=rule.family,
                claims=rule.claims,
                features=rule.features,
                hyperparameters=list(rule.names),
                dtypes=[dtype for dtype in DTYPES if dtype not in rule.gaps],
                devices=["cpu"],
                state=list(rule.state),
                groups=list(rule.names),
                gaps=rule.gaps,
                documentation=PAGE.format(rule.function.__name__.lower()),
            )
            for name, rule in RULES.items()
        ],
        flags=flags(),
    )


class OptimizerSession:
    """A session over one ``fastai.optimizer.Optimizer``."""

    def __init__(self, request: protocol.Open, rule: Rule) -> None:
        self.rule, self.rates = rule, list(request.learning_rates)
        self.values = [placed(parameter, request.device) for parameter in request.parameters]
        own: dict[str, Any] = {"lr": 1.0, **kit.keywords(request, rule.names)}
        if request.hyperparameters and "weight_decay" not in request.features:
            own["wd"] = 0.0
        members = [
            [
                value
                for value, parameter in zip(self.values, request.parameters, strict=True)
                if parameter.group == group
            ]
            for group in range(len(request.groups))
        ]
        self.optimizer = rule.function(members or self.values, **own, **rule.arguments)
        for name, its in rule.names.items():
            if (values := kit.group_values(request, name)) is not None:
                self.optimizer.set_hyper(its, values)

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = to_torch(gradient, "cpu")
        if self.rates:
            self.optimizer.set_hyper("lr", self.rates.pop(0))
        self.optimizer.step()
        return [to_numpy(value.grad) for value in self.values]

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, when there is no state yet."""
        if not all(self.optimizer.state[value] for value in self.values):
            return {}
        return {
            name: [to_numpy(self.optimizer.state[value][own]) for value in self.values]
            for name, own in self.rule.state.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.rule.state)
        for index, value in enumerate(self.values):
            own = {self.rule.state[name]: to_torch(of[index], "cpu") for name, of in state.items()}
            self.optimizer.state[value] = {"step": step, **own}


def open_session(request: protocol.Open) -> kit.Session:
    rule = RULES[request.implementation]
    kit.check_features(request, rule.features)
    return OptimizerSession(request, rule)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[implementation]
    return kit.constructor_defaults(rule.function, rule.names)
