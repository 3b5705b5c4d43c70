"""scikit-learn's Adam, which trains MLPClassifier and MLPRegressor."""

from __future__ import annotations

from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "sklearn"

# Canonical state to the attribute.
STATE = {"first_moment": "ms", "second_moment": "vs"}
OFFERS = {
    "sklearn:AdamOptimizer": Offer(
        own=AdamOptimizer,
        family="adam",
        claims=["sklearn-adam", "sklearn-adam-hat"],
        names={
            "learning_rate": "learning_rate_init",
            "beta1": "beta_1",
            "decay": "beta_2",
            "epsilon": "epsilon",
        },
        state=STATE,
        dtypes=["float16", "float32", "float64"],
        schedules=False,
        gaps={
            "bfloat16": "NumPy has no bfloat16",
            "schedules": "learning_rate is only used when solver='sgd'",
            "weight_decay": "alpha belongs to the loss, not to the optimizer",
        },
        page="https://scikit-learn.org/1.9/modules/generated/"
        "sklearn.neural_network.MLPClassifier.html",
    )
}
ONE_RATE = "one rate for all parameters and steps"


class AdamSession:
    """An optimizer that changes its parameters in place."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        if request.learning_rates:
            raise kit.Unsupported(ONE_RATE)
        self.values = [kit.placed(parameter) for parameter in request.parameters]
        self.optimizer = offer.own(self.values, **offer.settings(request))

    def step(self, gradients: list[Array]) -> list[Array]:
        self.optimizer.update_params(self.values, gradients)
        return gradients

    def parameters(self) -> list[Array]:
        return [value.copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {
            name: [array.copy() for array in getattr(self.optimizer, own)]
            for name, own in STATE.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, STATE)
        for name, arrays in state.items():
            setattr(self.optimizer, STATE[name], arrays)
        self.optimizer.t = step


ADAPTER = Adapter(NAME, OFFERS, AdamSession, packages=("scikit-learn", "numpy"), no_groups=ONE_RATE)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
