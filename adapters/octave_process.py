"""A long-lived ``octave-cli``, called one function at a time; arrays travel as their bits.

The other side is ``octave/serve.m``, which describes what travels.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
    Value = Array | str | list[Any]
else:  # Python 3.8 has neither of these forms
    Array = Value = np.ndarray

FOLDER = Path(__file__).parent / "octave"
TRANSCRIPTION = FOLDER / "transcription"
PROGRAM = "octave-cli"
HOW = f"{PROGRAM} is not on PATH; on Debian and Ubuntu: apt-get install octave"
CLASSES = ("<f8", "<f4")
TEXT, CELL = 2, 3


class OctaveError(Exception):
    """What a call raised in Octave."""


class Octave:
    """A running Octave with the transcription on its path.

    Raises FileNotFoundError where there is no Octave.
    """

    def __init__(self, *folders: Path) -> None:
        program = shutil.which(PROGRAM)
        if program is None:
            raise FileNotFoundError(HOW)
        paths = [word for folder in (FOLDER, *folders) for word in ("--path", str(folder))]
        self.process = subprocess.Popen(
            [program, "--quiet", "--norc", "--no-history", *paths, "--eval", "serve ()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.input = cast(BinaryIO, self.process.stdin)
        self.output = cast(BinaryIO, self.process.stdout)

    def __enter__(self) -> Octave:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def call(self, name: str, *arguments: Value, outputs: int = 1) -> list[Any]:
        """``[out1, …] = name (arguments…)``; arrays have at least two dimensions, as in MATLAB.

        Arguments are float32, float64, complex64 or complex128 arrays, texts, or lists of them for
        cell arrays.  Raises OctaveError with Octave's message, ConnectionError when Octave died.
        """
        counts = struct.pack("<2i", outputs, len(arguments))
        try:
            self.input.write(packed(name) + counts + b"".join(map(packed, arguments)))
            self.input.flush()
        except OSError as error:
            raise ConnectionError("octave-cli ended") from error
        (status,) = self.integers(1)
        if status:
            raise OctaveError(self.value())
        return [self.value() for _ in range(outputs)]

    def integers(self, count: int) -> tuple[int, ...]:
        """The next ``count`` integers of the reply."""
        return struct.unpack(f"<{count}i", self.bytes(4 * count))

    def bytes(self, count: int) -> bytes:
        """The next ``count`` bytes of the reply."""
        found = self.output.read(count)
        if len(found) != count:
            raise ConnectionError("octave-cli ended in the middle of an answer")
        return found

    def value(self) -> Any:
        """The next value of the reply."""
        kind, imaginary, dimensions = self.integers(3)
        shape = self.integers(dimensions)
        count = int(np.prod(shape))
        if kind == TEXT:
            return self.bytes(count).decode()
        if kind == CELL:
            return [self.value() for _ in range(count)]
        array = self.numbers(kind, count)
        if imaginary:
            array = joined(array, self.numbers(kind, count))
        return array.reshape(shape, order="F")

    def numbers(self, kind: int, count: int) -> Array:
        """The next ``count`` doubles or singles of the reply."""
        dtype = np.dtype(CLASSES[kind])
        return np.frombuffer(self.bytes(count * dtype.itemsize), dtype)

    def close(self) -> None:
        """End the process: it ends when nothing more can come."""
        try:
            self.input.close()
            self.process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.output.close()


def joined(real: Array, imaginary: Array) -> Array:
    """A complex array of two parts, whatever stands in them."""
    pairs = np.stack([real, imaginary], axis=-1)
    return pairs.view(np.result_type(real.dtype, np.complex64)).reshape(real.shape)


def packed(value: Value) -> bytes:
    """A value as it travels."""
    if isinstance(value, str):
        text = value.encode()
        return head(TEXT, (1, len(text))) + text
    if isinstance(value, list):
        return head(CELL, (1, len(value))) + b"".join(map(packed, value))
    real = np.asarray(value.real)
    kind = CLASSES.index(real.dtype.newbyteorder("<").str)
    parts = [real, value.imag] if np.iscomplexobj(value) else [real]
    start = head(kind, sizes(value.shape), imaginary=len(parts) == 2)
    return start + b"".join(part.astype(CLASSES[kind]).tobytes(order="F") for part in parts)


def head(kind: int, shape: Sequence[int], *, imaginary: bool = False) -> bytes:
    """What a value begins with."""
    return struct.pack(f"<{3 + len(shape)}i", kind, imaginary, len(shape), *shape)


def sizes(shape: Sequence[int]) -> tuple[int, ...]:
    """MATLAB's size of a NumPy shape: a vector is a column, a scalar 1-by-1."""
    return (*shape, *(1, 1)[len(shape) :])
