"""tinygrad's Adam and AdamW: on its interpreter, which needs no compiler, and through clang."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import Any

import numpy as np

# Read while tinygrad is imported, which otherwise looks for a device that it can use.
os.environ["DEV"] = "PYTHON"

from tinygrad import Context, Tensor
from tinygrad.nn import optim

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.offer import Adapter, Offer

NAME = "tinygrad"

GAPS = {
    "float64": "moments and learning rate are float32, whatever the parameter is",
}
UNDRIVEN = {
    dtype: f"the moments beside a {dtype} parameter are float32"
    for dtype in ("float16", "bfloat16")
}
COMPILER = os.environ.get("CC", "clang")  # as tinygrad's ClangCompiler asks for it
NO_COMPILER = f"its device CPU compiles with {COMPILER}, which is not on PATH: install clang"
# tinygrad's device to what stands in brackets.
DEVICES = {"PYTHON": "", "CPU": "clang"}


@dataclass(frozen=True)
class TinygradOffer(Offer):
    """One function that makes an optimizer, on one of tinygrad's devices."""

    device: str = "PYTHON"

    def lacking(self) -> str:
        return NO_COMPILER if self.device == "CPU" and shutil.which(COMPILER) is None else ""


STATE = {"first_moment": "m", "second_moment": "v"}
ADAM = TinygradOffer(
    own=optim.Adam,
    family="adam",
    claims=["tinygrad-adam", "tinygrad-adam-hat"],
    names={"learning_rate": "lr", "beta1": "b1", "decay": "b2", "epsilon": "eps"},
    state=STATE,
    dtypes=["float32"],
    compiled=True,
    gaps=GAPS,
    undriven=UNDRIVEN,
    page="https://docs.tinygrad.org/nn/#tinygrad.nn.optim.{}",
)
ADAMW = ADAM.changed(
    own=optim.AdamW,
    claims=[
        f"tinygrad-adamw{epsilon}{scale}" for epsilon in ("", "-hat") for scale in ("", "-unscaled")
    ],
    features=[[], ["weight_decay"]],
    names={**ADAM.names, "weight_decay": "weight_decay"},
    off={"weight_decay": 0.0},
)
OFFERS = {
    f"{NAME}:{offer.own.__name__}{option and f'[{option}]'}": offer.changed(device=device)
    for offer in (ADAM, ADAMW)
    for device, option in DEVICES.items()
}


class OptimizerSession:
    """A session over one ``tinygrad.nn.optim.Optimizer``."""

    def __init__(self, request: protocol.Open, offer: TinygradOffer) -> None:
        self.device = offer.device
        self.values = [
            self.tensor(kit.to_array(parameter.value)).is_param_(True)
            for parameter in request.parameters
        ]
        self.rates = list(request.learning_rates)
        self.optimizer = offer.own(self.values, **offer.settings(request))

    def tensor(self, array: Array) -> Any:
        """The array as a tensor with memory of its own."""
        return Tensor(array.copy(), device=self.device).realize()

    def step(self, gradients: list[Array]) -> list[Array]:
        for value, gradient in zip(self.values, gradients, strict=True):
            value.grad = self.tensor(gradient)
        if self.rates:
            rate = Tensor([self.rates.pop(0)], dtype=self.optimizer.lr.dtype, device=self.device)
            self.optimizer.lr.assign(rate).realize()
        with Context(TRAINING=1):
            self.optimizer.step()
        return [value.grad.numpy().copy() for value in self.values]

    def parameters(self) -> list[Array]:
        return [value.numpy().copy() for value in self.values]

    def state(self) -> dict[str, list[Array]]:
        return {
            name: [tensor.numpy().copy() for tensor in getattr(self.optimizer, own)]
            for name, own in STATE.items()
        }

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        kit.check_state(state, STATE)
        for name, arrays in state.items():
            for tensor, array in zip(getattr(self.optimizer, STATE[name]), arrays, strict=True):
                tensor.assign(self.tensor(array)).realize()
        # Powers of the decay rates are products, of which each step adds a factor.
        for tensor, beta in (
            (self.optimizer.b1_t, self.optimizer.b1),
            (self.optimizer.b2_t, self.optimizer.b2),
        ):
            power = np.prod(np.full(step, beta, np.float32), dtype=np.float32)
            tensor.assign(self.tensor(np.full(1, power))).realize()


ADAPTER = Adapter(
    NAME,
    OFFERS,
    OptimizerSession,
    packages=(NAME, "numpy"),
    no_groups="a group of parameters is an optimizer of its own",
    public={"tinygrad.nn.optim": "Optimizer"},
)
describe, open_session, probe = ADAPTER.describe, ADAPTER.open_session, ADAPTER.probe
