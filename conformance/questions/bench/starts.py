"""What the start of a command costs, beside an interpreter that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from optimizer_conformance.questions.bench.measure import Measure, TimeUnit, measured

GROUP = "start of a command"
# Commands that should be there at once.
COMMANDS = (("--help",), ("list", "adapters"), ("list", "variants"), ("run", "--help"))
AIM = 40.0  # times `python -c pass`: some 0.3 CPU seconds


def starts(repeats: int) -> Iterator[Measure]:
    """Each command, in turn with nothing."""
    package = __name__.partition(".")[0]
    for words in COMMANDS:
        line = ("-m", package, *words)
        pairs = [(cpu_seconds(*line), cpu_seconds("-c", "pass")) for _ in range(repeats)]
        name, unit = f"conformance {' '.join(words)}", TimeUnit("CPU seconds", 1.0)
        yield measured(GROUP, name, "", unit, pairs, "python -c pass", AIM)


def cpu_seconds(*words: str) -> float:
    """What this interpreter takes for a command line, start and end included."""
    before = os.times()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])
