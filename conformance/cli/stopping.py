"""Signals that stop a command: it ends as with Ctrl-C, and keeps what is done.

A signal that was ignored when the command was started stays ignored, as whoever started it wanted:
``nohup`` ignores SIGHUP, and a shell without job control ignores SIGINT for what it starts with
``&``.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Windows has no SIGHUP.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
LEFT = (signal.SIG_DFL, signal.default_int_handler)  # what stands where nobody has said anything

asked = threading.Event()


def ask(number: int, frame: Any) -> None:
    """The handler of a signal that asks the process to end."""
    asked.set()
    raise KeyboardInterrupt


def insist() -> None:
    """Raise KeyboardInterrupt again where something has swallowed it: a callback of a compiler."""
    if asked.is_set():
        raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise KeyboardInterrupt where a signal asks the process to end."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # handlers belong to the main thread
    before = {number: signal.getsignal(number) for number in numbers}
    heeded = [number for number, handler in before.items() if handler in LEFT]
    asked.clear()
    for number in heeded:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])
