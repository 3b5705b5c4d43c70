"""PaddlePaddle's optimizers that step element by element, in dynamic mode."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import paddle

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "paddle"

DOCUMENTATION = (
    "https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/optimizer/{}_en.html"
)
GAPS = {
    "float16": "the kernel is not registered for float16 on the CPU",
    "bfloat16": "the kernel is not registered for bfloat16 on the CPU",
    "strided": "the optimizer's kernels take dense tensors",
    "groups": "a group's learning_rate is a factor of the base rate, not a rate",
}


SWITCHES = ["centered", "amsgrad"]


def has(optimizer: Any, features: list[str]) -> bool:
    """Whether the installed release can switch them on: amsgrad came with 3.0."""
    return not kit.lacks(optimizer, [name for name in SWITCHES if name in features])


def row(optimizer: Any, features: list[list[str]], **fields: Any) -> Offer:
    """One optimizer class."""
    return Offer(
        own=optimizer,
        features=[listed for listed in features if has(optimizer, listed)],
        switches=SWITCHES,
        gaps=GAPS,
        page=DOCUMENTATION,
        **fields,
    )


SHARED = {"learning_rate": "learning_rate", "epsilon": "epsilon", "weight_decay": "weight_decay"}
PENALTY = {"lasso": "l1"}  # of paddle.regularizer.L1Decay, in the place of weight_decay
ADAM_FEATURES = [[], ["amsgrad"], ["weight_decay"]]
ADAM: dict[str, Any] = {
    "family": "adam",
    "names": {**SHARED, "beta1": "beta1", "decay": "beta2"},
    "state": {
        "first_moment": "moment1",
        "second_moment": "moment2",
        "maximum_second_moment": ("moment2_max", "amsgrad"),
    },
}
OFFERS = {
    "paddle:RMSProp": row(
        paddle.optimizer.RMSProp,
        [
            [],
            ["momentum"],
            ["centered"],
            ["centered", "momentum"],
            ["weight_decay"],
            ["lasso"],
        ],
        family="rmsprop",
        claims=["paddle-rmsprop", "paddle-rmsprop-lookahead"],
        names={**SHARED, **PENALTY, "decay": "rho", "momentum": "momentum"},
        # The kernel always has all three; without the option they hold what nobody documents.
        state={
            "second_moment": "mean_square",
            "mean_gradient": ("mean_grad", "centered"),
            "momentum": ("momentum", "momentum"),
        },
    ),
    "paddle:Adam": row(
        paddle.optimizer.Adam,
        [*ADAM_FEATURES, ["lasso"]],
        claims=["paddle-adam"],
        **{**ADAM, "names": {**ADAM["names"], **PENALTY}},
    ),
    "paddle:AdamW": row(
        paddle.optimizer.AdamW,
        ADAM_FEATURES,
        claims=["paddle-adamw", "paddle-adamw-uncorrected"],
        off={"weight_decay": 0.0},
        **ADAM,
    ),
}
RATE = {"learning_rate": "learning_rate"}
EPSILON = {**RATE, "epsilon": "epsilon"}
BETAS = {**EPSILON, "beta1": "beta1", "decay": "beta2"}
OFFERS = {
    **OFFERS,
    "paddle:SGD": row(
        paddle.optimizer.SGD,
        [[], ["lasso"]],
        family="sgd",
        claims=["paddle-sgd"],
        names={**RATE, **PENALTY},
    ),
    "paddle:Momentum": row(
        paddle.optimizer.Momentum,
        [["momentum"], ["momentum", "lasso"]],
        family="sgd",
        claims=["paddle-momentum"],
        names={**RATE, **PENALTY, "momentum": "momentum"},
        state={"momentum": "velocity"},
    ),
    "paddle:Momentum[use_nesterov]": row(
        paddle.optimizer.Momentum,
        [["momentum", "nesterov"]],
        family="sgd",
        claims=["paddle-momentum"],
        names={**RATE, "momentum": "momentum"},
        state={"momentum": "velocity"},
        arguments={"use_nesterov": True},
    ),
    "paddle:Adagrad": row(
        paddle.optimizer.Adagrad,
        [[], ["lasso"]],
        family="adagrad",
        claims=["paddle-adagrad"],
        names={**EPSILON, **PENALTY},
        state={"second_moment": "moment"},
    ),
    "paddle:Adadelta": row(
        paddle.optimizer.Adadelta,
        [[]],
        family="adadelta",
        claims=["paddle-adadelta"],
        names={**EPSILON, "decay": "rho"},
        state={
            "second_moment": "_avg_squared_grad",
            "mean_square_update": "_avg_squared_update",
        },
    ),
    "paddle:Adamax": row(
        paddle.optimizer.Adamax,
        [[], ["lasso"]],
        family="adamax",
        claims=["paddle-adamax"],
        names={**BETAS, **PENALTY},
    ),
    "paddle:NAdam": row(
        paddle.optimizer.NAdam,
        [[]],
        family="nadam",
        claims=["paddle-nadam"],
        names={**BETAS, "momentum_decay": "momentum_decay"},
    ),
    "paddle:RAdam": row(
        paddle.optimizer.RAdam, [[]], family="radam", claims=["paddle-radam"], names=BETAS
    ),
    "paddle:Rprop": row(
        paddle.optimizer.Rprop,
        [[]],
        family="rprop",
        claims=["paddle-rprop"],
        names={
            **RATE,
            "shrinkage": "shrinkage",
            "growth": "growth",
            "least_step": "least",
            "largest_step": "largest",
        },
        schedules=False,
    ),
}
OFFERS["paddle:Rprop"] = OFFERS["paddle:Rprop"].changed(
    gaps={**GAPS, "empty": "IndexError: its rates are read at their first element"}
)
OWN_SWITCH = {"amsgrad"}  # makes its accumulator only where it is on; the others are always there


def without_elements() -> dict[str, str]:
    """The gap of releases before 3.0: a gradient without elements cannot be read back."""
    value = OptimizerSession.leaf(np.zeros(0, np.float32))
    value.grad = paddle.to_tensor(np.zeros(0, np.float32))
    return {} if value.grad is not None else {"empty": "its gradient reads None"}


def flags() -> dict[str, str]:
    """The switches that change arithmetic; what becomes of subnormals is measured."""
    small = paddle.to_tensor(np.full(1, 2.0**-70, np.float32))
    return {
        "default_dtype": paddle.get_default_dtype(),
        "flush_to_zero": str(not (small * small).numpy().any()),
        "commit": paddle.version.commit,
    }


def paired(own: dict[str, Any]) -> dict[str, Any]:
    """Rprop's factors and limits, which it takes in pairs."""
    pairs = {"etas": ("shrinkage", "growth"), "learning_rate_range": ("least", "largest")}
    rest = {name: value for name, value in own.items() if name not in chain(*pairs.values())}
    return {
        **rest,
        **{
            pair: tuple(own[name] for name in names)
            for pair, names in pairs.items()
            if set(names) <= set(own)
        },
    }


