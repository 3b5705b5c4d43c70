"""PyTorch's RMSprop, Adam and AdamW: the loop over tensors, foreach, fused and capturable."""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import torch

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.device_memory import DeviceRow
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import HOST, Adapter, Offer, joined
from optimizer_conformance.adapters.packing import msgspec

NAME = "torch"
OLD = not hasattr(torch, "uint16")  # before 2.3

torch.set_num_threads(1)
try:
    torch.from_numpy(np.zeros(1))
except RuntimeError as error:  # it was imported all the same
    raise ImportError(
        f"PyTorch {torch.__version__} cannot use NumPy {np.__version__} ({error}): it needs an "
        "older one, such as numpy<2"
    ) from error

DTYPES: tuple[protocol.DType, ...] = ("float16", "bfloat16", "float32", "float64")
COMPLEX: tuple[protocol.DType, ...] = ("complex64", "complex128")
# What torch/optim/adam.py raises.
FUSED = "`fused=True` requires all the params to be floating point Tensors"
DOCUMENTATION = "https://docs.pytorch.org/docs/2.13/generated/torch.optim.{}.html"
FUSED_ADAGRAD = "torch:Adagrad[fused]"  # its kernel is one of the CPU's
# Words of the assertion in torch/optim/rmsprop.py and adam.py, which CPU tensors fail.
CAPTURABLE = (
    "If capturable=True, params and state_steps must be on supported devices: "
    "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
)

LOOP = ("missing", "joins", "saved", "memory")
RECOMPILED = "each rate that is a Python number is compiled into a step of its own"


