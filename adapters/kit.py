"""What every adapter shares: the session's skeleton, and arrays to tensors and back.

An adapter module has three members::

    NAME: str
    def describe() -> protocol.Description
    def open_session(request: protocol.Open) -> kit.Session

and a fourth, ``probe(implementation: str) -> dict``, which reads the constructor's defaults.
:mod:`adapters.offer` makes them from a row an implementation.
bfloat16 travels as its 16 bits in a ``uint16`` array, because NumPy has no such type.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from optimizer_conformance.adapters.device_memory import DeviceRow
from optimizer_conformance.adapters.protocol import ITEM_SIZE, Open, Parameter, Tensor

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
else:  # Python 3.8 cannot subscript it
    Array = np.ndarray
STORAGE = {
    "float16": "<f2",
    "bfloat16": "<u2",
    "float32": "<f4",
    "float64": "<f8",
    "complex64": "<c8",
    "complex128": "<c16",
}


class Unsupported(Exception):  # noqa: N818 - it is an answer, not an error
    """Said by an adapter on purpose: this combination does not exist upstream, and why."""


class Session(Protocol):
    """One optimizer under test.

    Every list holds one array a parameter, in the order in which they were opened; state is keyed
    by canonical name: ``second_moment``, ``first_moment``, ``mean_gradient`` (of the centred form),
    ``momentum`` (positive when it is subtracted from the parameter),
    ``maximum_second_moment``.  One that can be saved has a method ``reload()`` too: a fresh
    optimizer over the same parameters goes on from what was saved.
    """

    def step(self, gradients: list[Array]) -> list[Array]:
        """Take one step; return the gradients as they stand afterwards.

        None stands for a gradient that is missing; only an implementation whose ``loop`` has
        ``missing`` gets any.
        """

    def parameters(self) -> list[Array]:
        """Copies of the parameters."""

    def state(self) -> dict[str, list[Array]]:
        """Copies of the state tensors that the implementation shows."""

    def set_state(self, state: dict[str, list[Array]], step: int) -> None:
        """Replace the state; ``step`` steps were taken before."""


def to_array(tensor: Any) -> Any:
    """The bits as a writable NumPy array; bfloat16 as ``uint16``.

    A row of a device's memory stays what it is.
    """
    if isinstance(tensor, DeviceRow):
        return tensor
    count = int(np.prod(tensor.shape, dtype=np.int64))
    if len(tensor.data) != count * ITEM_SIZE[tensor.dtype]:
        raise ValueError(
            f"a {tensor.dtype} tensor of shape {tensor.shape} with {len(tensor.data)} bytes"
        )
    array: Array = np.frombuffer(tensor.data, dtype=STORAGE[tensor.dtype])
    return array.reshape(tensor.shape).copy()


def to_tensor(array: Array) -> Tensor:
    """A NumPy array as bits; ``uint16`` and ml_dtypes' bfloat16 both mean bfloat16."""
    name = "bfloat16" if array.dtype == np.uint16 else array.dtype.name
    if name not in STORAGE:
        raise TypeError(f"{array.dtype} has no place on the wire; known are {', '.join(STORAGE)}")
    return Tensor(dtype=name, shape=array.shape, data=np.ascontiguousarray(array).tobytes())  # type: ignore[arg-type]  # the name was just checked


def strided(array: Array) -> Array:
    """The same elements in memory where neighbours do not touch (last axis has stride two)."""
    if array.ndim == 0:
        return array
    room = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
    view = room[..., ::2]
    view[...] = array
    return view


def arranged(array: Array, layout: str) -> Array:
    """The same elements in the memory layout that is asked for, where the shape allows it."""
    if layout == "strided":
        return strided(array)
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "channels-last" and array.ndim == 4:
        return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return array


def placed(parameter: Parameter) -> Array:
    """A parameter's array in the memory layout that was asked for."""
    return arranged(to_array(parameter.value), parameter.layout)


def group_values(request: Open, name: str) -> list[float] | None:
    """Hyperparameter ``name`` of each group, or None where no group overrides it."""
    if not any(name in group for group in request.groups):
        return None
    return [group.get(name, request.hyperparameters[name]) for group in request.groups]


def keywords(request: Open, names: Mapping[str, str]) -> dict[str, float]:
    """The request's hyperparameters under the framework's own names; those absent stay absent."""
    missing = set(request.hyperparameters) - set(names)
    if missing:
        raise Unsupported(f"{request.implementation} takes no {', '.join(sorted(missing))}")
    return {names[name]: value for name, value in request.hyperparameters.items()}


def check_features(request: Open, combinations: Iterable[Iterable[str]]) -> None:
    """Raise Unsupported unless the request's options are one of the declared combinations."""
    if sorted(request.features) not in [sorted(combination) for combination in combinations]:
        asked = ", ".join(request.features) or "plain form"
        raise Unsupported(f"{request.implementation} has no {asked}")


def check_options(request: Open, combinations: Iterable[Iterable[str]]) -> None:
    """Raise Unsupported unless each of the request's options is declared, whatever it goes with."""
    if unknown := set(request.features).difference(*combinations):
        raise Unsupported(f"{request.implementation} has no {', '.join(sorted(unknown))}")


def check_state(state: Mapping[str, object], names: Iterable[str]) -> None:
    """Raise ValueError unless exactly the state tensors called ``names`` were sent."""
    if set(state) != set(names):
        raise ValueError(f"state {sorted(state)} for an optimizer that has {sorted(names)}")


def constructor_defaults(
    function: Callable[..., Any] | None, names: Mapping[str, str]
) -> dict[str, float | bool | str | None]:
    """Defaults of ``function`` under canonical names; ``names`` maps canonical to its own.

    None where a release lacks it: it has no defaults.  An object that only says that a value has to
    be given, as of PyTorch before 2.3, is no default.
    """
    if function is None:
        return {}
    signature = inspect.signature(function).parameters
    return {
        canonical: signature[own].default
        for canonical, own in names.items()
        if own in signature
        and signature[own].default is not inspect.Parameter.empty
        and "required" not in type(signature[own].default).__name__.lower()
    }


def lacks(function: Callable[..., Any] | None, names: Iterable[str]) -> str:
    """Why this release of a framework cannot run a way that later or earlier ones have, or empty.

    The reason belongs into the gap ``device`` of an implementation without devices.  ``function``
    is None where there is no such object; otherwise it must take all ``names``.
    """
    if function is None:
        return "this release has no such optimizer"
    signature = inspect.signature(function).parameters
    if any(item.kind is item.VAR_KEYWORD for item in signature.values()):
        return ""
    missing = [name for name in names if name not in signature]
    return f"{function.__name__} of this release takes no {', '.join(missing)}" if missing else ""


def versions(*distributions: str) -> dict[str, str]:
    """Installed versions, in order."""
    return {name: version(name) for name in distributions}


def version(distribution: str) -> str:
    """Of a distribution; of a build that was never installed, what it says or its files' hash.

    Raises PackageNotFoundError for one that is not there.
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        module = sys.modules.get(distribution.replace("-", "_"))
        if module is None:
            raise
        stated = getattr(module, "__version__", None)
        return str(stated) if stated else f"0+{hash_of(module)}"


def hash_of(module: ModuleType) -> str:
    """The first letters of a hash of a package's files."""
    digest = hashlib.sha256()
    for folder in getattr(module, "__path__", []) or [module.__file__]:
        for path in sorted(Path(folder).rglob("*.py")) or [Path(folder)]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
