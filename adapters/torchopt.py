"""TorchOpt's optimizers on PyTorch, and Adam's accelerated operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torchopt

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer
from optimizer_conformance.adapters.torch import (
    ARITHMETIC,
    DTYPES,
    flags,
    placed,
    to_numpy,
    to_torch,
)

NAME = "torchopt"

PAGE = "https://torchopt.readthedocs.io/en/latest/api/api.html#torchopt.{}"
GAPS = {
    "amsgrad": "not implemented upstream",
    "groups": "a group of parameters has no hyperparameters of its own",
    "gradient": "updates are computed in place of the gradients",
}


SHARED = {"learning_rate": "lr", "epsilon": "eps", "weight_decay": "weight_decay"}
RMSPROP = Offer(
    own=torchopt.RMSProp,
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
    state={
        "second_moment": "nu",
        "mean_gradient": ("mu", "centered"),
        "momentum": ("trace", "momentum"),
    },
    dtypes=DTYPES,
    gaps={
        **GAPS,
        "restored": "the first step of an optimizer adds to its trace without decaying it",
    },
    page=PAGE,
    arithmetic=ARITHMETIC,
)
ADAM = RMSPROP.changed(
    own=torchopt.Adam,
    family="adam",
    claims=["torchopt-adam"],
    features=[[], ["weight_decay"], ["maximize"]],
    names={**SHARED, "beta1": "beta1", "decay": "beta2"},
    switches=["maximize"],
    state={"first_moment": "mu", "second_moment": "nu"},
    gaps=GAPS,
)
DECAYED = [[], ["weight_decay"]]
SGD = RMSPROP.changed(
    own=torchopt.SGD,
    family="sgd",
    claims=["torchopt-sgd"],
    features=[*DECAYED, ["momentum"], ["momentum", "nesterov"], ["maximize"]],
    names={"learning_rate": "lr", "weight_decay": "weight_decay", "momentum": "momentum"},
    switches=["nesterov", "maximize"],
    state={"momentum": ("trace", "momentum")},
)
RADAM = ADAM.changed(
    own=torchopt.RAdam,
    family="radam",
    claims=["torchopt-radam", "torchopt-radam-hat"],
    features=DECAYED,
    names={**SHARED, "beta1": "beta1", "decay": "beta2"},
    switches=[],
)
OTHERS = {
    "SGD": SGD,
    "AdaGrad": ADAM.changed(
        own=torchopt.AdaGrad,
        family="adagrad",
        claims=["torchopt-adagrad"],
        names=SHARED,
        state={"second_moment": "sum_of_squares"},
    ),
    "AdaDelta": ADAM.changed(
        own=torchopt.AdaDelta,
        family="adadelta",
        claims=["torchopt-adadelta"],
        features=DECAYED,
        names={**SHARED, "decay": "rho"},
        switches=[],
        state={"second_moment": "mu", "mean_square_update": "nu"},
    ),
    "AdaMax": RADAM.changed(
        own=torchopt.AdaMax,
        family="adamax",
        claims=["torchopt-adamax", "torchopt-adamax-new"],
        state={"first_moment": "mu", "largest_size": "nu"},
    ),
    "RAdam": RADAM,
}
OFFERS = {
    **{f"torchopt:{name}": offer for name, offer in OTHERS.items()},
    "torchopt:RMSProp": RMSPROP,
    "torchopt:RMSProp[initial_scale=1]": RMSPROP.changed(
        claims=["torchopt-rmsprop-ones", "torchopt-rmsprop-inside-ones"],
        features=[[]],
        state={"second_moment": "nu"},
        arguments={"initial_scale": 1.0},
    ),
    "torchopt:Adam": ADAM,
    "torchopt:Adam[use_accelerated_op]": ADAM.changed(arguments={"use_accelerated_op": True}),
    "torchopt:AdamW": ADAM.changed(
        own=torchopt.AdamW, claims=["torchopt-adamw"], off={"weight_decay": 0.0}
    ),
}


class OptimizerSession:
    """A session over one ``torchopt.Optimizer``, whose state is a tuple of named tuples."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        self.keys = offer.kept(request.features)
        self.values = [placed(parameter, request.device) for parameter in request.parameters]
        own = offer.settings(request)
        if rates := request.learning_rates:
            own["lr"] = lambda count: rates[min(int(count), len(rates) - 1)]
        self.optimizer = offer.own(self.values, **own)

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
        # RAdam and AdaMax hold the coming step's number, and no tensor of it.
        numbered = (part._replace(t=step + 1) if "t" in part._fields else part for part in made)
        self.optimizer.load_state_dict([tuple(numbered)])
        with torch.no_grad():
            for name, tensors in self.own().items():
                for tensor, array in zip(tensors, state[name], strict=True):
                    tensor.copy_(to_torch(array, "cpu"))
            for part in self.parts():
                # Adam's count, not that of a schedule, which begins with this session.
                if {"count", "nu"} <= set(part._fields):
                    for count in part.count:
                        count.fill_(step)


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=("torchopt", "torch", "numpy"),
    flags=flags,
    no_groups=GAPS["groups"],
    public={"torchopt": "Optimizer"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
