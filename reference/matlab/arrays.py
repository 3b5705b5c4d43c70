"""The arrays inside the containers: their numeric class, their device, and one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import (
    array_namespace,
    device,
    is_array_api_obj,
    is_cupy_array,
    is_pydata_sparse_array,
    is_torch_array,
)

from optimizer_conformance.reference.matlab.containers import Argument
from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.matlab.objects import DLArray
from optimizer_conformance.reference.numbers.array import named

NUMERIC = {"float32": "single", "float64": "double", "complex64": "single", "complex128": "double"}


def numeric(argument: Argument, *, complex_values: bool) -> Any:
    """The array behind a numeric array or a ``dlarray``, without changing it.

    Raises ArgumentError for a class other than single and double, for a complex array unless
    ``complex_values``, and for an array that keeps more or less than values: masked, sparse, meta.
    """
    value = argument.value.data if isinstance(argument.value, DLArray) else argument.value
    if type(value) is not np.ndarray:
        value = dense(argument, value)
    name = dtype_name(value)
    if name not in NUMERIC:
        raise ArgumentError(argument.name, f"must have data type double or single, and has {name}")
    if name.startswith("complex") and not complex_values:
        raise ArgumentError(argument.name, "must not be complex-valued before R2024a")
    if type(value) is np.ndarray and not value.dtype.isnative:
        return value.astype(value.dtype.newbyteorder("="))
    return value


def dense(argument: Argument, value: Any) -> Any:
    """An array of any library, or a number, that holds its values and nothing else."""
    if isinstance(value, float | complex | np.generic):
        return np.asarray(value)
    if not is_array_api_obj(value):
        raise ArgumentError(argument.name, f"must hold an array, and holds {type(value).__name__}")
    if isinstance(value, np.ndarray) and not isinstance(value, np.memmap):
        raise ArgumentError(
            argument.name, f"must be a plain array, and is a {type(value).__name__}"
        )
    if is_torch_array(value):
        if value.is_meta:
            raise ArgumentError(argument.name, "must hold values, and is a tensor on device meta")
        if str(value.layout) != "torch.strided":
            raise ArgumentError(argument.name, f"must be dense, and has layout {value.layout}")
        return value.detach()  # an update is no part of what is differentiated
    if is_pydata_sparse_array(value):
        raise ArgumentError(argument.name, f"must be dense, and is a {type(value).__name__}")
    return np.asarray(value) if isinstance(value, np.memmap) else value


def dtype_name(array: Any) -> str:
    """``float32`` and its like, for the arrays of any library."""
    return named(array.dtype)


def refuse_negative(argument: Argument, array: Any) -> None:
    """Refuse a real average of squares with a negative element."""
    xp = array_namespace(array)
    if bool(xp.any(array < 0)):
        raise ArgumentError(
            argument.name,
            "must not be negative before R2024a: its root would make the parameters complex",
        )


def numeric_class(array: Any) -> str:
    """``single`` or ``double``."""
    return NUMERIC[dtype_name(array)]


def on_accelerator(array: Any) -> bool:
    """Whether an array lies on a GPU (or another device that is not the host)."""
    if type(array) is np.ndarray:
        return False
    if is_cupy_array(array):
        return True
    where = device(array)
    name = str(getattr(where, "type", None) or getattr(where, "platform", None) or where)
    return "cpu" not in name.lower()


def together(arguments: Sequence[Argument], arrays: Sequence[Any]) -> list[Any]:
    """All arrays in one library and on one device.

    Where one of them is on a GPU, the others are copied to it, host arrays of NumPy included;
    otherwise arrays of several libraries are refused.
    """
    if all(type(array) is np.ndarray for array in arrays):
        return list(arrays)
    leader = next((array for array in arrays if on_accelerator(array)), None)
    if leader is None:
        for argument, array in zip(arguments, arrays, strict=True):
            if array_namespace(array) is not array_namespace(arrays[0]):
                raise ArgumentError(
                    argument.name,
                    f"must be an array of the library of {arguments[0].name} "
                    f"({type(arrays[0]).__module__}), and is one of {type(array).__module__}",
                )
        return list(arrays)
    xp, place = array_namespace(leader), device(leader)
    return [xp.asarray(array, device=place) for array in arrays]


def same_sizes(arguments: Sequence[Argument], arrays: Sequence[Any]) -> None:
    """Refuse an array that is not of the parameter's size."""
    for argument, array in zip(arguments, arrays, strict=True):
        if tuple(array.shape) != tuple(arrays[0].shape):
            raise ArgumentError(
                argument.name,
                f"must have the size of {arguments[0].name} ({size(arrays[0])}), and has "
                f"{size(array)}",
            )


def size(array: Any) -> str:
    """``3-by-4``; what has no dimensions is no 1-by-1 array here."""
    return "-by-".join(map(str, array.shape)) or "no dimensions"


def same_classes(arguments: Sequence[Argument], arrays: Sequence[Any]) -> None:
    """Refuse single beside double."""
    for argument, array in zip(arguments, arrays, strict=True):
        if numeric_class(array) != numeric_class(arrays[0]):
            raise ArgumentError(
                argument.name,
                f"must have data type {numeric_class(arrays[0])} like {arguments[0].name}, and has "
                f"{numeric_class(array)}",
            )


def same_labels(arguments: Sequence[Argument]) -> None:
    """Refuse a ``dlarray`` whose dimensions are labelled otherwise than the parameter's."""
    first = arguments[0].value
    if not isinstance(first, DLArray):
        return
    for argument in arguments:
        if argument.value.dims != first.dims:
            raise ArgumentError(
                argument.name,
                f"must have the dimension labels of {arguments[0].name} ({first.dims or 'none'}), "
                f"and has {argument.value.dims or 'none'}",
            )
