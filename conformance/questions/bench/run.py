"""What a run costs: our own part of it, a round trip to a worker, a report, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from optimizer_conformance.questions.bench.measure import (
    Measure,
    TimeUnit,
    alone,
    in_turn,
    measured,
    seconds,
)
from optimizer_conformance.reports.model import load
from optimizer_conformance.workers.subject import subject

OWN_AIM = 0.15  # of a run's wall clock that is our own work
STEPPED = {"learning_rate": 0.01, "decay": 0.9, "epsilon": 1e-6}
PACKAGE = __name__.partition(".")[0]
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def command(*words: str) -> float:
    """Seconds that a command of ours takes, by the wall clock."""
    line = [sys.executable, "-m", PACKAGE, *words]
    return seconds(lambda: subprocess.run(line, **QUIET, check=True), time.perf_counter)  # type: ignore[call-overload]


def peak(group: str, name: str, size: str, *words: str) -> Measure:
    """The largest resident size of a command, worker included where that is larger."""
    process = subprocess.Popen([sys.executable, "-m", PACKAGE, *words], **QUIET)  # type: ignore[call-overload]
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # it has been waited for
    return alone(group, name, size, TimeUnit("MB", 1e-3), [usage.ru_maxrss])


def round_trips(repeats: int) -> Iterator[Measure]:
    """An optimizer opened, stepped and closed in a worker, beside its bytes there and back."""
    with subject("numpy:d2l.scratch") as asked, echoing() as echo:
        for size in (1, 1_000, 100_000):
            trial = partial(asked.steps, np.full(size, 0.5), [np.full(size, 0.25)], STEPPED)
            pairs = in_turn(trial, partial(echo, 4 * size), 4 * repeats, time.perf_counter)
            unit, beside = TimeUnit("ms", 1e3), "as many bytes through a process that echoes"
            yield measured("a step through a worker", "numpy", f"{size:,}", unit, pairs, beside)


@contextmanager
def echoing() -> Iterator[Callable[[int], None]]:
    """A process that sends back what it gets: so many bytes, in pieces that a pipe holds."""
    program = "import os\nwhile data := os.read(0, 32768): os.write(1, data)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        there, back = process.stdin, process.stdout
        assert there is not None
        assert back is not None

        def echo(count: int) -> None:
            while count > 0:
                left = there.write(bytes(min(count, 32768)))
                count -= left
                while left:
                    left -= len(back.read(left))

        yield echo
        there.close()


def runs(adapters: tuple[str, ...] = ("numpy", "torch")) -> Iterator[Measure]:
    """Quick runs: our own part of the time, the report of each, and memory."""
    with TemporaryDirectory() as folder:
        for adapter in adapters:
            place = Path(folder) / adapter
            line = ("run", "-a", adapter, "--profile", "quick", "--out", str(place))
            yield peak("peak memory", "quick run", adapter, *line)
            data = load(place)
            if data.footer is None or data.footer.seconds is None:
                continue  # it was not complete
            time_ = data.footer.seconds
            size = f"{adapter}, {data.footer.cells:,} cells"
            second = TimeUnit("s", 1.0)
            pairs = [(time_.own, time_.wall)]
            yield measured("own part of a run", "quick", size, second, pairs, "the run", OWN_AIM)
            for form in ("markdown", "html"):
                words = ("report", str(place), "--format", form, "--out", str(place / form))
                pairs = [(command(*words), command("--help")) for _ in range(3)]
                yield measured("report", form, size, second, pairs, "conformance --help")
