"""A sweep on one CUDA device: the worker steps there, and what came is judged where it lies.

Rows that both processes share are memory of the device, which the worker opens by a handle
(:mod:`adapters.device_memory`).  The kernel is ``marking.cpp`` with the tables of the slice before
it; the compiler is CuPy's.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from optimizer_conformance.judging.fused import FusedStep
from optimizer_conformance.judging.fused_cpp import function
from optimizer_conformance.questions.sweep import marking
from optimizer_conformance.questions.sweep.engines import (
    Host,
    Marks,
    SweepBlock,
    SweepEngine,
    Tables,
)
from optimizer_conformance.questions.sweep.memory import Memory
from optimizer_conformance.questions.sweep.slices import BITS, Slice
from optimizer_conformance.reference.numbers.precision import Array

THREADS, BLOCKS = 256, 1056  # eight blocks for each of an H100's multiprocessors
LARGEST = 1 << 27  # elements of a block
SIZE, INFINITE = np.uint32(0x7FFFFFFF), np.uint32(0x7F800000)  # of float32
NOWHERE = np.iinfo(np.int64).max
SHARE = 16  # of a device's free memory, for the rows of one block
OPTIONS = ("--std=c++17", "--fmad=false")
HEAD = """#define DEVICE __device__ static
#define INFINITE __longlong_as_double(0x7FF0000000000000LL)
#define NO_NUMBER __longlong_as_double(0x7FF8000000000000LL)
"""
KERNEL = """
extern "C" __global__ void judge(const unsigned *const *given, const unsigned *seen,
                                 long long size, unsigned char *marks, const double *before,
                                 long long *counts, long long *places, double *best,
                                 double *held) {
    const long long thread = blockIdx.x * (long long)blockDim.x + threadIdx.x;
    Found found = begun(before);
    share(given, seen, size, thread, gridDim.x * (long long)blockDim.x, marks, found);
    keep(found, thread, counts, places, best, held);
}
"""


def engine(device: str) -> SweepEngine:
    """What judges what is stepped on a device: the device itself, where CuPy reaches it."""
    kind, _, number = device.partition(":")
    if kind != "cuda" or importlib.util.find_spec("cupy") is None:
        return Host()
    try:
        return Cuda(importlib.import_module("cupy"), int(number or 0))
    except (ImportError, RuntimeError):  # the second is the parent of CuPy's CUDA errors
        return Host()


def described(asked: Tables) -> str:
    """All that stands before the kernel's text; without what marks functions of a device."""
    start, tables = asked.start, asked.tables
    names = ("SMALLEST", "DIGITS", "LIMIT", "SHARE", "LAST", "SURE", "UNSURE")
    numbers = (*marking.described(start.dtype), marking.SURE, marking.UNSURE)
    lines = [f"#define {name} ({x.hex()})" for name, x in zip(names, numbers, strict=True)]
    counts = {
        "INPUTS": len(start.inputs),
        "ROWS": len(start.quantities),
        "USED": len(tables),
        "HELD": int(asked.held),
    }
    lines += [f"#define {name} {count}" for name, count in counts.items()]
    lines += [
        function(f"table_{which}", start, effect, way) for which, (effect, way) in enumerate(tables)
    ]
    lines.append("DEVICE void table(int which, const double *x, double *value, double *error) {")
    lines.append("    switch (which) {")
    for which in range(len(tables)):
        lines.append(f"        case {which}: table_{which}(x, value, error); break;")
    return "\n".join([*lines, "    }", "}", ""])


def program(asked: Tables) -> str:
    """The verdicts of a block as C++, without its first lines."""
    text = resources.files(__package__).joinpath("marking.cpp").read_text(encoding="utf-8")
    return described(asked) + text


@dataclass
class Shares:
    """What each thread has found, thread by thread, and what all of them went on from."""

    before: Any
    counts: Any
    places: Any
    best: Any
    held: Any

    @classmethod
    def fresh(cls, xp: Any, marks: Marks, threads: int) -> Shares:
        """Arrays of a library that a kernel fills."""
        rows = len(marks.best)
        return cls(
            xp.asarray(np.concatenate([marks.best.ravel(), marks.held])),
            xp.empty((threads, rows, 4), np.int64),
            xp.empty((threads, rows, 2), np.int64),
            xp.empty((threads, rows, 2), np.float64),
            xp.empty((threads, rows), np.float64),
        )

    def gather(self, xp: Any, marks: Marks, host: Callable[[Any], Array]) -> None:
        """All of them together; of equal largest numbers the first element's counts."""
        marks.counts += host(self.counts.sum(axis=0))
        marks.held[:] = host(self.held.max(axis=0))
        best = self.best.max(axis=0)
        brought = (self.best == best) & (self.places >= 0)
        first = host(xp.where(brought, self.places, NOWHERE).min(axis=0))
        new = first < NOWHERE
        marks.best[new], marks.places[new] = host(best)[new], first[new]


