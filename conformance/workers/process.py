"""Workers: one long-lived process an adapter, spoken to one request at a time."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, TypeVar, cast

import psutil

from optimizer_conformance import adapters
from optimizer_conformance.adapters import protocol
from optimizer_conformance.reference import hyperparameters
from optimizer_conformance.workers import hearsay
from optimizer_conformance.workers.description import contradiction
from optimizer_conformance.workers.sandbox import clean_environment, confined, private_places

R = TypeVar("R")

STARTUP_LIMIT = 180.0  # seconds; TensorFlow's import takes 20 s on a cold disk
REQUEST_LIMIT = 120.0  # seconds; a graph compilation takes up to 10 s on two cores
# Bytes that a worker may use; the frameworks at hand use 0.5 to 1 GiB.  Half of a small machine.
MEMORY_LIMIT = min(8 << 30, psutil.virtual_memory().total // 2)
LOOKS = 0.2  # seconds between two looks at a worker's memory
ASKED = "it asked for more memory than is left to it"
SCRATCH = "conformance-"
NAMED = re.compile(r"\s*\w*(Error|Exception)\b")  # how languages begin what went wrong
LINES_KEPT = 40  # of standard error, for the report of a crash

# Imports the package of adapters from its folder alone, and the table of hyperparameters from its
# file: nothing else of this environment may leak into the worker's, and neither that folder nor
# the one that the worker stands in may shadow the frameworks that its modules name.  (Before Python
# 3.11 there is no option -P.)
BOOTSTRAP = """
import sys
sys.path = [place for place in sys.path if place]
import importlib.util as util, types
folder, table, name = sys.argv[1:]
for package in ('optimizer_conformance', 'optimizer_conformance.reference'):
    sys.modules[package] = types.ModuleType(package)
    sys.modules[package].__path__ = []
for module, file, inside in (
    ('optimizer_conformance.reference.hyperparameters', table, None),
    ('optimizer_conformance.adapters', folder + '/__init__.py', [folder]),
):
    spec = util.spec_from_file_location(module, file, submodule_search_locations=inside)
    sys.modules[module] = util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[module])
from optimizer_conformance.adapters.worker import main
sys.exit(main([name]))
"""

# One thread each: two workers share the machine, and a sum's order must not depend on the load.
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GLOG_v": "3",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class WorkerError(Exception):
    """A worker could not answer.

    kind  the cell's verdict: ``timeout``, ``crash`` or ``error``
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Refused(WorkerError):  # noqa: N818 - named for the situation
    """The adapter answered with a Failure: something was raised, or declared unsupported."""

    def __init__(self, failure: protocol.Failure) -> None:
        self.failure = hearsay.failure(failure)
        super().__init__(failure.kind, f"{self.failure.exception}: {self.failure.message}")


def command_for(name: str, python: str | Path = sys.executable) -> list[str]:
    """The command that starts the worker of a shipped adapter in the interpreter ``python``."""
    folder, table = str(Path(adapters.__file__).parent), hyperparameters.__file__
    return [str(python), "-c", BOOTSTRAP, folder, table, name]


class Stopped(Exception):  # noqa: N818 - named for the situation
    """The command is to end: nothing more is asked, and nothing more judged."""


class Asked(Protocol):
    """What answers the requests of the protocol: a process, or an object of this one."""

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""

    def hello(self) -> protocol.Description:
        """What it is."""

    def ask(self, request: protocol.Request, kind: type[R], limit: float | None = None) -> R:
        """The reply to one request."""


