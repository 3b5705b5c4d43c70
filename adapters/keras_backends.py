"""How the adapters of Keras on JAX and on PyTorch drive it; each sets the back end beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import ml_dtypes
import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.keras_rules import OFFERS
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import HOST, Adapter, Offer

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


class KerasAdapter(Adapter[Offer]):
    """The members of the adapter of one back end."""

    def __init__(
        self,
        name: str,
        dtypes: list[protocol.DType],
        gaps: dict[str, str],
        *packages: str,
        cuda: Callable[[], dict[str, str]],
        arithmetic: Mapping[str, str],
        refused: Mapping[str, Mapping[str, str]] = {},
    ) -> None:
        self.cuda = cuda  # devices of the back end beside the host
        if keras.backend.backend() not in name:
            raise RuntimeError(f"Keras runs on {keras.backend.backend()}, which is not {name}")
        offers = {
            f"{name}:{title}": offer.changed(
                own=getattr(keras.optimizers, title),
                dtypes=[dtype for dtype in dtypes if dtype not in refused.get(title, {})],
                gaps={
                    "strided": "a keras.Variable is dense",
                    **offer.gaps,
                    **gaps,
                    **refused.get(title, {}),
                },
                arithmetic=arithmetic,
            )
            for title, offer in OFFERS.items()
            if hasattr(keras.optimizers, title)
        }
        super().__init__(
            name,
            offers,
            OptimizerSession,
            packages=("keras", *packages, "ml_dtypes", "numpy"),
            flags=flags,
            no_groups="an optimizer of Keras has one set of hyperparameters",
            public={"keras.optimizers": "Optimizer"},
        )

    def describe(self) -> protocol.Description:
        return self.description(devices={**HOST, **self.cuda()})


def flags() -> dict[str, str]:
    return {"backend": keras.backend.backend(), "floatx": keras.config.floatx()}


def to_keras(array: Array) -> Any:
    """The array's bits as a tensor of the back end, on the device of the scope around it."""
    if array.dtype != np.uint16:
        return keras.ops.convert_to_tensor(array.copy(), dtype=array.dtype.name)
    if keras.backend.backend() == "torch":
        import torch  # noqa: PLC0415 - it is there only with this back end

        # PyTorch's own way from float32 gives a nan other bits wherever it works in vectors.
        bits = torch.from_numpy(array.copy()).view(torch.bfloat16)
        return bits.to(keras.src.backend.torch.core.get_device())
    if keras.backend.backend() == "jax":
        import jax.numpy as jnp  # noqa: PLC0415 - the same

        # On a GPU the way from float32 gives every nan the same bits.
        return jnp.asarray(array.view(BFLOAT16))
    # Every bfloat16 is a float32, so that the way there and back keeps it.
    values = array.view(BFLOAT16).astype(np.float32)
    return keras.ops.convert_to_tensor(values, dtype="bfloat16")


def to_numpy(value: Any) -> Array:
    """The value's bits in memory of its own."""
    dtype = keras.backend.standardize_dtype(value.dtype)
    # Of a bfloat16 scalar TensorFlow's own __array__ makes no array.
    own = keras.backend.backend() == "tensorflow" and hasattr(value, "numpy")
    array = np.array(value.numpy() if own else keras.ops.convert_to_numpy(value))
    return array.astype(BFLOAT16).view(np.uint16) if dtype == "bfloat16" else array


def variables(request: protocol.Open) -> list[Any]:
    """The parameters as variables, by their place."""
    return [
        keras.Variable(
            to_keras(kit.to_array(parameter.value)),
            dtype=parameter.value.dtype,
            name=f"parameter_{index}",
        )
        for index, parameter in enumerate(request.parameters)
    ]


class Rates(keras.optimizers.schedules.LearningRateSchedule):
    """One rate a step; ``start`` is Keras' count of iterations at the first."""

    def __init__(self, rates: list[float]) -> None:
        self.rates, self.start = rates, 0

    def __call__(self, step: Any) -> Any:
        return keras.ops.convert_to_tensor(self.rates[int(step) - self.start])


def on(device: str) -> Any:
    """Where Keras computes; it calls ``gpu`` what is ``cuda`` here."""
    return keras.device(device.replace("cuda", "gpu"))


class OptimizerSession:
    """A session over one ``keras.Optimizer``."""

    def __init__(self, request: protocol.Open, offer: Offer) -> None:
        self.device = request.device
        with on(self.device):
            self.construct(request, offer)

    def construct(self, request: protocol.Open, offer: Offer) -> None:
        self.variables = variables(request)
        own = offer.settings(request)
        self.schedule = Rates(list(request.learning_rates)) if request.learning_rates else None
        if self.schedule is not None:
            own["learning_rate"] = self.schedule
        self.optimizer = offer.own(**own)
        self.optimizer.build(self.variables)
        made = {slot.name: slot for slot in self.optimizer.variables}
        self.slots = {
            name: [made[f"parameter_{index}_{ending}"] for index in range(len(self.variables))]
            for name, ending in offer.kept(request.features).items()
        }

    def step(self, gradients: list[Array]) -> list[Array]:
        with on(self.device):
            tensors = [to_keras(gradient) for gradient in gradients]
            self.optimizer.apply(tensors, self.variables)
        return [to_numpy(tensor) for tensor in tensors]

    def parameters(self) -> list[Array]:
        return [to_numpy(variable.value) for variable in self.variables]

    def state(self) -> dict[str, list[Array]]:
        return {
            name: [to_numpy(slot.value) for slot in slots] for name, slots in self.slots.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, self.slots)
        with on(self.device):
            for name, arrays in state.items():
                for slot, array in zip(self.slots[name], arrays, strict=True):
                    slot.assign(to_keras(array))
            if self.schedule is not None:
                self.schedule.start = step
            self.optimizer.iterations.assign(step)