class Cuda:
    """CuPy's arrays on one device, and kernels made from the rule."""

    name = "device"
    eager = True

    def __init__(self, cupy: Any, number: int) -> None:
        self.xp, self.number = cupy, number
        cupy.cuda.Device(number).use()
        cupy.cuda.nvrtc.getVersion()  # raises where there is no compiler
        self.kernels: dict[Tables, Any] = {}

    def here(self) -> Any:
        """A block in which CuPy works on this device: each thread has one of its own."""
        return self.xp.cuda.Device(self.number)

    def array(self, values: Any) -> Any:
        """On the device."""
        return self.xp.asarray(values)

    def host(self, values: Any) -> Array:
        """From the device, or what is on the host already."""
        found: Array = self.xp.asnumpy(values)
        return found

    def kernel(self, asked: Tables) -> Any:
        """The compiled kernel of these tables."""
        if asked not in self.kernels:
            text = HEAD + program(asked) + KERNEL
            self.kernels[asked] = self.xp.RawKernel(text, "judge", options=OPTIONS)
        return self.kernels[asked]

    def judge(self, block: SweepBlock, marks: Marks) -> None:
        """A thread for each so-manieth element."""
        seen, size = block.seen, np.int64(block.seen.shape[1])
        places = self.xp.asarray(np.array([row.data.ptr for row in block.given], np.uint64))
        shares = Shares.fresh(self.xp, marks, THREADS * BLOCKS)
        self.kernel(block.asked)(
            (BLOCKS,), (THREADS,), (places, seen, size, marks.settled, *vars(shares).values())
        )
        shares.gather(self.xp, marks, self.host)

    def turns(self, seen: Any, before: float, places: Array, kinds: Array) -> int:
        """On the device, few of them come back; by bits, since CuPy flushes subnormal numbers."""
        xp, bits = self.xp, seen.view(np.uint32)
        size, start = bits & SIZE, np.float32(before).view(np.uint32)
        moved = (size < INFINITE) & ((size > 0) if before == 0 else (bits != start))
        kind = moved.astype(np.int8) + 2 * (size == INFINITE).astype(np.int8)
        kind += 3 * (size > INFINITE).astype(np.int8)
        changes = xp.flatnonzero(kind[1:] != kind[:-1]) + 1
        found = np.concatenate([[0], self.host(changes[: places.size - 1])])
        places[: len(found)] = found
        kinds[: len(found)] = self.host(kind[self.array(found)])
        return 1 + len(changes)

    def unequal(self, one: Any, other: Any) -> tuple[int, int]:
        """On the device."""
        differ = one != self.array(other)
        count = int(self.xp.count_nonzero(differ))
        return count, int(differ.argmax()) if count else -1

    def block(self, start: FusedStep) -> int:
        """How many elements a block may have: a power of two."""
        item = BITS[start.dtype](0).nbytes
        rows = len(start.inputs) + len(start.quantities)
        with self.here():
            free, _ = self.xp.cuda.runtime.memGetInfo()
        most = max(free // (SHARE * rows * item), 1 << 20)
        return int(min(LARGEST, 1 << (most.bit_length() - 1)))

    def memories(self, device: str, slice_: Slice, elements: int) -> Sequence[Memory]:
        """Two memories of this device, for what steps on it."""
        if device != f"cuda:{self.number}":
            return ()
        with self.here():
            return [DeviceMemory(self, slice_, elements) for _ in range(2)]


class DeviceMemory(Memory):
    """Rows in memory of a device, which a worker opens by a handle."""

    def __init__(self, cuda: Cuda, slice_: Slice, elements: int) -> None:
        self.cuda, self.xp = cuda, cuda.xp
        super().__init__(Path(), slice_, elements)
        handle = self.xp.cuda.runtime.ipcGetMemHandle(self.array.data.ptr)
        self.request |= {"memory": "", "handle": bytes(handle)}

    def room(self, path: Path, kind: Any, shape: tuple[int, int]) -> Any:
        """Memory of its own: a pool's would be opened as a whole."""
        xp, size = self.xp, int(np.prod(shape)) * np.dtype(kind).itemsize
        memory = xp.cuda.MemoryPointer(xp.cuda.Memory(size), 0)
        return xp.ndarray(shape, kind, memory)

    def given(self, bits: Sequence[Any], names: Sequence[str]) -> None:
        """Write the inputs of a block, and wait until they are there."""
        with self.cuda.here():
            super().given(bits, names)
            self.xp.cuda.Stream.null.synchronize()

    def seen(self, shown: Sequence[str], count: int) -> Any:
        """The bits of the results, a row a quantity."""
        with self.cuda.here():
            return self.xp.stack([self.array[row, :count] for row in self.results(shown)])
