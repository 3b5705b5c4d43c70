"""Thinc's Adam, which trains spaCy: a callable that is given one parameter after the other."""

from __future__ import annotations

from thinc.api import Adam

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "thinc"

STATE = {"first_moment": "mom1", "second_moment": "mom2"}
DTYPE = "ValueError: Buffer dtype mismatch, expected 'float32_t'"
GAPS = {
    "float16": DTYPE,
    "bfloat16": "NumPy has no bfloat16",
    "float64": DTYPE,
    "scalar": "TypeError: len() of unsized object",
    "decay=0": "with a second beta of 0 it is plain gradient descent",
    "gradient": "a step leaves zeros in it, as zero_grad does elsewhere",
}
ADAM = Offer(
    own=Adam,
    family="adam",
    claims=["thinc-adam", "thinc-adam-hat"],
    features=[[], ["weight_decay"]],
    names={
        "learning_rate": "learn_rate",
        "beta1": "beta1",
        "decay": "beta2",
        "epsilon": "eps",
        "weight_decay": "L2",
    },
    state=STATE,
    # Gradients are clipped to a norm of 1 by default, which is no part of the rule.
    arguments={"grad_clip": 0.0, "use_averages": False},
    dtypes=["float32"],
    gaps=GAPS,
    page="https://thinc.ai/docs/api-optimizers",
)
OFFERS = {
    "thinc:Adam[grad_clip=0]": ADAM,
    "thinc:Adam[grad_clip=0,L2_is_weight_decay=False]": ADAM.changed(
        claims=["thinc-adam-l2", "thinc-adam-hat-l2"],
        features=[["weight_decay"]],
        arguments={**ADAM.arguments, "L2_is_weight_decay": False},
    ),
}


class OptimizerSession:
    """One optimizer; a parameter's key is its place."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        if any(not parameter.value.shape for parameter in request.parameters):
            raise kit.Unsupported(GAPS["scalar"])
        self.values = [kit.to_array(parameter.value) for parameter in request.parameters]
        own = offer.settings(request)
        if request.learning_rates:
            own["learn_rate"] = list(request.learning_rates)
        self.optimizer = offer.own(**own)
        self.keys = [(index, "w") for index in range(len(self.values))]

    def step(self, gradients: list[Array]) -> list[Array]:
        for key, value, gradient in zip(self.keys, self.values, gradients, strict=True):
            self.values[key[0]], _ = self.optimizer(key, value, gradient)
        self.optimizer.step_schedules()
        return gradients

    def parameters(self) -> list[Array]:
        return [value.copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, and where a parameter is empty, which it passes over."""
        moments = {name: getattr(self.optimizer, own) for name, own in STATE.items()}
        if any(key not in of for of in moments.values() for key in self.keys):
            return {}
        return {
            name: [of[key].reshape(self.values[key[0]].shape).copy() for key in self.keys]
            for name, of in moments.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, STATE)
        for name, arrays in state.items():
            getattr(self.optimizer, STATE[name]).update(
                zip(self.keys, (array.reshape(-1) for array in arrays), strict=True)
            )
        self.optimizer.nr_update.update(dict.fromkeys(self.keys, step))


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=(NAME, "numpy"),
    no_groups="an optimizer has one set of hyperparameters",
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
