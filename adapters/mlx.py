"""MLX's optimizers that step element by element, on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.optimizers
import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "mlx"

PAGE = "https://ml-explore.github.io/mlx/build/html/python/optimizers/_autosummary/mlx.optimizers.{}.html"
# Of this release: float64 came later, and so did the view that bfloat16 travels by.
LACKS = {"bfloat16"} if not hasattr(mx.array, "view") else set()
EVERY: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
DTYPES = [dtype for dtype in EVERY if hasattr(mx, dtype) and dtype not in LACKS]
WIDEST = getattr(mx, "float64", mx.float32), np.float64 if hasattr(mx, "float64") else np.float32
GAPS = {
    "strided": "what is made from an array is dense and in row-major order",
    "groups": "an optimizer has one set of hyperparameters",
    "amsgrad": "not implemented upstream",
}


@dataclass(frozen=True)
class MlxOffer(Offer):
    """One optimizer class, or one way through it."""

    def lacking(self) -> str:
        return kit.lacks(self.own, self.arguments)


ADAM = MlxOffer(
    own=mlx.optimizers.Adam,
    family="adam",
    claims=["mlx-adam"],
    names={"learning_rate": "learning_rate", "epsilon": "eps", "beta1": "beta1", "decay": "beta2"},
    state={"first_moment": "m", "second_moment": "v"},
    dtypes=DTYPES,
    gaps=GAPS,
    page=PAGE,
    schedules=hasattr(mlx.optimizers.Optimizer, "_maybe_schedule"),
)
ADAMW = ADAM.changed(
    own=mlx.optimizers.AdamW,
    claims=["mlx-adamw"],
    features=[[], ["weight_decay"]],
    names={**ADAM.names, "weight_decay": "weight_decay"},
    off={"weight_decay": 0.0},
)
SGD = ADAM.changed(
    own=mlx.optimizers.SGD,
    family="sgd",
    claims=["mlx-sgd"],
    features=[[], ["momentum"], ["momentum", "nesterov"], ["weight_decay"]],
    names={
        "learning_rate": "learning_rate",
        "momentum": "momentum",
        "weight_decay": "weight_decay",
    },
    state={"momentum": ("v", "momentum")},
    switches=["nesterov"],
    gaps={**GAPS, "momentum=0": "without momentum it keeps no buffer"},
)
LION = ADAM.changed(
    own=mlx.optimizers.Lion,
    family="lion",
    claims=["mlx-lion"],
    features=[[], ["weight_decay"]],
    names={
        "learning_rate": "learning_rate",
        "beta1": "beta1",
        "decay": "beta2",
        "weight_decay": "weight_decay",
    },
    state={"first_moment": "m"},
)
OFFERS = {
    "mlx:SGD": SGD,
    "mlx:Lion": LION,
    "mlx:Adagrad": ADAM.changed(
        own=mlx.optimizers.Adagrad,
        family="adagrad",
        claims=["mlx-adagrad"],
        names={"learning_rate": "learning_rate", "epsilon": "eps"},
        state={"second_moment": "v"},
        gaps={**GAPS, "epsilon=0": "ValueError: Adagrad epsilon should be >0"},
    ),
    "mlx:AdaDelta": ADAM.changed(
        own=mlx.optimizers.AdaDelta,
        family="adadelta",
        claims=["mlx-adadelta"],
        names={"learning_rate": "learning_rate", "decay": "rho", "epsilon": "eps"},
        state={"second_moment": "v", "mean_square_update": "u"},
        gaps={**GAPS, "epsilon=0": "ValueError: AdaDelta epsilon should be >0"},
    ),
    "mlx:Adamax": ADAM.changed(
        own=mlx.optimizers.Adamax,
        family="adamax",
        claims=["mlx-adamax"],
        state={"first_moment": "m", "largest_size": "v"},
    ),
    "mlx:RMSprop": ADAM.changed(
        own=mlx.optimizers.RMSprop,
        family="rmsprop",
        claims=["mlx-rmsprop"],
        names={"learning_rate": "learning_rate", "epsilon": "eps", "decay": "alpha"},
        state={"second_moment": "v"},
    ),
    "mlx:Adam": ADAM,
    "mlx:AdamW": ADAMW,
    "mlx:Adam[bias_correction]": ADAM.changed(
        claims=["mlx-adam-corrected", "mlx-adam-corrected-hat"],
        arguments={"bias_correction": True},
    ),
    "mlx:AdamW[bias_correction]": ADAMW.changed(
        claims=["mlx-adamw-corrected", "mlx-adamw-corrected-hat"],
        arguments={"bias_correction": True},
    ),
}


def flags() -> dict[str, str]:
    """The switches that change arithmetic; what becomes of subnormals is measured."""
    mx.set_default_device(mx.cpu)
    small = mx.array(np.full(1, 2.0**-70, np.float32))
    return {"default_device": "cpu", "flush_to_zero": str(not (small * small).item())}


def to_mlx(array: Array) -> Any:
    """The array's bits."""
    if array.dtype == np.uint16:
        return mx.array(array).view(mx.bfloat16)
    # Without the dtype, float64 becomes float32.
    return mx.array(array, dtype=getattr(mx, array.dtype.name))


def to_numpy(value: Any) -> Array:
    """The value's bits in memory of its own."""
    return np.array(value.view(mx.uint16) if value.dtype == mx.bfloat16 else value)


class OptimizerSession:
    """A session over one ``mlx.optimizers.Optimizer`` and a list of arrays as its tree."""

    def __init__(self, request: protocol.Open, offer: MlxOffer) -> None:
        self.offer, self.keys = offer, offer.kept(request.features)
        mx.set_default_device(mx.cpu)
        self.values = [to_mlx(kit.to_array(parameter.value)) for parameter in request.parameters]
        own = offer.settings(request)
        if rates := request.learning_rates:
            table = mx.array(np.array(rates, dtype=WIDEST[1]), dtype=WIDEST[0])
            own["learning_rate"] = lambda step: table[mx.minimum(step, len(rates) - 1)]
        elif "learning_rate" not in own:
            raise kit.Unsupported("the learning rate of mlx.optimizers has no default")
        self.optimizer = offer.own(**own)
        self.optimizer.init(self.tree(self.values))

    @staticmethod
    def tree(arrays: list[Any]) -> dict[str, Any]:
        """The arrays as the tree that MLX expects."""
        return {f"parameter_{index}": array for index, array in enumerate(arrays)}

    def step(self, gradients: list[Array]) -> list[Array]:
        own = self.tree([to_mlx(gradient) for gradient in gradients])
        after = self.optimizer.apply_gradients(own, self.tree(self.values))
        self.values = list(after.values())
        mx.eval(self.values, self.optimizer.state)
        return [to_numpy(gradient) for gradient in own.values()]

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        kept = [self.optimizer.state[name] for name in self.tree(self.values)]
        return {name: [to_numpy(item[key]) for item in kept] for name, key in self.keys.items()}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.keys)
        packed = {
            parameter: {key: to_mlx(state[name][index]) for name, key in self.keys.items()}
            for index, parameter in enumerate(self.tree(self.values))
        }
        self.optimizer.state = {
            **self.optimizer.state,
            **packed,
            "step": mx.array(step, mx.uint64),
        }


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=("mlx", "numpy"),
    flags=flags,
    no_groups=GAPS["groups"],
    public={"mlx.optimizers": "Optimizer"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
