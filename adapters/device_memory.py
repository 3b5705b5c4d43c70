"""Memory of a CUDA device that another process made: rows that a worker reads and writes there.

Nothing but the driver's own library is asked (``libcuda``), which every framework's worker has,
and what a row holds is offered as ``__cuda_array_interface__``, which PyTorch, JAX and CuPy take.

https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__MEM.html,
https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Iterator  # noqa: UP035 - Python 3.8

from optimizer_conformance.adapters import protocol

HANDLE_SIZE = 64
LAZY_PEER_ACCESS = 1  # the only flag that opening takes
TYPES = {"float16": "<f2", "bfloat16": "<i2", "float32": "<f4", "float64": "<f8"}


class Handle(ctypes.Structure):
    """``CUipcMemHandle``."""

    _fields_ = [("reserved", ctypes.c_char * HANDLE_SIZE)]


class CudaError(RuntimeError):
    """The driver refused something."""


class Driver:
    """The calls of ``libcuda`` that are needed, on one device's own context."""

    def __init__(self, number: int) -> None:
        self.library = ctypes.CDLL("libcuda.so.1")
        context = ctypes.c_void_p()
        self.call("cuInit", 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), number)
        self.call("cuCtxSetCurrent", context)

    def call(self, name: str, *arguments: Any) -> None:
        """Raises CudaError with the driver's number."""
        code = getattr(self.library, name)(*arguments)
        if code:
            raise CudaError(f"{name}: CUDA error {code}")


@lru_cache(maxsize=16)
def driver_of(number: int) -> Driver:
    """One for each device."""
    return Driver(number)


class DeviceRow:
    """So many numbers of a dtype in memory of the device."""

    def __init__(self, pointer: int, dtype: str, elements: int) -> None:
        self.dtype, self.pointer, self.elements = dtype, pointer, elements

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": (self.elements,),
            "typestr": TYPES[self.dtype],
            "data": (self.pointer, False),
            "strides": None,
            "version": 2,
        }


class DeviceRows:
    """The rows of one memory, opened by its handle."""

    def __init__(self, driver: Driver, pointer: int, dtype: str, elements: int) -> None:
        self.driver, self.pointer = driver, pointer
        self.dtype, self.elements = dtype, elements
        self.size = elements * protocol.ITEM_SIZE[dtype]

    def __getitem__(self, row: int) -> DeviceRow:
        return DeviceRow(self.pointer + row * self.size, self.dtype, self.elements)

    def put(self, row: int, array: Any) -> None:
        """Copy an array of the device, as large as a row."""
        pointer, size = extent(array)
        if size != self.size:
            raise ValueError(f"a row has {self.size} bytes, and this array {size}")
        target = ctypes.c_uint64(self.pointer + row * self.size)
        self.driver.call("cuMemcpyDtoD_v2", target, ctypes.c_uint64(pointer), ctypes.c_size_t(size))

    def wait(self) -> None:
        """Until everything that was asked of the device is done."""
        self.driver.call("cuCtxSynchronize")


def extent(array: Any) -> tuple[int, int]:
    """Where an array of the device begins, and how many bytes it has, one after the other."""
    described = array.__cuda_array_interface__
    item = int(described["typestr"][2:])
    size = item
    for length in described["shape"]:
        size *= length
    if described.get("strides") not in (None, (item,)):
        raise ValueError("an array that lies apart")
    return described["data"][0], size


@contextmanager
def opened(handle: bytes, device: str, dtype: str, elements: int) -> Iterator[DeviceRows]:
    """The rows of a memory that another process made on a device such as ``cuda:0``."""
    driver = driver_of(int(device.partition(":")[2] or 0))
    pointer = ctypes.c_uint64()
    driver.call(
        "cuIpcOpenMemHandle_v2",
        ctypes.byref(pointer),
        Handle.from_buffer_copy(handle),
        LAZY_PEER_ACCESS,
    )
    try:
        yield DeviceRows(driver, pointer.value, dtype, elements)
    finally:
        driver.call("cuIpcCloseMemHandle", pointer)
