"""MindSpore on the CPU: classes of ``mindspore.nn`` in both modes, and the operators beneath.

A class that switches to another operator (centred, AMSGrad) gets a row of its own, because dtypes
and shapes are the operator's.  ``construct`` of the classes stands under ``@jit``: each new
configuration is compiled in PyNative mode too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array, Unsupported
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "mindspore"
MODES = {"pynative": ms.PYNATIVE_MODE, "graph": ms.GRAPH_MODE}
MINT: Any = getattr(ms, "mint", None)  # tensors that share memory came with it, in 2.3
# With more than one thread, a kernel's sixth launch splits its elements otherwise than its first
# five did.  What is left of a part after its last eight is computed otherwise too: results would
# hang on the past.
if hasattr(ms, "device_context"):
    ms.set_device("CPU")
    ms.device_context.cpu.op_tuning.threads_num(1)
else:  # before 2.5
    ms.set_context(device_target="CPU", runtime_num_threads=1)
PAGE = "https://www.mindspore.cn/docs/en/master/api_python/{0}/mindspore.{0}.{1}.html"

# Canonical name to the constructor's own, and to the optimizer's attribute.
SHARED = {name: name for name in ("learning_rate", "weight_decay", "loss_scale")}
RMSPROP = {**SHARED, "decay": "decay", "momentum": "momentum", "epsilon": "epsilon"}
ADAM = {**SHARED, "beta1": "beta1", "decay": "beta2", "epsilon": "eps"}
PROXIMAL = {**SHARED, "l1": "l1", "l2": "l2"}
SWITCHES = {"centered": "centered", "amsgrad": "use_amsgrad"}
GROUP_KEYS = {"learning_rate": "lr", "weight_decay": "weight_decay"}
RMSPROP_STATE = {"second_moment": "ms", "mean_gradient": "mg", "momentum": "moment"}
MOMENTS = {"first_moment": "moment1", "second_moment": "moment2"}
ADAM_STATE = {**MOMENTS, "maximum_second_moment": "vhat"}
STATE = {*RMSPROP_STATE, *ADAM_STATE}
# Family to the names of its class, and to those of the class's state.
NAMES = {"rmsprop": RMSPROP, "adam": ADAM, "adagrad": PROXIMAL, "sgd": PROXIMAL}
STATES = {
    "rmsprop": RMSPROP_STATE,
    "adam": ADAM_STATE,
    "adagrad": {"second_moment": "accum"},
    "sgd": {},
}
# State that a feature brings.  The momentum buffer is there without it, multiplied by zero.
BROUGHT = {"momentum": "momentum", "centered": "mean_gradient", "amsgrad": "maximum_second_moment"}

BARE: list[list[str]] = [[], ["momentum"]]
SCALED = [["weight_decay"], ["loss_scale"], ["weight_decay", "loss_scale"]]
RMSPROP_FEATURES = [*BARE, *SCALED, ["momentum", *SCALED[-1]]]
ADAM_FEATURES = [BARE[0], *SCALED]

# Gaps, in MindSpore's words.
DTYPE = "TypeError: For primitive[{}], the input argument must be a type of {{Float16, Float32, …}}"
REFUSED = {
    "ApplyProximalGradientDescent": "'var' … With float32 or float16 data type. (float64 is taken, "
    "and computed in float32)"
}
AMSGRAD_DTYPE = "TypeError: … which cannot be converted to data type Float32 automatically"
NO_SCALAR = "the dimension of 'var' must be at least 1-D, but got scalar or None"
NO_VIEWS = "a Tensor of this release is dense: mindspore.mint, which makes views, came with 2.3"
CLASS_GAPS = {
    "empty": "ValueError: … the value of 'shape' must be positive integer, but got (0,)",
    "centralize": "Unsupported op [Centralization] on CPU (without a second axis that is a "
    "multiple of 16 the gradient passes through as it is, and nothing is said)",
}


# docs/findings/mindspore-tiny-scalars.md
OPERATOR_GAPS = {
    "epsilon=1e-30": "below 5e-18 an operator takes whichever such number was given to it first"
}


@dataclass(frozen=True)
class MindSporeOffer(Offer):
    """A class and the operator beneath it, or (no mode) an operator."""

    operator: str = ""
    mode: str = ""

    def lacking(self) -> str:
        return kit.lacks(self.own, [])

    def shown(self, features: Sequence[str]) -> list[str]:
        """Canonical names of the state that a configuration really has."""
        moments = [name for name in MOMENTS if name in STATES[self.family]]
        return [*moments, *(BROUGHT[name] for name in features if name in BROUGHT)]


# What an operator takes, in its own order; ``momentum`` is the buffer.
INPUTS = {
    "ApplyRMSProp": "parameter second_moment momentum learning_rate gradient decay momentum_rate "
    "epsilon",
    "ApplyCenteredRMSProp": "parameter mean_gradient second_moment momentum gradient learning_rate "
    "decay momentum_rate epsilon",
    "Adam": "parameter first_moment second_moment beta1_power beta2_power learning_rate beta1 "
    "decay epsilon gradient",
    "ApplyAdamWithAmsgradV2": "parameter first_moment second_moment maximum_second_moment "
    "beta1_power beta2_power learning_rate beta1 decay epsilon gradient",
    "ApplyProximalAdagrad": "parameter second_moment learning_rate l1 l2 gradient",
    "ApplyProximalGradientDescent": "parameter learning_rate l1 l2 gradient",
}
FAMILIES = {
    **{name: "rmsprop" if "RMSProp" in name else "adam" for name in INPUTS},
    "ApplyProximalAdagrad": "adagrad",
    "ApplyProximalGradientDescent": "sgd",
}
RMSPROPS = ["mindspore-rmsprop", "mindspore-rmsprop-ones"]
ADAMS = ["mindspore-adam", "mindspore-adam-corrected-maximum"]
OPS_ADAM = ["mindspore-ops-adam"]
DRAWN = [["proximal", *more] for more in ADAM_FEATURES]
CENTERED = [["centered", *more] for more in RMSPROP_FEATURES]
AMSGRAD = [["amsgrad", *more] for more in ADAM_FEATURES]
# docs/findings/mindspore-rmsprop-float64-in-float32.md
IN_FLOAT32 = "float64 parameters are computed in float32"
ALL: list[protocol.DType] = ["float16", "float32", "float64"]
F16_32, F32_64 = ALL[:2], ALL[1:]


def row(
    own: Any,
    operator: str,
    claims: list[str],
    features: list[list[str]],
    dtypes: list[protocol.DType],
    mode: str = "",
) -> MindSporeOffer:
    """A class in one mode, or an operator: names and gaps are those of its kernel."""
    rmsprop, amsgrad = "RMSProp" in operator, "Amsgrad" in operator
    family = FAMILIES[operator]
    refusal = AMSGRAD_DTYPE if amsgrad else REFUSED.get(operator) or DTYPE.format(operator)
    gaps = {dtype: refusal for dtype in protocol.ITEM_SIZE if dtype not in dtypes}
    inputs = INPUTS[operator].replace("momentum_rate", "momentum").split()
    known = {name for own_names in NAMES.values() for name in own_names}
    names = {name: name for name in inputs if name in known}
    offer = MindSporeOffer(
        own=own,
        operator=operator,
        mode=mode,
        family=family,
        claims=claims,
        features=features,
        names=NAMES[family] if mode else names,
        dtypes=dtypes,
        compiled=bool(mode),
        groups=list(GROUP_KEYS) if mode else [],
        gaps={
            **gaps,
            **({"scalar": NO_SCALAR} if amsgrad or "Proximal" in operator else {}),
            **({"precision": IN_FLOAT32} if rmsprop and "float64" in dtypes else {}),
            **({} if MINT else {"strided": NO_VIEWS}),
            **(CLASS_GAPS if mode else OPERATOR_GAPS),
        },
        page=PAGE.format(
            "nn" if mode else "ops", getattr(own, "__name__", "") if mode else operator
        ),
    )
    shown = offer.shown(sorted({name for listed in features for name in listed}))
    return offer.changed(state={name: name for name in shown})


def classes(mode: str) -> dict[str, MindSporeOffer]:
    """The classes in one mode."""
    return {
        f"{NAME}:nn.RMSProp[{mode}]": row(
            nn.RMSProp, "ApplyRMSProp", RMSPROPS, RMSPROP_FEATURES, F16_32, mode
        ),
        f"{NAME}:nn.RMSProp[{mode},centered]": row(
            nn.RMSProp, "ApplyCenteredRMSProp", RMSPROPS, CENTERED, ALL, mode
        ),
        f"{NAME}:nn.Adam[{mode}]": row(nn.Adam, "Adam", ADAMS[:1], ADAM_FEATURES, F16_32, mode),
        f"{NAME}:nn.Adam[{mode},amsgrad]": row(
            nn.Adam, "ApplyAdamWithAmsgradV2", ADAMS, AMSGRAD, F32_64, mode
        ),
        f"{NAME}:nn.ProximalAdagrad[{mode}]": row(
            getattr(nn, "ProximalAdagrad", None),
            "ApplyProximalAdagrad",
            ["mindspore-proximaladagrad"],
            DRAWN,
            F16_32,
            mode,
        ),
    }


AMSGRAD_OPERATOR = getattr(ops, "ApplyAdamWithAmsgradV2", None)
OPERATORS = [
    row(ops.ApplyRMSProp, "ApplyRMSProp", RMSPROPS[:1], BARE, ALL),
    row(ops.ApplyCenteredRMSProp, "ApplyCenteredRMSProp", RMSPROPS[:1], CENTERED[:2], ALL),
    row(ops.Adam, "Adam", OPS_ADAM, [[]], F16_32),
    row(AMSGRAD_OPERATOR, "ApplyAdamWithAmsgradV2", OPS_ADAM, [["amsgrad"]], ALL),
    *(
        row(
            getattr(ops, operator, None),
            operator,
            [f"mindspore-ops-{operator.replace('Apply', '').lower()}"],
            DRAWN[:1],
            F16_32,
        )
        for operator in ("ApplyProximalAdagrad", "ApplyProximalGradientDescent")
    ),
]
OFFERS = {
    **{name: offer for mode in MODES for name, offer in classes(mode).items()},
    **{f"{NAME}:ops.{offer.operator}": offer for offer in OPERATORS},
}


def flags() -> dict[str, str]:
    return {"threads_num": "1", "flush_to_zero": "in compiled graphs"}


def placed(array: Array, layout: str) -> Tensor:
    """A gradient, strided if asked for; a Parameter copies itself into contiguous memory."""
    if layout == "contiguous" or array.ndim == 0:
        return Tensor(array)
    if MINT is None:
        raise Unsupported(NO_VIEWS)
    pairs = np.stack([array, np.zeros_like(array)], axis=-1)
    return MINT.select(Tensor(pairs), -1, 0)


def copied(tensor: Tensor) -> Array:
    """A copy as NumPy array; a 0-d tensor may come as one element."""
    return np.array(tensor.asnumpy()).reshape(tensor.shape)


def replace(parameter: Parameter, array: Array) -> None:
    """New values in the same memory."""
    # set_data gives it other memory, while in PyNative mode the compiled step goes on with the old.
    ops.assign(parameter, Tensor(array))


class SharedSession:
    """What both kinds of session share; ``tensors`` are the state, by canonical name."""

    tensors: dict[str, list[Parameter]]

    def __init__(self, request: protocol.Open, offer: MindSporeOffer) -> None:
        self.mode = MODES[offer.mode or "pynative"]
        ms.set_context(mode=self.mode)
        self.shown = offer.shown(request.features)
        self.layouts = [asked.layout for asked in request.parameters]
        # Weight decay goes by names: they are exactly those that were asked for.
        arrays = [(asked.name, kit.to_array(asked.value)) for asked in request.parameters]
        self.values = [Parameter(Tensor(array), name=name) for name, array in arrays]

    def apply(self, gradients: list[Tensor]) -> None:
        """Take the step: each kind of session has its own way."""
        raise NotImplementedError

    def count(self, step: int) -> None:
        self.steps = step

    def step(self, gradients: list[Array]) -> list[Array]:
        ms.set_context(mode=self.mode)
        tensors = list(map(placed, gradients, self.layouts))
        self.apply(tensors)
        return [copied(tensor) for tensor in tensors]

    def parameters(self) -> list[Array]:
        return [copied(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {name: [copied(tensor) for tensor in self.tensors[name]] for name in self.shown}

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        ms.set_context(mode=self.mode)
        for name, arrays in state.items():
            for tensor, array in zip(self.tensors[name], arrays, strict=True):
                replace(tensor, array)
        self.count(step)


class ClassSession(SharedSession):
    """A session over a class of ``mindspore.nn``."""

    def __init__(self, request: protocol.Open, offer: MindSporeOffer) -> None:
        super().__init__(request, offer)
        arguments: dict[str, Any] = dict(kit.keywords(request, offer.names))
        arguments.update({SWITCHES[name]: True for name in request.features if name in SWITCHES})
        if request.learning_rates:
            arguments["learning_rate"] = request.learning_rates
        self.optimizer = offer.own(grouped(request, self.values), **arguments)
        names = STATES[offer.family]
        self.tensors = {name: list(getattr(self.optimizer, names[name])) for name in self.shown}

    def apply(self, gradients: list[Tensor]) -> None:
        self.optimizer(tuple(gradients))

    def count(self, step: int) -> None:
        replace(self.optimizer.global_step, np.array([step], np.int32))
        if "first_moment" in self.shown:
            for beta in ("beta1", "beta2"):
                # The product is formed in float32, one rounding a step.
                factors = [1.0, *step * [getattr(self.optimizer, beta).asnumpy()]]
                power = np.multiply.accumulate(np.array(factors, np.float32))[-1]
                replace(getattr(self.optimizer, f"{beta}_power"), power)


class OperatorSession(SharedSession):
    """A session over one operator, called from Python once a parameter.

    The caller keeps the state, which starts at zero, the count of steps and the betas' powers.
    """

    def __init__(self, request: protocol.Open, offer: MindSporeOffer) -> None:
        super().__init__(request, offer)
        self.scalars = kit.keywords(request, offer.names)
        self.scalars["momentum_rate"] = self.scalars.pop("momentum", 0.0)
        self.rates, self.steps = request.learning_rates, 0
        self.operator, self.inputs = offer.own(), INPUTS[offer.operator].split()
        self.tensors = {
            name: [Parameter(Tensor(np.zeros_like(array))) for array in self.parameters()]
            for name in self.inputs
            if name in STATE
        }

    def apply(self, gradients: list[Tensor]) -> None:
        rate = {"learning_rate": self.rates[self.steps]} if self.rates else {}
        scalars, self.steps = {**self.scalars, **rate}, self.steps + 1
        if "beta1" in scalars:
            scalars["beta1_power"] = scalars["beta1"] ** self.steps
            scalars["beta2_power"] = scalars["decay"] ** self.steps
        for i, (value, gradient) in enumerate(zip(self.values, gradients, strict=True)):
            state = {name: tensors[i] for name, tensors in self.tensors.items()}
            known = {**scalars, **state, "parameter": value, "gradient": gradient}
            self.operator(*(known[name] for name in self.inputs))


def grouped(request: protocol.Open, parameters: list[Parameter]) -> list[Any]:
    """The parameters, in MindSpore's groups where groups are asked for, and in their own order."""
    groups: list[dict[str, Any]] = []
    if unknown := {name for values in request.groups for name in values} - set(GROUP_KEYS):
        raise Unsupported(f"a group takes no {', '.join(sorted(unknown))}")
    for index, values in enumerate(request.groups):
        own = {GROUP_KEYS[name]: value for name, value in values.items()}
        pairs = zip(parameters, request.parameters, strict=True)
        if members := [parameter for parameter, asked in pairs if asked.group == index]:
            groups.append({"params": members, **own})
    return [*groups, {"order_params": parameters}] if groups else parameters


def driven(request: protocol.Open, offer: MindSporeOffer) -> kit.Session:
    """A session of the kind that an offer needs."""
    return ClassSession(request, offer) if offer.mode else OperatorSession(request, offer)


ADAPTER = Adapter(
    NAME,
    OFFERS,
    driven,
    packages=("mindspore", "numpy"),
    flags=flags,
    public={"mindspore.nn": "Optimizer"},
)
describe, open_session = ADAPTER.describe, ADAPTER.open_session


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """What an optimizer made without arguments was given; an operator has no defaults."""
    offer = OFFERS[implementation]
    if not offer.mode:
        return {}
    # The constructors are wrapped: their signatures say nothing.
    optimizer = offer.own([Parameter(Tensor(np.zeros(1, np.float32)), name="parameter")])
    given = {**optimizer.init_args, "learning_rate": optimizer.init_learning_rate}
    names = {**offer.names, **SWITCHES, "nesterov": "use_nesterov"}
    return {canonical: given[own] for canonical, own in names.items() if own in given}
