"""JAX: optax's RMSProp, Adam, AdamW and AMSGrad, and the optimizers of jax.example_libraries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import optax
from jax.example_libraries import optimizers

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.device_memory import DeviceRow
from optimizer_conformance.adapters.jax_aliases import ALIASES, BETAS, EVERYWHERE, RATE, STEP
from optimizer_conformance.adapters.jax_runs import ExampleRun, JaxOffer, OptaxRun
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter

NAME = "jax"

# Formats that JAX has only with x64.
WIDE = ("float64", "complex128")
GAPS = {"strided": "a JAX array has no strides: its memory layout is XLA's affair"}
NADAM = (
    "optax has Dozat's Nadam, which looks ahead through the first moment with a "
    "bias correction of its own, not through a momentum buffer"
)


RMSPROP = JaxOffer(
    own=optax.rmsprop,
    family="rmsprop",
    claims=["optax-rmsprop", "optax-rmsprop-unscaled"],
    features=[[], ["momentum"], ["centered"], ["centered", "momentum"], ["momentum", "nesterov"]],
    names={**RATE, "decay": "decay", "epsilon": "eps", "momentum": "momentum"},
    state={
        "second_moment": "nu",
        "mean_gradient": ("mu", "centered"),
        "momentum": ("trace", "momentum"),
    },
    opposite=True,
    **EVERYWHERE,
)
ADAM = JaxOffer(
    own=optax.adam,
    family="adam",
    claims=["optax-adam"],
    names={**RATE, **BETAS},
    state={"second_moment": "nu", "first_moment": "mu"},
    undriven={"nesterov": NADAM},
    **EVERYWHERE,
)
EXAMPLE_RMSPROP = JaxOffer(
    own=optimizers.rmsprop,
    family="rmsprop",
    claims=["jax-rmsprop", "jax-rmsprop-outside"],
    names={**STEP, "decay": "gamma", "epsilon": "eps"},
    state={"second_moment": "avg_sq_grad"},
    **EVERYWHERE,
)
WITH_JIT = {
    "jax:optax.rmsprop": RMSPROP,
    "jax:optax.adam": ADAM,
    "jax:optax.adamw": ADAM.changed(
        own=optax.adamw,
        claims=["optax-adamw"],
        features=[[], ["weight_decay"]],
        names={**ADAM.names, "weight_decay": "weight_decay"},
        arguments={"weight_decay": 0.0},  # where the feature is off; its own default is 1e-4
    ),
    "jax:example_libraries.rmsprop": EXAMPLE_RMSPROP,
    "jax:example_libraries.rmsprop_momentum": EXAMPLE_RMSPROP.changed(
        own=optimizers.rmsprop_momentum,
        claims=[
            "jax-rmsprop",
            "jax-rmsprop-outside",
            "jax-rmsprop-unscaled",
            "jax-rmsprop-outside-unscaled",
        ],
        features=[["momentum"]],
        names={**EXAMPLE_RMSPROP.names, "momentum": "momentum"},
        state={**EXAMPLE_RMSPROP.state, "momentum": "mom"},
    ),
    "jax:example_libraries.adam": JaxOffer(
        own=optimizers.adam,
        family="adam",
        claims=["jax-adam"],
        names={**STEP, **BETAS},
        state={"first_moment": "m", "second_moment": "v"},
        **EVERYWHERE,
    ),
}


def jitted(name: str) -> str:
    """The name of a row whose update is compiled."""
    return f"{name[:-1]},jit]" if name.endswith("]") else f"{name}[jit]"


WITH_JIT.update({f"jax:optax.{name}": offer for name, offer in ALIASES.items()})
OFFERS = {
    **WITH_JIT,
    **{jitted(name): offer.changed(jit=True) for name, offer in WITH_JIT.items()},
    "jax:optax.rmsprop[eps_in_sqrt=False]": RMSPROP.changed(
        claims=["optax-rmsprop-outside", "optax-rmsprop-outside-unscaled"],
        arguments={"eps_in_sqrt": False},
    ),
    "jax:optax.rmsprop[bias_correction]": RMSPROP.changed(
        claims=["optax-rmsprop-corrected", "optax-rmsprop-corrected-unscaled"],
        arguments={"bias_correction": True},
    ),
    "jax:optax.rmsprop[initial_scale=1]": RMSPROP.changed(
        claims=["optax-rmsprop-initial-1", "optax-rmsprop-initial-1-unscaled"],
        arguments={"initial_scale": 1.0},
    ),
    "jax:optax.adam[eps_root]": ADAM.changed(
        claims=["optax-adam-eps-root"],
        names={**ADAM.names, "epsilon": "eps_root"},
        arguments={"eps": 0.0},
    ),
    "jax:optax.amsgrad": ADAM.changed(
        own=getattr(optax, "amsgrad", None),  # since 0.1.5
        claims=["optax-amsgrad"],
        features=[["amsgrad"]],
        state={**ADAM.state, "maximum_second_moment": "nu_max"},
        undriven={},
    ),
}


def devices() -> dict[str, Any]:
    """JAX's devices by our names: what JAX calls ``gpu`` is ``cuda`` here."""
    others = [device for device in jax.devices() if device.platform != "cpu"]
    return {
        "cpu": jax.devices("cpu")[0],
        **{f"{d.platform.replace('gpu', 'cuda')}:{d.id}": d for d in others},
    }


