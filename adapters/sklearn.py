"""scikit-learn's Adam, which trains MLPClassifier and MLPRegressor."""

from __future__ import annotations

from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

NAME = "sklearn"

OPTIMIZERS = {"sklearn:AdamOptimizer": AdamOptimizer}
# Canonical hyperparameters to the constructor's.
NAMES = {
    "learning_rate": "learning_rate_init",
    "beta1": "beta_1",
    "decay": "beta_2",
    "epsilon": "epsilon",
}
# Canonical state to the attribute.
STATE = {"first_moment": "ms", "second_moment": "vs"}


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions("scikit-learn", "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family="adam",
                claims=["sklearn-adam", "sklearn-adam-hat"],
                features=[[]],
                hyperparameters=list(NAMES),
                dtypes=["float16", "float32", "float64"],
                devices=["cpu"],
                state=list(STATE),
                schedules=False,
                gaps={
                    "bfloat16": "NumPy has no bfloat16",
                    "schedules": "learning_rate is only used when solver='sgd'",
                    "weight_decay": "alpha belongs to the loss, not to the optimizer",
                },
                documentation="https://scikit-learn.org/1.9/modules/generated/"
                "sklearn.neural_network.MLPClassifier.html",
            )
            for name in OPTIMIZERS
        ],
    )


class AdamSession:
    """An optimizer that changes its parameters in place."""

    def __init__(self, request: protocol.Open) -> None:
        self.values = [kit.placed(parameter) for parameter in request.parameters]
        optimizer = OPTIMIZERS[request.implementation]
        self.optimizer = optimizer(self.values, **kit.keywords(request, NAMES))

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


def open_session(request: protocol.Open) -> kit.Session:
    kit.check_features(request, [[]])
    if request.groups or request.learning_rates:
        raise kit.Unsupported("one rate for all parameters and steps")
    return AdamSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return kit.constructor_defaults(OPTIMIZERS[implementation], NAMES)
