"""Measurements that are kept, and what another run makes of them."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy
import psutil

from optimizer_conformance.questions.bench.measure import Measure

FORMAT = 1
WORSE = 1.25  # times what was kept: from there on a ratio is said to have grown


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured; memory in GB."""

    system: str
    processor: str
    cores: int
    memory: int
    python: str
    numpy: str


class Measurements(msgspec.Struct, frozen=True):
    """A whole run of measurements."""

    machine: Machine
    measures: list[Measure]
    format: int = FORMAT


@dataclass(frozen=True)
class Grown:
    """A measurement whose ratio is larger than the one that was kept, by more than both spread."""

    measure: Measure
    before: Measure

    @property
    def times(self) -> float:
        """How many times what was kept."""
        return self.measure.judged / self.before.judged


def here() -> Machine:
    """This machine."""
    return Machine(
        f"{platform.system()} {platform.machine()}",
        processor(),
        psutil.cpu_count() or 0,
        round(psutil.virtual_memory().total / 2**30),
        platform.python_version(),
        numpy.__version__,
    )


def processor() -> str:
    """What the processor calls itself, as far as the system says."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def grown(kept: Measurements, measures: Iterable[Measure]) -> Iterator[Grown]:
    """What takes longer than it did, of what has a ratio in both: times alone are the machine's."""
    before = {measure.key: measure for measure in kept.measures}
    for measure in measures:
        old = before.get(measure.key)
        if old is None or old.ratio is None or measure.ratio is None:
            continue
        most = old.ratio * (1 + old.spread) * WORSE
        if measure.ratio * (1 - measure.spread) > most:
            yield Grown(measure, old)
