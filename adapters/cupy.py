"""CuPy: MATLAB's two update rules as one element-wise kernel each, and as array expressions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

try:
    import cupy
except (ImportError, OSError, RuntimeError) as error:  # no CuPy, or libraries it cannot load
    cupy = None
    MISSING = f"CuPy cannot be imported: {str(error).strip().partition(chr(10))[0]}"
else:
    MISSING = ""

NAME = "cupy"

UNDRIVEN = {"bfloat16": "CuPy takes it from ml_dtypes, which is not installed"}

# What a rule is called with: parameter, gradient, state by name, and the numbers of this step.
Update = Callable[[Any, Any, dict[str, Any], dict[str, float]], None]


@lru_cache(maxsize=256)
def kernel(inputs: str, outputs: str, operation: str, name: str) -> Any:
    """A kernel over one type T; outputs that stand on a right-hand side are read first."""
    return cupy.ElementwiseKernel(inputs, outputs, operation, name)


def rmsprop_kernel(
    parameter: Any, gradient: Any, state: dict[str, Any], h: dict[str, float]
) -> None:
    kernel(
        "T gradient, T rate, T decay, T epsilon",
        "T parameter, T second_moment",
        """
        second_moment = decay * second_moment + (1 - decay) * gradient * gradient;
        parameter = parameter - rate * gradient / (sqrt(second_moment) + epsilon);
        """,
        "rmsprop",
    )(gradient, h["learning_rate"], h["decay"], h["epsilon"], parameter, state["second_moment"])


def rmsprop_arrays(
    parameter: Any, gradient: Any, state: dict[str, Any], h: dict[str, float]
) -> None:
    second_moment = state["second_moment"]
    second_moment[...] = h["decay"] * second_moment + (1 - h["decay"]) * gradient * gradient
    parameter[...] -= h["learning_rate"] * gradient / (cupy.sqrt(second_moment) + h["epsilon"])


def adam_kernel(parameter: Any, gradient: Any, state: dict[str, Any], h: dict[str, float]) -> None:
    kernel(
        "T gradient, T rate, T beta1, T decay, T epsilon, T correction1, T correction2",
        "T parameter, T first_moment, T second_moment",
        """
        first_moment = beta1 * first_moment + (1 - beta1) * gradient;
        second_moment = decay * second_moment + (1 - decay) * gradient * gradient;
        parameter = parameter - rate * (first_moment / correction1)
            / (sqrt(second_moment / correction2) + epsilon);
        """,
        "adam",
    )(
        gradient,
        h["learning_rate"],
        h["beta1"],
        h["decay"],
        h["epsilon"],
        h["correction1"],
        h["correction2"],
        parameter,
        state["first_moment"],
        state["second_moment"],
    )


def adam_arrays(parameter: Any, gradient: Any, state: dict[str, Any], h: dict[str, float]) -> None:
    first_moment, second_moment = state["first_moment"], state["second_moment"]
    first_moment[...] = h["beta1"] * first_moment + (1 - h["beta1"]) * gradient
    second_moment[...] = h["decay"] * second_moment + (1 - h["decay"]) * gradient * gradient
    root = cupy.sqrt(second_moment / h["correction2"])
    parameter[...] -= h["learning_rate"] * (first_moment / h["correction1"]) / (root + h["epsilon"])


def row(update: Update, family: protocol.Family, claim: str, state: list[str]) -> Offer:
    """One function over a parameter, its gradient and its state."""
    first = ["beta1"] if family == "adam" else []
    names = ["learning_rate", *first, "decay", "epsilon"]
    return Offer(
        own=update,
        family=family,
        claims=[claim],
        names={name: name for name in names},
        state={name: name for name in state},
        dtypes=["float16", "float32", "float64"],
        undriven=UNDRIVEN,
        arithmetic={"cuda": "cuda"},
        page="https://docs.cupy.dev/en/v14.2.0/user_guide/kernel.html",
    )


def rmsprop(update: Update) -> Offer:
    return row(update, "rmsprop", "matlab-rmspropupdate-r2020a", ["second_moment"])


def adam(update: Update) -> Offer:
    return row(update, "adam", "matlab-adamupdate", ["first_moment", "second_moment"])


OFFERS = {
    "cupy:ElementwiseKernel.rmsprop": rmsprop(rmsprop_kernel),
    "cupy:arrays.rmsprop": rmsprop(rmsprop_arrays),
    "cupy:ElementwiseKernel.adam": adam(adam_kernel),
    "cupy:arrays.adam": adam(adam_arrays),
}


def devices() -> tuple[dict[str, str], str]:
    """CUDA devices by our names, or none and why.

    The compiler is asked for its version too: without it there is a device and no kernel.
    """
    if cupy is None:
        return {}, MISSING
    try:
        count = cupy.cuda.runtime.getDeviceCount()
        cupy.cuda.nvrtc.getVersion()
        names = [cupy.cuda.runtime.getDeviceProperties(i)["name"].decode() for i in range(count)]
    except RuntimeError as error:  # the parent of CuPy's CUDA and library errors
        return {}, f"CuPy finds no usable CUDA: {str(error).partition(chr(10))[0]}"
    found = {f"cuda:{i}": name for i, name in enumerate(names)}
    return found, "" if found else "CuPy finds no CUDA device"


def describe() -> protocol.Description:
    found, unavailable = devices()
    own = {} if cupy is None else {"cupy": cupy.__version__}
    return ADAPTER.description(
        versions={**own, **kit.versions("numpy")}, devices=found, unavailable=unavailable
    )


def flags() -> dict[str, str]:
    """The switches that change arithmetic; what becomes of subnormals is measured."""
    if not devices()[0]:
        return {}
    runtime = cupy.cuda.runtime
    small = cupy.full(1, 2.0**-70, dtype=cupy.float32)
    return {
        "cuda_runtime": str(runtime.runtimeGetVersion()),
        "cuda_driver": str(runtime.driverGetVersion()),
        "nvrtc": ".".join(map(str, cupy.cuda.nvrtc.getVersion())),
        "flush_to_zero": str(not (small * small).item()),
    }


def placed(parameter: protocol.Parameter) -> Any:
    """The parameter on the device, in the memory layout that was asked for."""
    value = cupy.array(kit.to_array(parameter.value))
    if parameter.layout == "strided" and value.ndim:
        room = cupy.zeros((*value.shape[:-1], 2 * value.shape[-1]), dtype=value.dtype)
        view = room[..., ::2]
        view[...] = value
        return view
    return value


class UpdateSession:
    """A session over one rule: the parameters and state stay on the device."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        self.offer = offer
        self.hyperparameters = request.hyperparameters
        self.rates = list(request.learning_rates)
        self.taken = 0
        self.shown: Callable[[Any], Any] = to_numpy
        self.device = int(request.device.partition(":")[2])
        with cupy.cuda.Device(self.device):
            self.values = [placed(parameter) for parameter in request.parameters]
            self.moments = {
                name: [cupy.zeros(value.shape, dtype=value.dtype) for value in self.values]
                for name in offer.state
            }

    def numbers(self) -> dict[str, float]:
        """The numbers of the coming step, in float64 on the host."""
        h = dict(self.hyperparameters)
        if self.rates:
            h["learning_rate"] = self.rates.pop(0)
        if self.offer.family == "adam":
            h["correction1"] = 1 - h["beta1"] ** self.taken
            h["correction2"] = 1 - h["decay"] ** self.taken
        return h

    def step(self, gradients: list[Array]) -> list[Array]:
        self.taken += 1
        h = self.numbers()
        with cupy.cuda.Device(self.device):
            own = [cupy.array(gradient) for gradient in gradients]
            for i, (value, gradient) in enumerate(zip(self.values, own, strict=True)):
                state = {name: arrays[i] for name, arrays in self.moments.items()}
                self.offer.own(value, gradient, state, h)
            return [self.shown(gradient) for gradient in own]

    def parameters(self) -> list[Array]:
        with cupy.cuda.Device(self.device):
            return [self.shown(value) for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        with cupy.cuda.Device(self.device):
            return {name: [self.shown(a) for a in arrays] for name, arrays in self.moments.items()}

    def stay_on_device(self) -> None:
        """Show arrays where they are from now on."""
        self.shown = cupy.asarray

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.moments)
        self.taken = step
        with cupy.cuda.Device(self.device):
            self.moments = {
                name: [cupy.array(array) for array in arrays] for name, arrays in state.items()
            }


def to_numpy(value: Any) -> Array:
    """The values in memory of the host."""
    return np.array(cupy.asnumpy(value))


ADAPTER = Adapter(
    NAME, OFFERS, UpdateSession, packages=(), flags=flags, no_groups="a rule has no groups"
)


def open_session(request: protocol.Open) -> kit.Session:
    found, unavailable = devices()
    if request.device not in found:
        raise kit.Unsupported(unavailable or f"no {request.device}; there are {', '.join(found)}")
    kit.keywords(request, OFFERS[request.implementation].names)
    return ADAPTER.open_session(request)


def probe(implementation: str) -> dict[str, float | bool | str | None]:
    """The rules are written here: they have no constructor and no defaults."""
    return {}
