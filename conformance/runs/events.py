"""Events: what happened in a run and when, one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from optimizer_conformance.reports.store import RunError

NAME = "events.jsonl"


class Events:
    """The events of one run folder; from any thread."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.lock = threading.Lock()
        try:
            torn = self.path.is_file() and not self.path.read_bytes().endswith(b"\n")
            self.stream = open(self.path, "ab")  # noqa: SIM115 - open as long as the run goes on
            self.stream.write(b"\n" if torn and self.path.stat().st_size else b"")
        except OSError as error:
            raise RunError(f"{self.path} cannot be written ({error.strerror})") from error

    def say(self, event: str, **about: Any) -> None:
        """Add one line.  Raises RunError when that is impossible."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **about}, default=str) + "\n"
        with self.lock:
            try:
                self.stream.write(line.encode())
                self.stream.flush()
            except OSError as error:
                raise RunError(f"{self.path} cannot be written ({error.strerror})") from error

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(OSError):  # what could not be written has been reported by say
            self.stream.close()
