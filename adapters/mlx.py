"""MLX's RMSprop, Adam and AdamW, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import mlx.core as mx
import mlx.optimizers
import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array

NAME = "mlx"

PAGE = "https://ml-explore.github.io/mlx/build/html/python/optimizers/_autosummary/mlx.optimizers.{}.html"
DTYPES: list[protocol.DType] = ["float16", "bfloat16", "float32", "float64"]
GAPS = {
    "strided": "what is made from an array is dense and in row-major order",
    "groups": "an optimizer has one set of hyperparameters",
    "amsgrad": "not implemented upstream",
}


class Rule(NamedTuple):
    """One optimizer class.

    names      canonical hyperparameters to the constructor's; beta1 and beta2 stand in ``betas``
    state      canonical state to the optimizer's key
    arguments  what chooses this way through it
    off        arguments that switch a feature off where the constructor's default has it on
    """

    optimizer: Any
    family: protocol.Family
    claims: list[str]
    features: list[list[str]]
    names: dict[str, str]
    state: dict[str, str]
    arguments: Mapping[str, Any] = MappingProxyType({})
    off: Mapping[str, float] = MappingProxyType({})


ADAM = Rule(
    optimizer=mlx.optimizers.Adam,
    family="adam",
    claims=["mlx-adam"],
    features=[[]],
    names={"learning_rate": "learning_rate", "epsilon": "eps", "beta1": "beta1", "decay": "beta2"},
    state={"first_moment": "m", "second_moment": "v"},
)
ADAMW = ADAM._replace(
    optimizer=mlx.optimizers.AdamW,
    claims=["mlx-adamw"],
    features=[[], ["weight_decay"]],
    names={**ADAM.names, "weight_decay": "weight_decay"},
    off={"weight_decay": 0.0},
)
RULES = {
    "mlx:RMSprop": Rule(
        optimizer=mlx.optimizers.RMSprop,
        family="rmsprop",
        claims=["mlx-rmsprop"],
        features=[[]],
        names={"learning_rate": "learning_rate", "epsilon": "eps", "decay": "alpha"},
        state={"second_moment": "v"},
    ),
    "mlx:Adam": ADAM,
    "mlx:AdamW": ADAMW,
    "mlx:Adam[bias_correction]": ADAM._replace(
        claims=["mlx-adam-corrected", "mlx-adam-corrected-hat"],
        arguments={"bias_correction": True},
    ),
    "mlx:AdamW[bias_correction]": ADAMW._replace(
        claims=["mlx-adamw-corrected", "mlx-adamw-corrected-hat"],
        arguments={"bias_correction": True},
    ),
}
BETAS = (0.9, 0.999)  # the constructor's; they come as one argument


def dtypes() -> list[protocol.DType]:
    """Those of this release: float64 came later, and so did the view that bfloat16 travels by."""
    lacks = {"bfloat16"} if not hasattr(mx.array, "view") else set()
    return [dtype for dtype in DTYPES if hasattr(mx, dtype) and dtype not in lacks]


WIDEST = getattr(mx, "float64", mx.float32), np.float64 if hasattr(mx, "float64") else np.float32


def lacking(rule: Rule) -> str:
    """Why the installed release does not have this row, or empty."""
    return kit.lacks(rule.optimizer, rule.arguments)


def describe() -> protocol.Description:
    return protocol.Description(
        adapter=NAME,
        protocol=protocol.PROTOCOL,
        versions=kit.versions("mlx", "numpy"),
        devices={"cpu": "host"},
        implementations=[
            protocol.Implementation(
                name=name,
                family=rule.family,
                claims=rule.claims,
                features=rule.features,
                hyperparameters=list(rule.names),
                dtypes=dtypes(),
                devices=[] if lacking(rule) else ["cpu"],
                state=list(rule.state),
                schedules=hasattr(mlx.optimizers.Optimizer, "_maybe_schedule"),
                gaps={**GAPS, **({"device": lacking(rule)} if lacking(rule) else {})},
                documentation=PAGE.format(rule.optimizer.__name__),
            )
            for name, rule in RULES.items()
        ],
        flags=flags(),
    )


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

    def __init__(self, request: protocol.Open) -> None:
        self.rule = RULES[request.implementation]
        mx.set_default_device(mx.cpu)
        self.values = [to_mlx(kit.to_array(parameter.value)) for parameter in request.parameters]
        own: dict[str, Any] = kit.keywords(request, self.rule.names)
        if request.hyperparameters:
            off = {k: value for k, value in self.rule.off.items() if k not in request.features}
            own = {**off, **own}
        if "beta1" in own or "beta2" in own:
            own["betas"] = [own.pop("beta1", BETAS[0]), own.pop("beta2", BETAS[1])]
        if rates := request.learning_rates:
            table = mx.array(np.array(rates, dtype=WIDEST[1]), dtype=WIDEST[0])
            own["learning_rate"] = lambda step: table[mx.minimum(step, len(rates) - 1)]
        elif "learning_rate" not in own:
            raise kit.Unsupported("the learning rate of mlx.optimizers has no default")
        self.optimizer = self.rule.optimizer(**own, **self.rule.arguments)
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
        return {
            name: [to_numpy(item[key]) for item in kept] for name, key in self.rule.state.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.rule.state)
        packed = {
            parameter: {key: to_mlx(state[name][index]) for name, key in self.rule.state.items()}
            for index, parameter in enumerate(self.tree(self.values))
        }
        self.optimizer.state = {
            **self.optimizer.state,
            **packed,
            "step": mx.array(step, mx.uint64),
        }


def open_session(request: protocol.Open) -> kit.Session:
    rule = RULES[request.implementation]
    if request.groups:
        raise kit.Unsupported(GAPS["groups"])
    kit.check_features(request, rule.features)
    return OptimizerSession(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    rule = RULES[implementation]
    names = {canonical: own for canonical, own in rule.names.items() if not own.startswith("beta")}
    defaults = kit.constructor_defaults(rule.optimizer, names)
    if rule.family == "adam":
        defaults["beta1"], defaults["decay"] = BETAS
    return defaults
