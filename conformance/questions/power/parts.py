"""What was measured, kept task by task: an interrupted measurement goes on where it stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from optimizer_conformance import cases, judging, mutants, reference
from optimizer_conformance.judging.keys import joined, room_hash
from optimizer_conformance.questions import power
from optimizer_conformance.questions.power.measurement import Measurement, Rewriting
from optimizer_conformance.questions.power.tasks import Task, perform

Result = Measurement | list[Rewriting]


@lru_cache(maxsize=1)
def version() -> str:
    """The hash of everything that a measurement depends on: formulas, cases, verdicts, mutants."""
    return joined(map(room_hash, (reference, cases, judging, mutants, power)))[:12]


@dataclass(frozen=True)
class Parts:
    """Finished tasks of this version of the suite, a file each, in a folder of ``folder``."""

    folder: Path

    def place(self, task: Task) -> Path:
        """The file of one task."""
        name = f"{task.variant}.{task.dtype}.{task.profile}.{task.size}.{task.seed}.msgpack"
        return self.folder / f"parts-{version()}" / name

    def result(self, task: Task) -> Result:
        """What came of a task, from its file or by carrying it out; then the file is there."""
        place = self.place(task)
        try:
            return self.decoded(task, place.read_bytes())
        except (OSError, msgspec.MsgspecError):  # not there, or cut off
            found = perform(task)
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_suffix(f".{os.getpid()}")
        beside.write_bytes(msgspec.msgpack.encode(found))
        beside.replace(place)
        return found

    def decoded(self, task: Task, content: bytes) -> Result:
        """A file's content as what the task gives."""
        if task.size:
            return msgspec.msgpack.decode(content, type=list[Rewriting])
        return msgspec.msgpack.decode(content, type=Measurement)
