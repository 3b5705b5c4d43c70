"""fastai's RMSProp and Adam: callbacks over PyTorch parameters, with decoupled or L2 decay."""

from __future__ import annotations

from fastai import optimizer as fastai

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

NAME = "fastai"

IN_PLACE = {"gradient": 'documented: "adding wd*p to p.grad"'}
RMSPROP_GAPS = {
    "epsilon": "taken and without effect upstream",
    "float16": "epsilon is 1e-8, zero in float16: a gradient of zero makes the parameter nan",
}
NAMES = {"learning_rate": "lr", "decay": "sqr_mom", "epsilon": "eps", "weight_decay": "wd"}
RMSPROP = Offer(
    own=fastai.RMSProp,
    family="rmsprop",
    claims=["fastai-rmsprop", "fastai-rmsprop-inside"],
    features=[[], ["weight_decay"]],
    names=NAMES,
    state={"second_moment": "sqr_avg"},
    off={"weight_decay": 0.0},
    dtypes=[dtype for dtype in DTYPES if dtype not in RMSPROP_GAPS],
    gaps=RMSPROP_GAPS,
    undriven={"momentum": "mom averages gradients before they are scaled; no rule here does"},
    groups=list(NAMES),
    arithmetic=ARITHMETIC,
    page="https://docs.fast.ai/optimizer.html#rmsprop",
)
ADAM = RMSPROP.changed(
    own=fastai.Adam,
    family="adam",
    claims=["fastai-adam", "fastai-adam-hat"],
    names={**NAMES, "beta1": "mom"},
    state={"second_moment": "sqr_avg", "first_moment": "grad_avg"},
    dtypes=DTYPES,
    gaps={},
    undriven={},
    groups=[*NAMES, "beta1"],
    page="https://docs.fast.ai/optimizer.html#adam",
)


def added(offer: Offer) -> Offer:
    """The same with decay added to the gradient."""
    return offer.changed(
        claims=[f"{claim}-l2" for claim in offer.claims],
        features=[["weight_decay"]],
        arguments={"decouple_wd": False},
        gaps={**offer.gaps, **IN_PLACE},
    )


OFFERS = {
    "fastai:RMSProp": RMSPROP,
    "fastai:RMSProp[decouple_wd=False]": added(RMSPROP),
    "fastai:Adam": ADAM,
    "fastai:Adam[decouple_wd=False]": added(ADAM),
}


class OptimizerSession:
    """A session over one ``fastai.optimizer.Optimizer``."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        self.offer, self.rates = offer, list(request.learning_rates)
        self.values = [placed(parameter, request.device) for parameter in request.parameters]
        members = [
            [
                value
                for value, parameter in zip(self.values, request.parameters, strict=True)
                if parameter.group == group
            ]
            for group in range(len(request.groups))
        ]
        own = {"lr": 1.0, **offer.settings(request)}
        self.optimizer = offer.own(members or self.values, **own)
        for name, its in offer.names.items():
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
            for name, own in self.offer.state.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.offer.state)
        for index, value in enumerate(self.values):
            own = {self.offer.state[name]: to_torch(of[index], "cpu") for name, of in state.items()}
            self.optimizer.state[value] = {"step": step, **own}


ADAPTER = Adapter(NAME, OFFERS, OptimizerSession, packages=(NAME, "torch", "numpy"), flags=flags)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
