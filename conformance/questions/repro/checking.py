"""Whether a script shows what it says, in an environment with its framework alone."""

from __future__ import annotations

import math
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from optimizer_conformance.questions.repro.reproducer import Reproducer
from optimizer_conformance.questions.repro.script import StandaloneScript
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import QUIET, STARTUP_LIMIT
from optimizer_conformance.workers.sandbox import without_python

SHOWS = 1  # the exit status of a script whose deviation shows


@dataclass(frozen=True)
class ScriptRun:
    """What a script did: its output, and why that is not what it should be (empty: it is)."""

    output: str
    wrong: str

    @property
    def shown(self) -> bool:
        """Whether it shows what it says."""
        return not self.wrong


def check(reproducer: Reproducer, script: StandaloneScript) -> ScriptRun:
    """Run a script in its adapter's environment, and hold its output against what was found.

    It has to end with the status and the word of a deviation, and for values to observe the very
    bits that the worker gave.
    """
    adapter = reproducer.subject.description.adapter
    with tempfile.TemporaryDirectory(prefix="reproducer-") as folder:
        path = Path(folder) / f"reproducer{script.suffix}"
        path.write_text(script.text, encoding="utf-8")
        try:
            done = subprocess.run(
                command(adapter, path),
                capture_output=True,
                text=True,
                cwd=folder,
                env=without_python() | QUIET,
                timeout=STARTUP_LIMIT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return ScriptRun("", f"the script could not be run: {error}")
    return ScriptRun(done.stdout, wrong(reproducer, done))


def command(adapter: str, path: Path) -> list[str]:
    """What runs a script in an adapter's environment."""
    place = environments.locate(adapter)
    if path.suffix == ".mjs":
        return ["node", str(path), str(place.folder)]
    return [str(place.python), str(path)]


def wrong(reproducer: Reproducer, done: subprocess.CompletedProcess[str]) -> str:
    """In what an output differs from what was found; empty where it does not."""
    lines = done.stdout.splitlines()
    if not lines or lines[-1] not in ("deviates", "agrees"):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return f"the script ended with status {done.returncode}: {said}"
    if done.returncode != SHOWS or lines[-1] != "deviates":
        return "the deviation does not show in the script"
    proof = reproducer.evidence
    if proof is not None and not same(proof.observed, seen := observed(lines)):
        return f"the worker gave {proof.observed!r}, the script {seen!r}"
    return ""


def observed(lines: list[str]) -> float | None:
    """What a script says that it observed."""
    for line in lines:
        if line.startswith("observed "):
            return float(line.split()[1])
    return None


def same(one: float, other: float | None) -> bool:
    """Whether two numbers are one value; nan is nan, and the sign of zero counts."""
    if other is None or math.isnan(one) or math.isnan(other):
        return other is not None and math.isnan(one) and math.isnan(other)
    return struct.pack("d", one) == struct.pack("d", other)
