"""``python -m …adapters.worker NAME|FILE.py|FILE.golden|ORDER``: an adapter on standard streams.

An order (JSON, see :class:`adapters.targets.order.Order`) names somebody's own optimizer.

The framework's own prints, from Python or from C, go to standard error, so that they cannot reach
the protocol.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from optimizer_conformance.adapters import device_memory, older, protocol
from optimizer_conformance.adapters.golden import SUFFIX, Golden
from optimizer_conformance.adapters.kit import (
    STORAGE,
    Array,
    Session,
    Unsupported,
    to_array,
    to_tensor,
)
from optimizer_conformance.adapters.packing import msgspec
from optimizer_conformance.adapters.target import Target
from optimizer_conformance.adapters.targets.order import Order

USAGE = "usage: python -m optimizer_conformance.adapters.worker NAME|FILE.py|FILE.golden|ORDER"


class Server:
    """Answers the requests of one harness with one adapter."""

    def __init__(self, adapter: ModuleType | Golden | Target) -> None:
        self.adapter = adapter
        self.sessions: dict[int, Session] = {}
        self.opened = 0
        self.block: tuple[Any, Any] = (None, None)  # what was asked with it, and the session

    def answer(self, request: protocol.Request) -> protocol.Reply:
        """The reply to one request; whatever is raised becomes a Failure."""
        try:
            return self._answer(request)
        except Unsupported as gap:
            return protocol.Failure("unsupported", "Unsupported", str(gap))
        except Exception as error:  # noqa: BLE001 - the harness must hear of every error
            return protocol.Failure(
                "error", type(error).__name__, str(error), traceback.format_exc()
            )

    def _answer(self, request: protocol.Request) -> protocol.Reply:  # noqa: PLR0911 - one a verb
        if isinstance(request, protocol.Hello):
            if request.protocol != protocol.PROTOCOL:
                raise ValueError(
                    f"the harness speaks protocol {request.protocol}, this worker "
                    f"{protocol.PROTOCOL}: update the older side"
                )
            return self.adapter.describe()
        if isinstance(request, protocol.Open):
            session = self.adapter.open_session(request)
            self.opened += 1
            self.sessions[self.opened] = session
            return protocol.Opened(self.opened)
        if isinstance(request, protocol.SetState):
            state = {
                name: [to_array(tensor) for tensor in tensors]
                for name, tensors in request.state.items()
            }
            self._session(request.session).set_state(state, request.step)
            return protocol.Done()
        if isinstance(request, protocol.Step):
            session = self._session(request.session)
            return protocol.Stepped([observe(session, row) for row in request.gradients])
        if isinstance(request, protocol.Reload):
            reload = getattr(self._session(request.session), "reload", None)
            if reload is None:
                raise Unsupported("it is not saved and loaded here")
            reload()
            return protocol.Done()
        if isinstance(request, protocol.GetState):
            return protocol.State(tensors(self._session(request.session)))
        if isinstance(request, protocol.Probe):
            return protocol.Probed(self.adapter.probe(request.implementation))
        if isinstance(request, protocol.StepBlock):
            (self._step_on_device if request.handle else self._step_block)(request)
            return protocol.Done()
        self.sessions.pop(request.session, None)
        return protocol.Done()

    def _step_block(self, request: protocol.StepBlock) -> None:
        """A session from its opening to what it comes to; its numbers lie in shared memory."""
        rows = shared(request)

        def sent(row: int) -> protocol.Tensor:
            return to_tensor(rows[row])

        opening = msgspec.structs.replace(
            request.open, parameters=[protocol.Parameter("w", sent(request.value))]
        )
        session = self._for_block(request, opening)
        if request.step:
            state = {name: [to_array(sent(row))] for name, row in request.state.items()}
            session.set_state(state, request.step)
        for row in request.gradients:
            session.step([to_array(sent(row))])
        found = {"parameter": session.parameters(), **session.state()}
        for name, row in request.results.items():
            rows[row] = found[name][0].view(rows.dtype)

    def _for_block(self, request: protocol.StepBlock, opening: protocol.Open) -> Any:
        """A new session, or that of the block before where it can begin again."""
        asked = (request.open, request.dtype, request.elements)
        before, session = self.block
        if before == asked:
            session.renew([to_array(parameter.value) for parameter in opening.parameters])
            return session
        self.block = (None, None)
        session = self.adapter.open_session(opening)
        if hasattr(session, "remember"):
            session.remember()
            self.block = asked, session
        return session

    def _step_on_device(self, request: protocol.StepBlock) -> None:
        """The same without a way through the host's memory."""
        memory = device_memory.opened(
            request.handle, request.open.device, request.dtype, request.elements
        )
        with memory as rows:
            first: Any = rows[request.value]  # kit.to_array hands it on
            opening = msgspec.structs.replace(
                request.open, parameters=[protocol.Parameter("w", first)]
            )
            session: Any = self.adapter.open_session(opening)
            if not hasattr(session, "stay_on_device"):
                raise Unsupported("its numbers go through the host's memory")
            session.stay_on_device()
            if request.step:
                state = {name: [rows[row]] for name, row in request.state.items()}
                session.set_state(state, request.step)
            for row in request.gradients:
                session.step([rows[row]])
            found = {"parameter": session.parameters(), **session.state()}
            for name, row in request.results.items():
                rows.put(row, found[name][0])
            rows.wait()

    def _session(self, number: int) -> Session:
        if number not in self.sessions:
            raise LookupError(f"session {number} is not open")
        return self.sessions[number]


