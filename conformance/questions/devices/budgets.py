"""What was measured of a device's primitives, beside what the bound charges for them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.workers.process import QUIET, WorkerError
from optimizer_conformance.workers.sandbox import clean_environment

SCRIPT = Path(__file__).parent / "primitives.py"  # it runs in the framework's interpreter
FRAMEWORKS = ("numpy", "torch", "jax", "cupy")
# Kind of device and way to the profile, as the adapters declare it.
PROFILE = {
    ("torch", "compiled", "cuda"): "triton",
    ("jax", "", "cpu"): "xla-cpu",
    ("jax", "jit", "cpu"): "xla-cpu",
    ("jax", "", "cuda"): "xla-cuda",
    ("jax", "jit", "cuda"): "xla-cuda",
    ("torch", "", "cuda"): "cuda",
    ("torch", "", "cpu"): "mkl",
    ("cupy", "", "cuda"): "cuda",
    ("cupy", "kernel", "cuda"): "cuda",
}


@dataclass(frozen=True)
class Measured:
    """The largest error of one primitive.

    ulp        in units in the last place of the result
    roundings  relative, in units of the roundoff; what the bound charges is in these
    operands   where it is, in hexadecimal
    values     how many results were held against the right ones
    subnormal  how many operands and results are subnormal
    flushed    how many of these became zero or were read as zero, and how many normal results
    failed     why it was not measured, or empty
    """

    framework: str
    version: str
    device: str
    way: str
    primitive: str
    dtype: str
    ulp: float = 0.0
    roundings: float = 0.0
    operands: tuple[str, ...] = ()
    values: int = 0
    subnormal: dict[str, int] = field(default_factory=dict)
    flushed: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    failed: str = ""

    @property
    def profile(self) -> str:
        """The profile that adapters declare for it."""
        kind = self.device.partition(":")[0]
        return PROFILE.get((self.framework, self.way, kind), "ieee")

    @property
    def charged(self) -> int:
        """The roundings that the bound charges."""
        held = budget(self.profile, self.dtype)
        if self.primitive == "root":
            return held.root_roundings
        if self.primitive in ("reciprocal", "quotient"):
            return held.division_roundings
        if self.primitive == "reciprocal root":
            return held.root_roundings + held.division_roundings
        return held.roundings(held.power if self.primitive == "power" else held.exponential)

    @property
    def within(self) -> bool:
        """Whether no result is further off than is charged."""
        return self.roundings <= self.charged

    @property
    def flushes(self) -> str:
        """What becomes of subnormal numbers, in words."""
        words = [
            f"{what} all" if zeros == self.subnormal.get(what) else f"{zeros:,} {what}"
            for what, zeros in self.flushed.items()
            if zeros
        ]
        return ", ".join(words) or ("kept" if any(self.subnormal.values()) else "–")

    @property
    def name(self) -> str:
        """The framework and its way."""
        return f"{self.framework}[{self.way}]" if self.way else self.framework


def measure(framework: str, device: str, python: Path, every: int = 1) -> Iterator[Measured]:
    """Measure each primitive in the interpreter ``python``.

    Raises WorkerError where the framework or the device cannot be used.
    """
    command = [str(python), str(SCRIPT), framework, device, str(every)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment() | QUIET | {"PYTHONWARNINGS": "ignore"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            yield read(line)
        said = process.stderr.read().strip().splitlines()
    if process.returncode:
        raise WorkerError("error", f"{framework} on {device}: {said[-1] if said else 'no word'}")


def read(line: str) -> Measured:
    """One line of the measuring script.  Raises RunError for another."""
    try:
        return msgspec.convert(json.loads(line), Measured)
    except (ValueError, msgspec.ValidationError) as error:
        raise RunError(f"no measurement of a primitive: {error}") from error


def content(found: Measured) -> dict[str, Any]:
    """For JSON, a line a primitive, as the script writes them."""
    return msgspec.to_builtins(found)  # type: ignore[no-any-return]  # a dataclass is a dictionary
