"""Chainer's optimizers that step element by element, on NumPy."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which warns of its end
    import chainer

from dataclasses import dataclass

import numpy as np
from chainer import optimizers

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "chainer"

GAPS = {
    "bfloat16": "NumPy has no bfloat16",
    "groups": "hyperparameters of one parameter are set on its update rule, not by a group",
    "weight_decay": "RMSprop has none of its own; the hook WeightDecay changes the gradients",
}


@dataclass(frozen=True)
class ChainerOffer(Offer):
    """One optimizer class, or one way through it.

    rate      its name for the learning rate
    opposite  state that is added to the parameter, where ours is subtracted
    """

    rate: str = "lr"
    opposite: frozenset[str] = frozenset()


RMSPROP = ChainerOffer(
    own=optimizers.RMSprop,
    family="rmsprop",
    claims=["chainer-rmsprop"],
    names={"learning_rate": "lr", "decay": "alpha", "epsilon": "eps"},
    state={"second_moment": "ms"},
    dtypes=["float16", "float32", "float64"],
    gaps=GAPS,
    page="https://docs.chainer.org/en/stable/reference/generated/chainer.optimizers.{}.html",
)
PENALTY = {"lasso": "l1"}  # of the hook Lasso, which is added to an optimizer
SGD = RMSPROP.changed(
    own=optimizers.SGD,
    family="sgd",
    claims=["chainer-sgd"],
    features=[[], ["lasso"]],
    names={"learning_rate": "lr", **PENALTY},
    state={},
)
MOMENTUM = SGD.changed(
    own=optimizers.MomentumSGD,
    claims=["chainer-momentumsgd"],
    features=[["momentum"], ["momentum", "lasso"]],
    names={"learning_rate": "lr", "momentum": "momentum", **PENALTY},
    state={"momentum": "v"},
    opposite=frozenset({"momentum"}),
)
OFFERS = {
    "chainer:SGD": SGD,
    "chainer:MomentumSGD": MOMENTUM,
    "chainer:NesterovAG": MOMENTUM.changed(
        own=optimizers.NesterovAG,
        claims=["chainer-nesterovag"],
        features=[["momentum", "nesterov"]],
    ),
    "chainer:CorrectedMomentumSGD": MOMENTUM.changed(
        own=optimizers.CorrectedMomentumSGD,
        claims=["chainer-correctedmomentumsgd"],
        features=[["momentum"]],
    ),
    "chainer:AdaGrad": RMSPROP.changed(
        own=optimizers.AdaGrad,
        family="adagrad",
        claims=["chainer-adagrad"],
        features=[[], ["lasso"]],
        names={"learning_rate": "lr", "epsilon": "eps", **PENALTY},
        state={"second_moment": "h"},
    ),
    "chainer:RMSprop": RMSPROP.changed(
        features=[[], ["lasso"]], names={**RMSPROP.names, **PENALTY}
    ),
    "chainer:RMSprop[eps_inside_sqrt]": RMSPROP.changed(
        claims=["chainer-rmsprop-inside"], arguments={"eps_inside_sqrt": True}
    ),
    "chainer:RMSpropGraves": RMSPROP.changed(
        own=optimizers.RMSpropGraves,
        claims=["chainer-rmspropgraves"],
        features=[["centered", "momentum"]],
        names={**RMSPROP.names, "momentum": "momentum"},
        state={"second_moment": "n", "mean_gradient": "g", "momentum": "delta"},
        opposite=frozenset({"momentum"}),
    ),
    "chainer:Adam": RMSPROP.changed(
        own=optimizers.Adam,
        family="adam",
        claims=["chainer-adam", "chainer-adam-hat"],
        features=[[], ["amsgrad"], ["weight_decay"], ["amsgrad", "weight_decay"], ["lasso"]],
        rate="alpha",
        names={
            "learning_rate": "alpha",
            "beta1": "beta1",
            "decay": "beta2",
            "epsilon": "eps",
            "weight_decay": "weight_decay_rate",
            **PENALTY,
        },
        state={
            "first_moment": "m",
            "second_moment": "v",
            "maximum_second_moment": ("vhat", "amsgrad"),
        },
        switches=["amsgrad"],
    ),
}


def flags() -> dict[str, str]:
    return {"dtype": str(chainer.config.dtype), "use_ideep": str(chainer.config.use_ideep)}


class OptimizerSession:
    """A session over one ``chainer.optimizer.GradientMethod``."""

    def __init__(self, request: protocol.Open, offer: ChainerOffer) -> None:
        self.offer = offer
        self.rates = list(request.learning_rates)
        self.values = [chainer.Parameter(kit.placed(parameter)) for parameter in request.parameters]
        self.keys = offer.kept(request.features)
        own = offer.settings(request)
        self.penalty = own.pop("l1", None)
        self.optimizer = offer.own(**own)
        link = chainer.Link()
        with link.init_scope():
            for index, value in enumerate(self.values):
                setattr(link, f"parameter_{index}", value)
        self.optimizer.setup(link)
        if self.penalty is not None:
            self.optimizer.add_hook(chainer.optimizer_hooks.Lasso(self.penalty))

    def step(self, gradients: list[Array]) -> list[Array]:
        if self.rates:
            setattr(self.optimizer, self.offer.rate, self.rates.pop(0))
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = gradient
        # A hook is there to change the gradients: what was sent is not what it leaves.
        sent = None if self.penalty is None else [gradient.copy() for gradient in gradients]
        with np.errstate(all="ignore"):
            self.optimizer.update()
        return sent or [value.grad.copy() for value in self.values]

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
        return -array if name in self.offer.opposite else array


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=("chainer", "numpy"),
    flags=flags,
    no_groups=GAPS["groups"],
    public={"chainer.optimizers": "GradientMethod"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