class Worker:
    """A running worker.  Use as a context manager; nothing outlives the block.

    ``limit`` is how many seconds a reply may take where nothing else is said; ``memory`` bytes are
    what it may hold; ``readable`` are folders that it may read beside its own program.
    Raises WorkerError when the process cannot be started or does not answer in time, Stopped once
    ``stop`` is set, whatever the worker is at.
    """

    def __init__(
        self,
        command: list[str],
        *,
        environment: dict[str, str] | None = None,
        memory: int = MEMORY_LIMIT,
        limit: float = REQUEST_LIMIT,
        readable: Sequence[str] = (),
        stop: threading.Event | None = None,
    ) -> None:
        self.limit = limit
        self.stop = stop or threading.Event()
        self.scratch = tempfile.TemporaryDirectory(
            prefix=f"{SCRATCH}{os.getpid()}-", ignore_cleanup_errors=True
        )
        self.errors: deque[str] = deque(maxlen=LINES_KEPT)
        self.frames: queue.Queue[bytes | Exception | None] = queue.Queue()
        self.requests: queue.Queue[protocol.Request | None] = queue.Queue()
        self.waited = 0.0  # seconds that we waited for this worker
        self.broken_off: BaseException | None = None  # what ended the wait for an answer
        self.memory = memory
        try:
            self.process = subprocess.Popen(
                confined(command, self.scratch.name, memory=memory, readable=readable),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.scratch.name,
                env=clean_environment()
                | QUIET
                | private_places(self.scratch.name)
                | (environment or {}),
                start_new_session=True,  # Ctrl-C is for the harness, which closes workers in order
            )
        except OSError as error:
            self.scratch.cleanup()
            raise WorkerError(
                "crash", f"{command[0]} cannot be started: {error.strerror}"
            ) from error
        targets = (self._read_frames, self._read_errors, self._write_requests)
        self.threads = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in self.threads:
            thread.start()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_frames(self) -> None:
        assert self.process.stdout is not None
        try:
            while (body := protocol.read_frame(cast(BinaryIO, self.process.stdout))) is not None:
                self.frames.put(body)
            self.frames.put(None)
        except (protocol.FrameError, OSError, ValueError, MemoryError) as error:
            self.frames.put(error)

    def _write_requests(self) -> None:
        """Write from a thread: a worker that does not read must not stop the deadline's clock."""
        stream = cast(BinaryIO, self.process.stdin)
        try:
            while (request := self.requests.get()) is not None:
                protocol.write_frame(stream, request)
        except (OSError, ValueError):
            pass  # it died: its closed output says so

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        with contextlib.suppress(OSError, ValueError):  # closed while it was read
            stream = cast(BinaryIO, self.process.stderr)
            while line := stream.readline(hearsay.SENTENCE):
                self.errors.append(hearsay.cut(line.decode("utf-8", "replace").rstrip()))

    def hello(self) -> protocol.Description:
        """Start the adapter: its framework is imported now.

        That may take longer than an answer, unless somebody has set a shorter limit for those.
        """
        limit = STARTUP_LIMIT if self.limit >= REQUEST_LIMIT else self.limit
        description = self.ask(protocol.Hello(), protocol.Description, limit=limit)
        if description.protocol != protocol.PROTOCOL:
            raise WorkerError(
                "error",
                f"the worker speaks protocol {description.protocol}, this is {protocol.PROTOCOL}: "
                "update the older side",
            )
        if wrong := contradiction(description):
            raise WorkerError("error", wrong)
        return hearsay.description(description)

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        return self.process.poll() is None

    def ask(self, request: protocol.Request, kind: type[R], limit: float | None = None) -> R:
        """Send one request and return its reply, which must be of ``kind``.

        Raises Refused when the adapter answers with a Failure, WorkerError when it dies, is late,
        or answers something else.  A worker that was late, or left while it was answering
        (Ctrl-C), is ended, and every further request raises the same: its answer may have come
        meanwhile, and would pass for that of another request.
        """
        if self.broken_off:
            raise self.broken_off
        start = time.monotonic()
        limit = self.limit if limit is None else limit
        try:
            if not self.frames.empty():
                self._unasked()
            self.requests.put(request)
            body = self._reply(start + limit, limit)
        except BaseException as error:
            self.broken_off = error
            if self.alive:
                self.kill()
            raise
        finally:
            self.waited += time.monotonic() - start
        if body is None:
            self.frames.put(None)  # whoever asks again hears the same
            raise self._death()
        if isinstance(body, Exception):
            raise self._torn(body)
        try:
            reply = protocol.decode_reply(body)
        except protocol.UNREADABLE as error:
            self.kill()
            raise WorkerError(
                "error", hearsay.cut(f"the worker's answer is not of the protocol: {error}")
            ) from error
        if isinstance(reply, protocol.Failure):
            if exhausted(f"{reply.exception} {reply.message[:2000]}"):
                self.kill()
                raise self._too_much(ASKED)
            raise Refused(reply)
        if not isinstance(reply, kind):
            self.kill()
            raise WorkerError("error", f"asked for {kind.__name__}, got {type(reply).__name__}")
        return reply

    def _reply(self, deadline: float, limit: float) -> bytes | Exception | None:
        """The next frame; the worker is killed when it is late or takes too much memory."""
        while True:
            left = deadline - time.monotonic()
            try:
                return self.frames.get(timeout=max(0.0, min(LOOKS, left)))
            except queue.Empty:
                pass
            if left <= 0:
                self.kill()
                raise WorkerError("timeout", f"no answer within {limit:.0f} s") from None
            if self.stop.is_set():
                self.kill()
                raise Stopped
            self._weigh()

    def _weigh(self) -> None:
        """End a worker that holds more memory than it may, together with what it has started.

        What one process takes the kernel limits (RLIMIT_DATA); this finds what several take, and
        what they share.
        """
        used = sum(map(resident, tree(self.process.pid)))
        if used > self.memory:
            self.kill()
            raise self._too_much(f"it held {used / 2**30:.1f} GiB of memory")

    def _too_much(self, what: str) -> WorkerError:
        allowed = f"{self.memory / 2**30:.1f} GiB are allowed (--memory)"
        return WorkerError("crash", f"the worker was ended: {what}, and {allowed}")

    def _unasked(self) -> None:
        """A frame before the request: the end of a worker that died meanwhile, or a stray reply."""
        body = self.frames.get()
        if isinstance(body, bytes):
            self.kill()
            raise WorkerError("error", "the worker sent a reply that no request had asked for")
        self.frames.put(body)

    def _torn(self, error: Exception) -> WorkerError:
        """A stream that is not of frames: the worker's doing, unless it was killed meanwhile."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process.wait(timeout=1) != 0:
                return self._death()
        self.kill()
        return WorkerError("error", str(error))

    def _death(self) -> WorkerError:
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
            return WorkerError("crash", "the worker closed its output and went on running")
        self.threads[1].join(timeout=1)  # what it said last may not have been read yet
        last = last_words(self.errors)
        if exhausted(last):
            return self._too_much(ASKED)
        ending = f"signal {-code}" if code < 0 else f"exit status {code}"
        return WorkerError("crash", f"the worker ended with {ending}: {last}")

    def kill(self) -> None:
        """End the process at once, and whatever it started."""
        started = tree(self.process.pid)  # where no namespace ends what left the group
        with contextlib.suppress(OSError):  # it is gone
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for process in started:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def close(self) -> None:
        """End the worker: by closing its input, and by force if that is not enough."""
        self.requests.put(None)
        if self.process.poll() is None:
            try:
                if self.process.stdin:
                    self.process.stdin.close()
                self.process.wait(timeout=5)
            except (OSError, subprocess.TimeoutExpired):
                self.kill()
        for thread in self.threads:  # a stream that is closed while it is read raises there
            thread.join(timeout=1)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                if stream:
                    stream.close()
            except OSError:
                pass
        self.scratch.cleanup()


def tree(process: int) -> list[psutil.Process]:
    """A process and everything that it has started."""
    with contextlib.suppress(psutil.Error):
        top = psutil.Process(process)
        return [top, *top.children(recursive=True)]
    return []


def resident(process: psutil.Process) -> int:
    """Bytes of memory that a process holds; none where it is gone."""
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def last_words(lines: Iterable[str]) -> str:
    """The line of a crash that says what went wrong: the last that names an error, or the last."""
    said = [line for line in lines if line.strip()]
    return ([line for line in said if NAMED.match(line)] or said or ["it said nothing"])[-1]


def exhausted(words: str) -> bool:
    """Whether a worker says that it got no memory: NumPy, PyTorch, TensorFlow and C++ differ."""
    said = ("memoryerror", "bad_alloc", "cannot allocate memory", "can't allocate memory")
    return any(text in words.lower() for text in said)


def sweep() -> None:
    """Remove the scratch folders that killed drivers left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        owner = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