def shared(request: protocol.StepBlock) -> Array:
    """The rows of a block's memory: bfloat16 as its bits."""
    memory = np.memmap(request.memory, dtype=STORAGE[request.dtype], mode="r+")
    rows: Array = memory.reshape(-1, request.elements)
    return rows


def tensors(session: Session) -> dict[str, list[protocol.Tensor]]:
    """The session's state as it travels."""
    return {
        name: [to_tensor(array) for array in arrays] for name, arrays in session.state().items()
    }


def observe(
    session: Session,
    row: list[protocol.Gradient],
) -> protocol.Observation:
    """Take one step and look at everything afterwards."""
    sent: list[Any] = [None if tensor is None else to_array(tensor) for tensor in row]
    after: list[Any] = session.step(sent)
    return protocol.Observation(
        parameters=[to_tensor(array) for array in session.parameters()],
        state=tensors(session),
        gradients=[None if array is None else to_tensor(array) for array in after],
    )


def private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for the protocol; leave nothing and standard error instead."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies


def load(name: str) -> ModuleType | Golden | Target:
    """The adapter of that name in this package, the module in a file of another project,
    recorded answers, or the optimizer that an order names."""
    if name.startswith("{"):
        return Target(msgspec.json.decode(name, type=Order))
    if name.endswith(SUFFIX):
        return Golden(Path(name))
    if not name.endswith(".py"):
        return importlib.import_module(f"optimizer_conformance.adapters.{name}")
    spec = importlib.util.spec_from_file_location(Path(name).stem, name)
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    """Serve until the harness closes the stream."""
    if len(arguments) != 1:
        print(
            USAGE,
            file=sys.stderr,
        )
        return 2
    requests, replies = private_streams()
    adapter = load(arguments[0])
    older.equip(adapter)
    return serve(Server(adapter), requests, replies)


def serve(server: Server, requests: BinaryIO, replies: BinaryIO) -> int:
    """Answer every frame until the stream ends; the process's exit code.

    A frame that holds no request gets a Failure.  A stream that is not of frames gets one and ends:
    nobody can tell where the next frame begins.
    """
    while True:
        try:
            body = protocol.read_frame(requests)
        except protocol.FrameError as error:
            protocol.write_frame(replies, refusal(error))
            print(f"the harness sent no frame: {error}", file=sys.stderr)
            return 1
        if body is None:
            return 0
        try:
            request = protocol.decode_request(body)
        except protocol.UNREADABLE as error:
            protocol.write_frame(replies, refusal(error))
        else:
            protocol.write_frame(replies, server.answer(request))


def refusal(error: Exception) -> protocol.Failure:
    """The answer to what is no request."""
    message = f"no request of protocol {protocol.PROTOCOL}: {error}"
    return protocol.Failure("error", type(error).__name__, message)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
