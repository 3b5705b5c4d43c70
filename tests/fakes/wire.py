"""A worker in this process: the driver's code reads what a server answers, or what is made of it.

Nothing is started, so thousands of exchanges take seconds.
"""

from __future__ import annotations

import io
import queue
import struct
from collections import deque

from fakes.worker import Adapter
from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.worker import Server
from optimizer_conformance.workers.process import Worker


class Gone:
    """What stands for the process: it can only be ended."""

    pid = 0
    stdin = stderr = None

    def __init__(self, output: bytes) -> None:
        self.stdout = io.BytesIO(output)
        self.ended = False

    def kill(self):
        self.ended = True

    def wait(self, timeout=None):
        return 0

    def poll(self):
        return 0


class Recorded(Worker):
    """A worker whose whole output is known beforehand."""

    def __init__(self, output: bytes) -> None:
        self.process = Gone(output)
        self.errors = deque()
        self.frames = queue.Queue()
        self.requests = queue.Queue()
        self.waited, self.memory, self.limit = 0.0, 1 << 40, 0.0
        self._read_frames()

    @property
    def broken_off(self):
        """Never: nothing comes late from what is known beforehand."""
        return None

    @broken_off.setter
    def broken_off(self, error):
        """What ended the wait for one answer says nothing of the next."""

    def _unasked(self):
        """All of it came before the first request."""

    def kill(self):
        self.process.kill()

    def close(self):
        """Nothing was started."""


class Wire(Recorded):
    """A worker whose server stands in this process; ``change`` may spoil each reply's bytes."""

    def __init__(self, change=lambda body: body, rule="honest"):
        super().__init__(b"")
        self.frames = queue.Queue()
        self.server = Server(Adapter(rule))
        self.change = change

    def _reply(self, deadline, limit):
        request = protocol.decode_request(protocol.encode(self.requests.get()))
        return self.change(protocol.encode(self.server.answer(request)))


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body
