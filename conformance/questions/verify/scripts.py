"""Probe scripts carried out: one process a file, in the adapter's environment."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimizer_conformance.questions.verify import probes
from optimizer_conformance.workers.process import QUIET
from optimizer_conformance.workers.sandbox import without_python

FOLDER = Path(probes.__file__).parent
RUNNER = FOLDER / "run.py"
START_LIMIT = 180.0  # seconds; the same as for a worker
CALL_LIMIT = 60.0  # seconds a call: a graph compilation takes up to 10 s on two cores


class ScriptError(Exception):
    """A probe could not be carried out: no such file or function, or it died; the message says."""


@dataclass
class Answers:
    """What the calls of one file came to.

    observed  call to what it returned or raised
    failed    call to why it could not be carried out
    """

    observed: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    device: str = "cpu"

    @property
    def version(self) -> str:
        """Name and version of what the file is about."""
        return next((f"{name} {value}" for name, value in self.versions.items()), "")


def place(adapter: str, file: str) -> Path:
    """Where a probe file stands: the adapter's own or one for all.  Raises ScriptError."""
    places = [FOLDER / folder / f"{file}.py" for folder in (adapter, "shared")]
    path = next((place for place in places if place.is_file()), places[0])
    if not path.is_file():
        raise ScriptError(f"there is no {path.relative_to(FOLDER.parents[1])}")
    return path


def command(python: Path | str, path: Path, calls: Iterable[str]) -> str:
    """The command that makes these calls again, relative to the repository."""
    root = FOLDER.parents[3]
    words = [str(python), str(RUNNER.relative_to(root)), str(path.relative_to(root)), *calls]
    return shlex.join(words)


def carry_out(
    python: Path | str,
    path: Path,
    calls: Iterable[str],
    *,
    limit: float = CALL_LIMIT,
    told: dict[str, str] | None = None,
) -> Answers:
    """Make all calls; one that crashes or is late costs itself and a new process.

    ``limit`` is in seconds a call; ``told`` goes into the process's environment.
    """
    answers, left = Answers(), list(dict.fromkeys(calls))
    while left:
        lines, ending = one_process(python, path, left, START_LIMIT + limit * len(left), told)
        before = len(left)
        for line in lines:
            take(line, answers)
        left = [c for c in left if c not in answers.observed and c not in answers.failed]
        if left and not ending:
            raise ScriptError(f"{path.name} ended without an answer to {left[0]}")
        if left and not lines:  # the import itself failed: no call would do better
            answers.failed |= dict.fromkeys(left, f"{path.name} {ending}")
            return answers
        if left:
            answers.failed[left.pop(0)] = ending
        assert len(left) < before or not left
    return answers


def take(line: dict[str, Any], answers: Answers) -> None:
    """File one line of the runner."""
    if "about" in line:
        answers.versions, answers.device = line["about"]["versions"], line["about"]["device"]
    elif "unknown" in line:
        answers.failed[line["call"]] = f"the file has no function {line['unknown']!r}"
    else:
        answers.observed[line["call"]] = line["observed"]


def one_process(
    python: Path | str,
    path: Path,
    calls: list[str],
    limit: float,
    told: dict[str, str] | None = None,
) -> tuple[list[dict[str, Any]], str]:
    """Run the calls in one process: the lines that it printed, and how it ended if not well."""
    with tempfile.TemporaryDirectory(
        prefix="conformance-claims-", ignore_cleanup_errors=True
    ) as scratch:
        said, complaints = Path(scratch) / "said", Path(scratch) / "complaints"
        work = Path(scratch) / "work"
        work.mkdir()
        with said.open("wb") as out, complaints.open("wb") as err:
            try:
                process = subprocess.Popen(
                    [str(python), "-P", str(RUNNER), str(path), *calls],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=work,
                    env=without_python() | QUIET | (told or {}),
                    start_new_session=True,
                )
            except OSError as error:
                raise ScriptError(f"{python} cannot be started: {error.strerror}") from error
            try:
                code = process.wait(timeout=limit)
                ending = ""
            except subprocess.TimeoutExpired:
                code, ending = 0, f"no answer within {limit:.0f} s"
            finally:
                end_group(process)
        lines = [json.loads(line) for line in whole_lines(said)]
        if not ending and code:
            words = complaints.read_text("utf-8", "replace").strip().splitlines()
            how = f"signal {-code}" if code < 0 else f"exit status {code}"
            ending = f"ended with {how}: {words[-1] if words else 'it said nothing'}"
        return lines, ending


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):  # nothing is left of it
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def whole_lines(path: Path) -> list[str]:
    """The lines that were written to their end."""
    text = path.read_text(encoding="utf-8")
    return text[: text.rfind("\n") + 1].splitlines()