# Before 0.8 it stood among what is experimental.
enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64


def describe() -> protocol.Description:
    named = devices().items()
    return ADAPTER.description(
        devices={name: "host" if name == "cpu" else d.device_kind for name, d in named}, gaps=GAPS
    )


def flags() -> dict[str, str]:
    """The switches that change arithmetic; what becomes of subnormals is measured on the host."""
    with jax.default_device(devices()["cpu"]):
        products = {"eager": jnp.multiply, "jit": jax.jit(lambda a, b: a * b)}
        small, tiny, large = (jnp.asarray(np.float32(2.0**e)) for e in (-70, -140, 100))
        flushed = {
            f"flush_to_zero_{what}_{mode}": str(not product(*operands))
            for mode, product in products.items()
            for what, operands in {"result": (small, small), "operand": (tiny, large)}.items()
        }
    return {
        "x64": "on in sessions with a 64-bit parameter, real or not; JAX's default (off) in others",
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
        "default_matmul_precision": str(jax.config.jax_default_matmul_precision),
        "numpy_dtype_promotion": str(jax.config.jax_numpy_dtype_promotion),
        **flushed,
    }


def to_jax(array: Array) -> Any:
    """The array's bits on the default device, in memory of their own."""
    if isinstance(array, DeviceRow):
        bits = jnp.array(jnp.asarray(array), copy=True).block_until_ready()
        narrow = array.dtype == "bfloat16"
        return jax.lax.bitcast_convert_type(bits, jnp.bfloat16) if narrow else bits
    return jnp.array(array.view(ml_dtypes.bfloat16) if array.dtype == np.uint16 else array)


def to_numpy(value: Any) -> Array:
    """The value's bits in memory of its own."""
    array = np.array(value)
    return array.view(np.uint16) if array.dtype == ml_dtypes.bfloat16 else array


def on_device(value: Any) -> Any:
    """The value where it is, once it is there; bfloat16 as bits, whose type all libraries know."""
    narrow = value.dtype == jnp.bfloat16
    bits = jax.lax.bitcast_convert_type(value, jnp.int16) if narrow else value
    return bits.block_until_ready()


def negated(array: Array) -> Array:
    """The array with its sign bits turned; done here, because XLA would flush subnormals."""
    size = array.itemsize // (2 if array.dtype.kind == "c" else 1)
    bits = np.dtype(f"u{size}")
    signs = np.bitwise_xor(np.ascontiguousarray(array).view(bits), bits.type(1 << (8 * size - 1)))
    return np.asarray(signs).view(array.dtype)


class OptimizerSession:
    """A session over one run: where and how wide JAX computes, and bits to arrays and back."""

    def __init__(self, request: protocol.Open, offer: JaxOffer) -> None:
        self.device = devices()[request.device]
        self.shown: Callable[[Any], Any] = to_numpy
        # A float32 session must stay what users see who never heard of x64.
        self.x64 = any(parameter.value.dtype in WIDE for parameter in request.parameters)
        # Canonical state to the library's own name, as far as these features have it.
        self.keys = offer.kept(request.features)
        self.opposite = {"momentum"} if offer.opposite else set()
        # It averages |g|^2: what is complex in name only has no imaginary part.
        self.real = {"second_moment", "maximum_second_moment"} if offer.optax else set()
        with self.arithmetic():
            values = [to_jax(kit.to_array(parameter.value)) for parameter in request.parameters]
            self.run = (OptaxRun if offer.optax else ExampleRun)(request, offer, values)

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        with enable_x64(self.x64), jax.default_device(self.device):
            yield

    def step(self, gradients: list[Array]) -> list[Array]:
        with self.arithmetic():
            own = [to_jax(gradient) for gradient in gradients]
            self.run.step(own)
            return [self.shown(gradient) for gradient in own]

    def parameters(self) -> list[Array]:
        with self.arithmetic():
            return [self.shown(value) for value in self.run.values]

    def stay_on_device(self) -> None:
        """Show arrays where they are from now on."""
        if self.opposite & set(self.keys):
            raise kit.Unsupported("its state has the other sign, and is turned on the host")
        self.shown = on_device

    def state(self) -> dict[str, list[Array]]:
        with self.arithmetic():
            return {
                name: [self.signed(name, self.shown(value)) for value in self.run.read(key)]
                for name, key in self.keys.items()
            }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.keys)
        with self.arithmetic():
            own = {
                self.keys[name]: [to_jax(self.own(name, array)) for array in arrays]
                for name, arrays in state.items()
            }
            self.run.write(own, step)

    def own(self, name: str, array: Array) -> Array:
        """A state tensor as the library keeps it."""
        if name in self.real and np.iscomplexobj(array):
            array = array.real.astype(array.dtype)
        return self.signed(name, array)

    def signed(self, name: str, array: Array) -> Array:
        return negated(array) if name in self.opposite else array


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=("jax", "jaxlib", "optax", "ml_dtypes", "numpy"),
    flags=flags,
    public={"optax": "optax._src.alias", "optax.contrib": "optax.contrib."},
)
probe = ADAPTER.probe


def open_session(request: protocol.Open) -> kit.Session:
    if request.groups and not OFFERS[request.implementation].optax:
        raise kit.Unsupported(f"{request.implementation} knows no groups of parameters")
    return ADAPTER.open_session(request)
