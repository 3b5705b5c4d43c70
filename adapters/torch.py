"""PyTorch's RMSprop, Adam and AdamW: the loop over tensors, foreach, fused and capturable."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.packing import msgspec

NAME = "torch"

DTYPES: tuple[protocol.DType, ...] = ("float16", "bfloat16", "float32", "float64")
COMPLEX: tuple[protocol.DType, ...] = ("complex64", "complex128")
# What torch/optim/adam.py raises.
FUSED = "`fused=True` requires all the params to be floating point Tensors"
DOCUMENTATION = "https://docs.pytorch.org/docs/2.13/generated/torch.optim.{}.html"
# Words of the assertion in torch/optim/rmsprop.py and adam.py, which CPU tensors fail.
CAPTURABLE = (
    "If capturable=True, params and state_steps must be on supported devices: "
    "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
)


def float_count(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A number of steps as PyTorch's own optimizers keep it."""
    return {"step": torch.tensor(float(step))}, {}


def int_count(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same as an integer."""
    return {"step": step}, {}


def group_count(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same in the group of the parameters."""
    return {}, {"step": step}


class Rule(NamedTuple):
    """One optimizer class.

    names     canonical hyperparameters to the constructor's; beta1 and beta2 stand in ``betas``
    switches  features that are a Boolean argument of the same name
    state     canonical state to the optimizer's key and the feature without which it is absent
    off       arguments that switch a feature off where the constructor's default has it on
    page      where its documentation stands; the class's name takes the place of ``{}``
    gaps      what it lacks, and why
    dtypes    what its kernels take
    count     how a number of steps stands in the state of a parameter, and in its group
    """

    optimizer: Any
    family: protocol.Family
    claims: str | tuple[str, ...]
    features: list[list[str]]
    names: dict[str, str]
    switches: list[str]
    state: dict[str, tuple[str, str]]
    off: Mapping[str, float] = MappingProxyType({})
    page: str = DOCUMENTATION
    gaps: Mapping[str, str] = MappingProxyType({})
    dtypes: tuple[protocol.DType, ...] = DTYPES
    count: Any = float_count


SHARED = {"learning_rate": "lr", "epsilon": "eps", "weight_decay": "weight_decay"}
RMSPROP = Rule(
    optimizer=torch.optim.RMSprop,
    family="rmsprop",
    claims="torch-rmsprop",
    features=[
        [],
        ["momentum"],
        ["centered"],
        ["centered", "momentum"],
        ["weight_decay"],
        ["maximize"],
    ],
    names={**SHARED, "decay": "alpha", "momentum": "momentum"},
    switches=["centered", "maximize"],
    state={
        "second_moment": ("square_avg", ""),
        "mean_gradient": ("grad_avg", "centered"),
        "momentum": ("momentum_buffer", "momentum"),
    },
    dtypes=(*DTYPES, *COMPLEX),
)
ADAM = Rule(
    optimizer=torch.optim.Adam,
    family="adam",
    claims="torch-adam",
    features=[[], ["amsgrad"], ["weight_decay"], ["maximize"]],
    names={**SHARED, "beta1": "beta1", "decay": "beta2"},
    switches=["amsgrad", "maximize"],
    state={
        "second_moment": ("exp_avg_sq", ""),
        "first_moment": ("exp_avg", ""),
        "maximum_second_moment": ("max_exp_avg_sq", "amsgrad"),
    },
    dtypes=(*DTYPES, *COMPLEX),
)
ADAMW = ADAM._replace(optimizer=torch.optim.AdamW, claims="torch-adamw", off={"weight_decay": 0.0})


class Path(NamedTuple):
    """One of the code paths that an optimizer class has, and the arguments that choose it."""

    rule: Rule
    arguments: dict[str, Any]

    @property
    def taken(self) -> dict[str, Any]:
        """The arguments without switches that are off and that this release does not know."""
        return {
            name: value
            for name, value in self.arguments.items()
            if value is not False or not kit.lacks(self.rule.optimizer, [name])
        }


# Every path is chosen in words, because what foreach=None means depends on the device.
PATHS = {
    "torch:RMSprop": Path(RMSPROP, {"foreach": False}),
    "torch:RMSprop[foreach]": Path(RMSPROP, {"foreach": True}),
    "torch:RMSprop[capturable]": Path(RMSPROP, {"foreach": False, "capturable": True}),
    **{
        f"torch:{rule.optimizer.__name__}{option}": Path(rule, arguments)
        for rule in (ADAM, ADAMW)
        for option, arguments in {
            "": {"foreach": False, "fused": False},
            "[foreach]": {"foreach": True},
            "[fused]": {"fused": True},
            "[capturable]": {"foreach": False, "fused": False, "capturable": True},
        }.items()
    },
}


def describe() -> protocol.Description:
    return description(NAME, PATHS, kit.versions("torch", "numpy"))


def description(
    adapter: str, paths: dict[str, Path], versions: dict[str, str]
) -> protocol.Description:
    """What an adapter says of optimizers that are made like PyTorch's own."""
    torch.set_num_threads(1)
    cuda = {f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())}
    return protocol.Description(
        adapter=adapter,
        protocol=protocol.PROTOCOL,
        versions=versions,
        devices={"cpu": "host", **cuda},
        implementations=[implementation(name, path, list(cuda)) for name, path in paths.items()],
        flags=flags(),
    )