def regularized(own: dict[str, Any]) -> dict[str, Any]:
    """An L1 penalty as the regularizer that stands in the place of a weight decay."""
    rest = dict(own)
    if "l1" in rest:
        rest["weight_decay"] = paddle.regularizer.L1Decay(rest.pop("l1"))
    return rest


class OptimizerSession:
    """A session over one ``paddle.optimizer.Optimizer``."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        paddle.set_device(request.device)
        self.values = [self.leaf(kit.to_array(parameter.value)) for parameter in request.parameters]
        # Canonical state to Paddle's accumulator, as far as these features have it.
        self.keys = offer.kept(request.features)
        always = set(chain(*offer.features)) - OWN_SWITCH
        self.accumulators = set(offer.kept(sorted(always)).values())
        own = offer.settings(request)
        self.betas = {name: own[name] for name in ("beta1", "beta2") if name in own}
        self.schedule = None
        if rates := request.learning_rates:
            # The factor is applied to this rate: one leaves the rates exactly as they are.
            self.schedule = paddle.optimizer.lr.LambdaDecay(
                learning_rate=1.0, lr_lambda=lambda step: rates[min(step, len(rates) - 1)]
            )
            own["learning_rate"] = self.schedule
        elif "learning_rate" not in own and offer.family == "rmsprop":
            raise kit.Unsupported("the learning rate of paddle.optimizer.RMSProp has no default")
        self.optimizer = offer.own(parameters=self.values, **regularized(paired(own)))

    @staticmethod
    def leaf(array: Array) -> Any:
        """A trainable tensor; ``to_tensor`` makes a copy."""
        return paddle.to_tensor(array, stop_gradient=False)

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = paddle.to_tensor(gradient)
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        return [np.array(value.grad.numpy()) for value in self.values]

    def parameters(self) -> list[Array]:
        return [np.array(value.numpy()) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, when Paddle has not made its accumulators yet."""
        kept = self.optimizer.state_dict()
        found = {
            name: [kept.get(self.own_name(value, key)) for value in self.values]
            for name, key in self.keys.items()
        }
        if any(tensor is None for tensor in chain(*found.values())):
            return {}
        return {name: [np.array(t.numpy()) for t in tensors] for name, tensors in found.items()}

    @staticmethod
    def own_name(value: Any, key: str) -> str:
        """What ``state_dict`` calls a parameter's accumulator."""
        return f"{value.name}_{key}_0"

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.keys)
        packed: dict[str, Any] = {}
        for index, value in enumerate(self.values):
            for name, arrays in state.items():
                packed[self.own_name(value, self.keys[name])] = paddle.to_tensor(arrays[index])
            for unused in self.accumulators - set(self.keys.values()):
                # Paddle wants every accumulator; without its option it does not matter.
                packed[self.own_name(value, unused)] = paddle.zeros_like(value)
            for beta, decay in self.betas.items():
                # The power is that of the step to come: beta itself before the first.
                packed[self.own_name(value, f"{beta}_pow_acc")] = paddle.to_tensor(
                    [decay ** (step + 1)], dtype=value.dtype
                )
        if self.schedule is not None:
            packed["LR_Scheduler"] = self.schedule.state_dict()
        self.optimizer.set_state_dict(packed)


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=("paddlepaddle", "numpy"),
    flags=flags,
    no_groups=GAPS["groups"],
    public={"paddle.optimizer": "Optimizer"},
)
open_session, probe = ADAPTER.open_session, ADAPTER.probe


def describe() -> protocol.Description:
    return ADAPTER.description(gaps=without_elements())
