"""MATLAB's two functions on arrays of a device, audited.

    python ci/matlab_on_device.py DEVICE [LIBRARY [DTYPE…]]

Each array library that is installed holds parameter, gradient and state on the device from step to
step; the audit sends NumPy arrays and gets them back.  Prints a line a function and library, and
exits with 1 where one does not follow MATLAB's page.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from optimizer_conformance import audit
from optimizer_conformance.reference.matlab import adamupdate, rmspropupdate

DTYPES = ("float32", "float64")


def of_torch(device: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """To PyTorch's tensors and back."""
    torch = importlib.import_module("torch")
    return lambda a: torch.as_tensor(np.array(a), device=device), lambda t: t.cpu().numpy()


def of_cupy(device: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """To CuPy's arrays and back."""
    cupy = importlib.import_module("cupy")
    cupy.cuda.Device(int(device.partition(":")[2])).use()
    return cupy.asarray, cupy.asnumpy


def of_jax(device: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """To JAX's arrays and back; with x64, because half of the audit is in float64."""
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    kind, _, index = device.replace("cuda", "gpu").partition(":")
    place = jax.devices(kind)[int(index or 0)]
    return lambda a: jax.device_put(np.asarray(a), place), np.asarray


def of_numpy(device: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """NumPy's own arrays: the host."""
    return np.asarray, np.asarray


LIBRARIES = {"numpy": of_numpy, "torch": of_torch, "cupy": of_cupy, "jax": of_jax}


def rules(there: Callable[..., Any], back: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The two functions as an audit asks them: one step from arrays to arrays.

    A rate of 0, which both refuse and an audit's schedules have, leaves the parameter as it is.
    """

    def rmsprop(
        parameter: Any, gradient: Any, state: Any, learning_rate: float = 0.001,
        decay: float = 0.9, epsilon: float = 1e-8,
    ) -> Any:  # fmt: skip
        found = rmspropupdate(
            there(parameter), there(gradient), state, learning_rate or 1.0, decay, epsilon
        )
        return back(found[0]) if learning_rate else parameter, found[1]

    def adam(
        parameter: Any, gradient: Any, state: Any, learning_rate: float = 0.001,
        beta1: float = 0.9, decay: float = 0.999, epsilon: float = 1e-8,
    ) -> Any:  # fmt: skip
        first, second, count = state or (None, None, 0)
        found = adamupdate(
            there(parameter), there(gradient), first, second, count + 1, learning_rate or 1.0,
            beta1, decay, epsilon,
        )  # fmt: skip
        return back(found[0]) if learning_rate else parameter, (found[1], found[2], count + 1)

    return {"matlab-rmspropupdate-r2020a": rmsprop, "matlab-adamupdate": adam}


def main(device: str, only: str = "", *dtypes: str) -> int:
    """Audit both functions with each library that has the device; 1 where one does not follow."""
    wrong = 0
    for name, library in LIBRARIES.items():
        if only not in ("", name):
            continue
        try:
            there, back = library(device)
            back(there(np.ones(2, np.float32)))
        except Exception as error:  # noqa: BLE001 - whatever keeps a library from the device
            print(f"{name} on {device}: not asked: {type(error).__name__}: {str(error)[:120]}")
            continue
        for like, function in rules(there, back).items():
            found = audit(function, like, kind="function", dtypes=dtypes or DTYPES)
            print(
                f"{name} on {'the host' if name == 'numpy' else device}, {like}: {found.relation}, "
                f"{found.score:.3g} of the bound in {found.cases} cases"
                f" ({', '.join(dtypes or DTYPES)})",
                *found.why,
                flush=True,
            )
            wrong += not found.conforms
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