def implementation(name: str, path: Path, cuda: list[str]) -> protocol.Implementation:
    rule = path.rule
    capturable = path.arguments.get("capturable", False)
    dtypes = [d for d in rule.dtypes if d not in COMPLEX or not path.arguments.get("fused")]
    gaps = {"cpu": CAPTURABLE} if capturable else dict(rule.gaps)
    lacking = kit.lacks(rule.optimizer, path.taken)
    return protocol.Implementation(
        name=name,
        family=rule.family,
        claims=[rule.claims] if isinstance(rule.claims, str) else list(rule.claims),
        features=rule.features,
        hyperparameters=list(rule.names),
        dtypes=dtypes,
        devices=[] if lacking else cuda if capturable else ["cpu", *cuda],
        state=list(rule.state),
        settable=bool(rule.state),
        groups=list(rule.names),
        gaps={
            **gaps,
            **{name: FUSED for name in rule.dtypes if name not in dtypes},
            **({"device": lacking} if lacking else {}),
        },
        arithmetic=dict.fromkeys(cuda, "cuda"),
        documentation=rule.page.format(rule.optimizer.__name__),
    )


def flags() -> dict[str, str]:
    """The switches that change arithmetic, read back from PyTorch."""
    subnormal = torch.full((1,), 1e-38, dtype=torch.float32) * 1e-3
    return {
        "threads": str(torch.get_num_threads()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "flush_to_zero": str(not subnormal.item()),
        "default_dtype": str(torch.get_default_dtype()),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
    }


def to_torch(array: Array, device: str) -> Any:
    """The array's bits as a tensor with memory of its own."""
    tensor = torch.from_numpy(array.copy())
    return (tensor.view(torch.bfloat16) if array.dtype == np.uint16 else tensor).to(device)


def to_numpy(tensor: Any) -> Array:
    """The tensor's bits as an array with memory of its own."""
    bits = tensor.detach().view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor.detach()
    return np.array(bits.cpu().numpy())


def placed(parameter: protocol.Parameter, device: str) -> Any:
    """A leaf in the memory layout that was asked for.

    The strided room is made on the device: copying a strided tensor there would close its gaps.
    """
    value = to_torch(kit.to_array(parameter.value), device)
    if parameter.layout == "strided" and value.ndim:
        room = value.new_zeros((*value.shape[:-1], 2 * value.shape[-1]))
        value = room[..., ::2].copy_(value)
    return torch.nn.Parameter(value)


def settings(request: protocol.Open, rule: Rule, values: dict[str, float]) -> dict[str, Any]:
    """Canonical hyperparameters as the constructor or one of its parameter groups takes them."""
    own: dict[str, Any] = kit.keywords(
        msgspec.structs.replace(request, hyperparameters=values), rule.names
    )
    if "beta1" in own or "beta2" in own:
        first, second = default_betas(rule)
        own["betas"] = (own.pop("beta1", first), own.pop("beta2", second))
    if request.learning_rates:
        # LambdaLR multiplies this rate by each step's: one leaves those exactly as they are.
        own["lr"] = 1.0
    return own


def default_betas(rule: Rule) -> Any:
    return inspect.signature(rule.optimizer).parameters["betas"].default


def switched_off(request: protocol.Open, rule: Rule) -> dict[str, float]:
    """Nothing without hyperparameters: that request is for the constructor's own defaults."""
    if not request.hyperparameters:
        return {}
    return {name: value for name, value in rule.off.items() if name not in request.features}


class OptimizerSession:
    """A session over one ``torch.optim.Optimizer``."""

    def __init__(self, request: protocol.Open, path: Path) -> None:
        self.rule = rule = path.rule
        self.device = request.device
        self.values = [placed(parameter, self.device) for parameter in request.parameters]
        # Canonical state to PyTorch's key, as far as these features have it.
        self.keys = {
            name: key
            for name, (key, feature) in rule.state.items()
            if not feature or feature in request.features
        }
        members = [
            [i for i, parameter in enumerate(request.parameters) if parameter.group == group]
            for group in range(max(1, len(request.groups)))
        ]
        # PyTorch numbers parameters group by group; this is that order.
        self.numbering = list(chain.from_iterable(members))
        groups = [
            {
                "params": [self.values[i] for i in indices],
                **settings(request, rule, {**request.hyperparameters, **overrides}),
            }
            for indices, overrides in zip(members, request.groups, strict=False)
        ]
        self.optimizer = rule.optimizer(
            groups or self.values,
            **{
                **switched_off(request, rule),
                **settings(request, rule, request.hyperparameters),
                **{name: True for name in rule.switches if name in request.features},
                **path.taken,
            },
        )
        self.schedule = None
        if rates := request.learning_rates:
            # It asks for one more rate than there are steps.
            self.schedule = torch.optim.lr_scheduler.LambdaLR(
                self.optimizer, lambda step: rates[min(step, len(rates) - 1)]
            )

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = to_torch(gradient, self.device)
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        return [to_numpy(value.grad) for value in self.values]

    def parameters(self) -> list[Array]:
        return [to_numpy(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        """Empty before the first step, when PyTorch has not made its state yet."""
        if any(value not in self.optimizer.state for value in self.values):
            return {}
        return {
            name: [to_numpy(self.optimizer.state[value][key]) for value in self.values]
            for name, key in self.keys.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        if set(state) != set(self.keys):
            raise ValueError(
                f"state {sorted(state)} for an optimizer that has {sorted(self.keys)}: send those"
            )
        packed = {}
        for number, index in enumerate(self.numbering):
            own = {self.keys[name]: to_torch(of[index], self.device) for name, of in state.items()}
            packed[number] = {**self.rule.count(step)[0], **own}
        groups = self.optimizer.state_dict()["param_groups"]
        groups = [{**group, **self.rule.count(step)[1]} for group in groups]
        self.optimizer.load_state_dict({"state": packed, "param_groups": groups})


def open_session(request: protocol.Open) -> kit.Session:
    return opened(request, PATHS)


def opened(request: protocol.Open, paths: dict[str, Path]) -> kit.Session:
    """A session over the path that a request names."""
    path = paths[request.implementation]
    if path.arguments.get("capturable") and request.device == "cpu":
        raise kit.Unsupported(CAPTURABLE)
    known = set(chain.from_iterable(path.rule.features))
    if unknown := set(request.features) - known:
        raise kit.Unsupported(f"{request.implementation} has no {', '.join(sorted(unknown))}")
    return OptimizerSession(request, path)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    return probed(PATHS[implementation].rule)


def probed(rule: Rule) -> dict[str, float | bool | str | None]:
    """The defaults of a rule's constructor."""
    names = {**rule.names, **{name: name for name in rule.switches}}
    defaults = kit.constructor_defaults(rule.optimizer, names)
    if rule.family == "adam":
        defaults["beta1"], defaults["decay"] = default_betas(rule)
    return defaults
