"""Chainer's RMSprop, RMSpropGraves and Adam, on NumPy."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which warns of its end
    import chainer

import numpy as np
from chainer import optimizers

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

NAME = "chainer"

PAGE = "https://docs.chainer.org/en/stable/reference/generated/chainer.optimizers.{}.html"
GAPS = {
    "bfloat16": "NumPy has no bfloat16",
    "groups": "hyperparameters of one parameter are set on its update rule, not by a group",
    "weight_decay": "RMSprop has none of its own; the hook WeightDecay changes the gradients",
}


class Rule(NamedTuple):
    """One optimizer class, or one way through it.

    rate       its name for the learning rate
    names      canonical hyperparameters to the constructor's
    state      canonical state to its name in the update rule and the feature that it needs
    arguments  what chooses this way
    opposite   state that is added to the parameter, where ours is subtracted
    """

    optimizer: Any
    family: protocol.Family
    claims: list[str]
    features: list[list[str]]
    rate: str
    names: dict[str, str]
    state: dict[str, tuple[str, str]]
    arguments: Mapping[str, Any] = MappingProxyType({})
    opposite: frozenset[str] = frozenset()


RMSPROP = Rule(
    optimizer=optimizers.RMSprop,
    family="rmsprop",
    claims=["chainer-rmsprop"],
    features=[[]],
    rate="lr",
    names={"learning_rate": "lr", "decay": "alpha", "epsilon": "eps"},
    state={"second_moment": ("ms", "")},
)
RULES = {
    "chainer:RMSprop": RMSPROP,
    "chainer:RMSprop[eps_inside_sqrt]": RMSPROP._replace(
        claims=["chainer-rmsprop-inside"], arguments={"eps_inside_sqrt": True}
    ),
    "chainer:RMSpropGraves": Rule(
        optimizer=optimizers.RMSpropGraves,
        family="rmsprop",
        claims=["chainer-rmspropgraves"],
        features=[["centered", "momentum"]],
        rate="lr",
        names={**RMSPROP.names, "momentum": "momentum"},
        state={
            "second_moment": ("n", ""),
            "mean_gradient": ("g", ""),
            "momentum": ("delta", ""),
        },
        opposite=frozenset({"momentum"}),
    ),
    "chainer:Adam": Rule(
        optimizer=optimizers.Adam,
        family="adam",
        claims=["chainer-adam", "chainer-adam-hat"],
        features=[[], ["amsgrad"], ["weight_decay"], ["amsgrad", "weight_decay"]],
        rate="alpha",
        names={
            "learning_rate": "alpha",
            "beta1": "beta1",
            "decay": "beta2",
            "epsilon": "eps",
            "weight_decay": "weight_decay_rate",
        },
        state={
            "first_moment": ("m", ""),
            "second_moment": ("v", ""),
            "maximum_second_moment": ("vhat", "amsgrad"),
        },
    ),
}


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions("chainer", "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family=rule.family,
                claims=rule.claims,
                features=rule.features,
                hyperparameters=list(rule.names),
                dtypes=["float16", "float32", "float64"],
                devices=["cpu"],
                state=list(rule.state),
                gaps=GAPS,
                documentation=PAGE.format(rule.optimizer.__name__),
            )
            for name, rule in RULES.items()
        ],
        flags={"dtype": str(chainer.config.dtype), "use_ideep": str(chainer.config.use_ideep)},
    )


class OptimizerSession:
    """A session over one ``chainer.optimizer.GradientMethod``."""

    def __init__(self, request: protocol.Open) -> None:
        self.rule = rule = RULES[request.implementation]
        self.rates = list(request.learning_rates)
        self.values = [chainer.Parameter(kit.placed(parameter)) for parameter in request.parameters]
        self.keys = {
            name: key
            for name, (key, feature) in rule.state.items()
            if not feature or feature in request.features
        }
        switches = {"amsgrad": True} if "amsgrad" in request.features else {}
        self.optimizer = rule.optimizer(
            **kit.keywords(request, rule.names), **switches, **rule.arguments
        )
        link = chainer.Link()
        with link.init_scope():
            for index, value in enumerate(self.values):
                setattr(link, f"parameter_{index}", value)
        self.optimizer.setup(link)

    def step(self, gradients: list[Array]) -> list[Array]:
        if self.rates:
            setattr(self.optimizer, self.rule.rate, self.rates.pop(0))
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = gradient
        with np.errstate(all="ignore"):
            self.optimizer.update()
        return [value.grad.copy() for value in self.values]

    def parameters(self) -> list[Array]:
        return [value.array.copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, when Chainer has not made its state yet."""
        kept = [value.update_rule.state for value in self.values]
        if any(item is None for item in kept):
            return {}
        return {
            name: [self.signed(name, item[key]).copy() for item in kept]
            for name, key in self.keys.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.keys)
        self.optimizer.t = step
        for index, value in enumerate(self.values):
            value.update_rule.t = step
            value.update_rule._state = {
                self.keys[name]: self.signed(name, arrays[index]).copy()
                for name, arrays in state.items()
            }

    def signed(self, name: str, array: Array) -> Array:
        return -array if name in self.rule.opposite else array


def open_session(request: protocol.Open) -> kit.Session:
    rule = RULES[request.implementation]
    if request.groups:
        raise kit.Unsupported(GAPS["groups"])
    kit.check_features(request, rule.features)
    return OptimizerSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[implementation]
    return kit.constructor_defaults(rule.optimizer, {**rule.names, "amsgrad": "amsgrad"})