def float_count(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A number of steps as PyTorch's own optimizers keep it."""
    return {"step": torch.tensor(float(step))}, {}


def int_count(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same as an integer."""
    return {"step": step}, {}


def group_count(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same in the group of the parameters."""
    return {}, {"step": step}


# On a CPU it takes roots of float32 from Intel's MKL.
ARITHMETIC = {"cpu": "mkl", "cuda": "cuda"}


@dataclass(frozen=True)
class TorchOffer(Offer):
    """One optimizer class on one of its code paths.

    count     how a number of steps stands in the state of a parameter, and in its group
    inductor  its step goes through ``torch.compile``
    pairs     arguments that take several hyperparameters together, by their names in ``names``
    grouped   a group of parameters has hyperparameters of its own, and may join or be saved
    shared    the state of which there is one number a tensor
    """

    count: Any = float_count
    inductor: bool = False
    arithmetic: Mapping[str, str] = field(default_factory=lambda: dict(ARITHMETIC))
    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grouped: bool = True
    shared: tuple[str, ...] = ()

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The arguments without switches that are off and that this release does not know."""
        return {
            name: value
            for name, value in self.arguments.items()
            if value is not False or not kit.lacks(self.own, [name])
        }

    @property
    def unknown(self) -> set[str]:
        """The switches that this release does not know."""
        return {name for name in self.switches if kit.lacks(self.own, [name])}

    def unstepped(self) -> dict[str, str]:
        """Formats in which an old release takes no step on the host, with what it says."""
        if self.lacking() or self.capturable or not (OLD or self.arguments.get("fused")):
            return {}
        return {dtype: why for dtype in self.dtypes if (why := refusal(self, dtype))}

    @property
    def capturable(self) -> bool:
        return bool(self.arguments.get("capturable"))

    def elsewhere(self) -> str:
        """Why the host takes no step of this path in any format; empty where it takes one."""
        if self.capturable:
            return CAPTURABLE
        refused = self.unstepped()  # until 2.4 fused kernels are CUDA's
        return refused[self.dtypes[0]] if refused.keys() >= {*self.dtypes} else ""

    def lacking(self) -> str:
        if self.inductor and not hasattr(torch, "compile"):
            return "this release has no torch.compile"
        return kit.lacks(self.own, self.chosen)

    def described(
        self, name: str, devices: Sequence[str], **fields: Any
    ) -> protocol.Implementation:
        fused, elsewhere = self.arguments.get("fused"), self.elsewhere()
        refused = {} if elsewhere else self.unstepped()
        refused.update({dtype: FUSED for dtype in self.dtypes if fused and dtype in COMPLEX})
        gaps = {"cpu": elsewhere} if elsewhere else dict(self.gaps)
        gaps.update({switch: kit.lacks(self.own, [switch]) for switch in self.unknown})
        changed = self.changed(
            features=[listed for listed in self.features if not self.unknown & {*listed}],
            dtypes=[dtype for dtype in self.dtypes if dtype not in refused],
            settable=self.settable and bool(self.state),
            groups=list(self.groups or self.names) if self.grouped else [],
            loop=LOOP if self.grouped and not self.inductor else [],
            gaps={**gaps, **refused},
        )
        on = [device for device in devices if device != "cpu"] if elsewhere else devices
        return Offer.described(changed, name, on, **fields)

    def settings(self, request: protocol.Open) -> dict[str, Any]:
        return {**self.paired(super().settings(request)), **scheduled(request)}

    def group(self, request: protocol.Open, overrides: Mapping[str, float]) -> dict[str, Any]:
        """What one of its parameter groups takes."""
        values = {**request.hyperparameters, **overrides}
        own = kit.keywords(msgspec.structs.replace(request, hyperparameters=values), self.names)
        return {**self.paired(joined(self.own, own)), **scheduled(request)}

    def paired(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments with those that it takes two and two in pairs."""
        pairs = {
            pair: tuple(own[name] for name in names)
            for pair, names in self.pairs.items()
            if set(names) <= set(own)
        }
        rest = {name for names in self.pairs.values() for name in names}
        return {**{name: value for name, value in own.items() if name not in rest}, **pairs}

    def defaults(self) -> dict[str, float | bool | str | None]:
        taken = inspect.signature(self.own).parameters if self.pairs else {}
        canonical = {own: name for name, own in self.names.items()}
        found = super().defaults()
        for pair, names in self.pairs.items():
            for name, value in zip(names, taken[pair].default, strict=True):
                found[canonical[name]] = value
        return found


def refusal(offer: TorchOffer, dtype: str) -> str:
    """Why a step in this format is refused; empty where it is taken."""
    value = torch.nn.Parameter(torch.ones(1, dtype=getattr(torch, dtype)))
    value.grad = torch.ones_like(value)
    try:
        offer.own([value], lr=0.5, **offer.chosen).step()
    except RuntimeError as error:
        return str(error)
    return ""


def scheduled(request: protocol.Open) -> dict[str, float]:
    """LambdaLR multiplies this rate by each step's: one leaves those exactly as they are."""
    return {"lr": 1.0} if request.learning_rates else {}


SHARED = {"learning_rate": "lr", "epsilon": "eps", "weight_decay": "weight_decay"}
# Of a momentum of zero, where the option is on.
NO_BUFFER = {"momentum=0": "a momentum of 0 keeps no buffer"}
# docs/findings/torch-foreach-nesterov-gradients.md
IN_PLACE = "Nesterov's momentum is added to the gradients in place"
NO_NESTEROV = {"momentum=0": "Nesterov momentum requires a momentum and zero dampening"}
RMSPROP = TorchOffer(
    own=torch.optim.RMSprop,
    family="rmsprop",
    claims=["torch-rmsprop"],
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
        "second_moment": "square_avg",
        "mean_gradient": ("grad_avg", "centered"),
        "momentum": ("momentum_buffer", "momentum"),
    },
    dtypes=(*DTYPES, *COMPLEX),
    gaps=NO_BUFFER,
    page=DOCUMENTATION,
)
ADAM = TorchOffer(
    own=torch.optim.Adam,
    family="adam",
    claims=["torch-adam"],
    features=[[], ["amsgrad"], ["weight_decay"], ["maximize"]],
    names={**SHARED, "beta1": "beta1", "decay": "beta2"},
    switches=["amsgrad", "maximize"],
    state={
        "second_moment": "exp_avg_sq",
        "first_moment": "exp_avg",
        "maximum_second_moment": ("max_exp_avg_sq", "amsgrad"),
    },
    dtypes=(*DTYPES, *COMPLEX),
    page=DOCUMENTATION,
)
ADAMW = ADAM.changed(own=torch.optim.AdamW, claims=["torch-adamw"], off={"weight_decay": 0.0})

SGD = TorchOffer(
    own=torch.optim.SGD,
    family="sgd",
    claims=["torch-sgd"],
    features=[[], ["momentum"], ["momentum", "nesterov"], ["weight_decay"], ["maximize"]],
    names={"learning_rate": "lr", "weight_decay": "weight_decay", "momentum": "momentum"},
    switches=["nesterov", "maximize"],
    state={"momentum": ("momentum_buffer", "momentum")},
    dtypes=(*DTYPES, *COMPLEX),
    gaps=NO_NESTEROV,
    page=DOCUMENTATION,
)

ADAGRAD = TorchOffer(
    own=torch.optim.Adagrad,
    family="adagrad",
    claims=["torch-adagrad"],
    features=[[], ["weight_decay"], ["maximize"]],
    names=SHARED,
    switches=["maximize"],
    state={"second_moment": "sum"},
    dtypes=(*DTYPES, *COMPLEX),
    page=DOCUMENTATION,
)

NADAM = TorchOffer(
    own=torch.optim.NAdam,
    family="nadam",
    claims=["torch-nadam"],
    features=[[], ["weight_decay"], ["maximize"]],
    names={**SHARED, "beta1": "beta1", "decay": "beta2", "momentum_decay": "momentum_decay"},
    switches=["maximize"],
    # The product of the schedule is a state besides, which cannot be asked for by itself.
    dtypes=(*DTYPES, *COMPLEX),
    page=DOCUMENTATION,
)


ADADELTA = ADAGRAD.changed(
    own=torch.optim.Adadelta,
    family="adadelta",
    claims=["torch-adadelta"],
    names={**SHARED, "decay": "rho"},
    state={"second_moment": "square_avg", "mean_square_update": "acc_delta"},
)
ADAMAX = ADAGRAD.changed(
    own=torch.optim.Adamax,
    family="adamax",
    claims=["torch-adamax"],
    names={**SHARED, "beta1": "beta1", "decay": "beta2"},
    state={"first_moment": "exp_avg", "largest_size": "exp_inf"},
)
RADAM = ADAGRAD.changed(
    own=torch.optim.RAdam,
    family="radam",
    claims=["torch-radam"],
    names=ADAMAX.names,
    state={"first_moment": "exp_avg", "second_moment": "exp_avg_sq"},
)
RPROP = TorchOffer(
    own=torch.optim.Rprop,
    family="rprop",
    claims=["torch-rprop"],
    features=[[], ["maximize"]],
    names={
        "learning_rate": "lr",
        "shrinkage": "etaminus",
        "growth": "etaplus",
        "least_step": "step_size_min",
        "largest_step": "step_size_max",
    },
    state={"step_size": "step_size", "previous_gradient": "prev"},
    pairs={"etas": ("etaminus", "etaplus"), "step_sizes": ("step_size_min", "step_size_max")},
    switches=["maximize"],
    # The rate is where its step sizes start, and nothing afterwards.
    schedules=False,
    undriven={"schedules": "the learning rate counts at the first step alone"},
    dtypes=DTYPES,
    page=DOCUMENTATION,
)

ASGD = ADAGRAD.changed(
    own=torch.optim.ASGD,
    family="asgd",
    claims=["torch-asgd"],
    names={
        "learning_rate": "lr",
        "weight_decay": "weight_decay",
        "fading": "lambd",
        "power": "alpha",
        "delay": "t0",
    },
    state={"mean_parameter": "ax"},
    # Rate and share of the coming step are a state besides, formed by the step before.
    settable=False,
    schedules=False,
    undriven={"schedules": "a rate counts one step late: that of the first is kept"},
    dtypes=DTYPES,
)


# Every path is chosen in words, because what foreach=None means depends on the device.
OFFERS = {
    "torch:RMSprop": RMSPROP.changed(arguments={"foreach": False}),
    "torch:RMSprop[foreach]": RMSPROP.changed(arguments={"foreach": True}),
    "torch:RMSprop[capturable]": RMSPROP.changed(arguments={"foreach": False, "capturable": True}),
    "torch:SGD": SGD.changed(arguments={"foreach": False, "fused": False}),
    "torch:SGD[foreach]": SGD.changed(
        arguments={"foreach": True}, gaps={**NO_NESTEROV, "gradient": IN_PLACE}
    ),
    "torch:SGD[fused]": SGD.changed(arguments={"fused": True}),
    "torch:NAdam": NADAM.changed(arguments={"foreach": False}),
    "torch:NAdam[foreach]": NADAM.changed(arguments={"foreach": True}),
    **{
        f"torch:{offer.own.__name__}{option}": offer.changed(arguments=arguments)
        for offer in (ADADELTA, ADAMAX, RADAM, RPROP, ASGD)
        for option, arguments in {
            "": {"foreach": False},
            "[foreach]": {"foreach": True},
            "[capturable]": {"foreach": False, "capturable": True},
        }.items()
    },
    "torch:Adagrad": ADAGRAD.changed(arguments={"foreach": False, "fused": False}),
    "torch:Adagrad[foreach]": ADAGRAD.changed(arguments={"foreach": True}),
    "torch:Adagrad[fused]": ADAGRAD.changed(arguments={"fused": True}),
    **{
        f"torch:{offer.own.__name__}{option}": offer.changed(arguments=arguments)
        for offer in (ADAM, ADAMW)
        for option, arguments in {
            "": {"foreach": False, "fused": False},
            "[foreach]": {"foreach": True},
            "[fused]": {"fused": True},
            "[capturable]": {"foreach": False, "fused": False, "capturable": True},
        }.items()
    },
    **{
        f"torch:{offer.own.__name__}[compiled]": offer.changed(
            arguments={"capturable": True},
            inductor=True,
            compiled=True,
            schedules=False,
            undriven={"schedules": RECOMPILED},
            arithmetic={"cuda": "triton"},
        )
        for offer in (RMSPROP, ADAM, ADAMW)
    },
}


def capability() -> str:
    """The vector instructions that PyTorch uses; before 2.1 they stand in its long text alone."""
    if hasattr(torch.backends, "cpu"):
        return str(torch.backends.cpu.get_cpu_capability())
    named = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    return named[1] if named else "not told by this release"


def flags() -> dict[str, str]:
    """The switches that change arithmetic, read back from PyTorch."""
    subnormal = torch.full((1,), 1e-38, dtype=torch.float32) * 1e-3
    return {
        "threads": str(torch.get_num_threads()),
        "cpu_capability": capability(),
        "flush_to_zero": str(not subnormal.item()),
        "default_dtype": str(torch.get_default_dtype()),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
    }


def to_torch(array: Array, device: str) -> Any:
    """The array's bits as a tensor with memory of its own."""
    if isinstance(array, DeviceRow):
        bits = torch.as_tensor(array, device=device).clone()
        return bits.view(torch.bfloat16) if array.dtype == "bfloat16" else bits
    narrow = array.dtype == np.uint16
    # Releases before 2.3 know no unsigned integers of 16 bits.
    tensor = torch.from_numpy(array.view(np.int16).copy() if narrow else array.copy())
    return (tensor.view(torch.bfloat16) if narrow else tensor).to(device)


def to_numpy(tensor: Any) -> Array:
    """The tensor's bits as an array with memory of its own."""
    if tensor.dtype == torch.bfloat16:
        return np.array(tensor.detach().view(torch.int16).cpu().numpy()).view(np.uint16)
    return np.array(tensor.detach().cpu().numpy())


def on_device(tensor: Any) -> Any:
    """The tensor where it is; bfloat16 as bits, of which other libraries know the type."""
    bits = tensor.detach()
    return bits.view(torch.int16) if bits.dtype == torch.bfloat16 else bits


def placed(parameter: protocol.Parameter, device: str) -> Any:
    """A leaf in the memory layout that was asked for.

    The strided room is made on the device: copying a strided tensor there would close its gaps.
    """
    return torch.nn.Parameter(
        arranged(to_torch(kit.to_array(parameter.value), device), parameter.layout)
    )


def arranged(value: Any, layout: str) -> Any:
    """The same elements in another memory layout, where the shape allows it."""
    if layout == "strided" and value.ndim:
        room = value.new_zeros((*value.shape[:-1], 2 * value.shape[-1]))
        return room[..., ::2].copy_(value)
    if layout == "fortran":
        turned = tuple(reversed(range(value.ndim)))
        return value.permute(turned).contiguous().permute(turned)
    if layout == "channels-last" and value.ndim == 4:
        return value.contiguous(memory_format=torch.channels_last)
    return value


def compiled(step: Any) -> Any:
    """An optimizer's step through Inductor, anew: a step of an earlier session must not linger, and
    one that is compiled too often would be carried out uncompiled without a word."""
    from torch._inductor import config  # noqa: PLC0415 - it takes a second, and few sessions need it

    torch._dynamo.reset()
    torch._dynamo.config.fail_on_recompile_limit_hit = True
    config.compile_threads = 1  # its other processes find no device in a sandbox

    @torch.compile
    def advance() -> None:
        step()

    return advance


class OptimizerSession:
    """A session over one ``torch.optim.Optimizer``."""

    def __init__(self, request: protocol.Open, offer: TorchOffer) -> None:
        self.offer, self.request = offer, request
        self.device, self.taken = request.device, 0
        self.shown: Callable[[Any], Any] = to_numpy
        self.values = [placed(parameter, self.device) for parameter in request.parameters]
        self.buffers: dict[int, Any] = {}
        # Canonical state to PyTorch's key, as far as these features have it.
        self.keys = offer.kept(request.features)
        self.optimizer = self.made()
        step = self.optimizer.step
        self.advance = compiled(step) if offer.inductor else step
        self.schedule, self.rates = None, request.learning_rates
        joining = any(parameter.joins for parameter in request.parameters)
        if (rates := request.learning_rates) and not joining:
            # It asks for one more rate than there are steps.
            self.schedule = torch.optim.lr_scheduler.LambdaLR(
                self.optimizer, lambda step: rates[min(step, len(rates) - 1)]
            )

    def made(self) -> Any:
        """An optimizer over the parameters that have joined by now."""
        parameters, request = self.request.parameters, self.request
        members = [
            [i for i, asked in enumerate(parameters) if asked.group == group and not asked.joins]
            for group in range(max(1, len(request.groups)))
        ]
        # PyTorch numbers parameters group by group; this is that order.
        self.numbering = list(chain.from_iterable(members))
        groups = [
            {"params": [self.values[i] for i in indices], **self.offer.group(request, overrides)}
            for indices, overrides in zip(members, request.groups, strict=False)
        ]
        first = groups or [self.values[i] for i in members[0]]
        optimizer = self.offer.own(first, **self.offer.settings(request))
        for steps in range(1, self.taken):
            self.join(optimizer, steps)
        return optimizer

    def join(self, optimizer: Any, taken: int) -> None:
        """Hand over the parameters that join after ``taken`` steps."""
        late = [i for i, asked in enumerate(self.request.parameters) if asked.joins == taken]
        if taken and late:
            optimizer.add_param_group({"params": [self.values[i] for i in late]})

    def reload(self) -> None:
        """A checkpoint: parameters and state go through a file, into objects made anew."""
        if self.schedule is not None:
            raise kit.Unsupported("a schedule would have to be saved beside it")
        file = io.BytesIO()
        torch.save(self.optimizer.state_dict(), file)
        file.seek(0)
        self.values = [
            placed(protocol.Parameter("", kit.to_tensor(to_numpy(v)), asked.layout), self.device)
            for asked, v in zip(self.request.parameters, self.values, strict=True)
        ]
        self.optimizer = self.made()
        self.optimizer.load_state_dict(torch.load(file, weights_only=False))
        self.advance = self.optimizer.step

    def gradient(self, index: int, sent: Array | None) -> Any:
        """A gradient where it has to lie in memory; None where there is none."""
        if sent is None:
            return None
        layout = self.request.parameters[index].gradients
        made = arranged(to_torch(sent, self.device), layout)
        return self.buffers.setdefault(index, made).copy_(made) if layout == "reused" else made

    def step(self, gradients: list[Array]) -> list[Array]:
        self.join(self.optimizer, self.taken)
        if self.rates and self.schedule is None:
            # No scheduler of PyTorch knows of groups that are added: the rate is set by hand.
            for group in self.optimizer.param_groups:
                group["lr"] = self.rates[self.taken]
        self.taken += 1
        for index, (value, gradient) in enumerate(zip(self.values, gradients, strict=True)):
            value.grad = self.gradient(index, gradient)
        self.advance()
        if self.schedule is not None:
            self.schedule.step()
        after: list[Any] = [v.grad if v.grad is None else self.shown(v.grad) for v in self.values]
        return after

    def parameters(self) -> list[Array]:
        return [self.shown(value) for value in self.values]

    def stay_on_device(self) -> None:
        """Show tensors where they are from now on."""
        self.shown = on_device

    def state(self) -> dict[str, list[Array]]:
        """Empty until every parameter has one, which PyTorch makes in its first step."""
        if any(value not in self.optimizer.state for value in self.values):
            return {}
        return {
            name: [self.shown(self.kept(name, value)) for value in self.values]
            for name in self.keys
        }

    def kept(self, name: str, value: Any) -> Any:
        """A parameter's state; one number a tensor stands in the place of each element."""
        found = self.optimizer.state[value][self.keys[name]]
        return found.expand(value.shape) if name in self.offer.shared else found

    def own(self, name: str, array: Array) -> Any:
        """The same as the class keeps it."""
        found = to_torch(array, self.device)
        return found.ravel()[0].clone() if name in self.offer.shared else found

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.keys)
        packed = {}
        for number, index in enumerate(self.numbering):
            own = {self.keys[name]: self.own(name, of[index]) for name, of in state.items()}
            packed[number] = {**self.offer.count(step)[0], **own}
        groups = self.optimizer.state_dict()["param_groups"]
        groups = [{**group, **self.offer.count(step)[1]} for group in groups]
        self.optimizer.load_state_dict({"state": packed, "param_groups": groups})


class TorchAdapter(Adapter[TorchOffer]):
    """The members of an adapter of optimizers that are made like PyTorch's own."""

    def __init__(
        self,
        name: str,
        offers: Mapping[str, TorchOffer],
        packages: Sequence[str],
        public: Mapping[str, str] = {},
    ) -> None:
        super().__init__(
            name, offers, OptimizerSession, packages=packages, flags=flags, public=public
        )

    def describe(self) -> protocol.Description:
        count = torch.cuda.device_count()
        cuda = {f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(count)}
        return self.description(devices={**HOST, **cuda})

    def open_session(self, request: protocol.Open) -> kit.Session:
        offer = self.offers[request.implementation]
        if request.device == "cpu" and (elsewhere := offer.elsewhere()):
            raise kit.Unsupported(elsewhere)
        if request.implementation == FUSED_ADAGRAD and request.device != "cpu":
            raise kit.Unsupported(f"{FUSED_ADAGRAD} has no kernel for {request.device}")
        kit.check_options(request, offer.features)
        return OptimizerSession(request, offer)


ADAPTER = TorchAdapter(NAME, OFFERS, ("torch", "numpy"), {"torch.optim": "Optimizer"})
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
