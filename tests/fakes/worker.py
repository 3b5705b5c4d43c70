"""``python worker.py BEHAVIOUR [ARGUMENT]``: a small worker of RMSProp that lies on purpose.

Each behaviour is a function that takes the request and the honest reply and returns what is sent;
it may also die, sleep or write noise.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import tempfile
import time

import msgspec
import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.worker import Server, private_streams

LEAKED: list[bytearray] = []
VARIANT = "codecademy-rmsprop"
RULES = {
    # name -> (epsilon inside the root?, coefficient of the squared gradient)
    "honest": (True, 1.0),
    "outside": (False, 1.0),
    "doubled": (True, 2.0),
}


class Rmsprop:
    """Codecademy's rule in NumPy, or a wrong one."""

    def __init__(self, request: protocol.Open, rule: str) -> None:
        self.inside, self.factor = RULES[rule]
        self.h = request.hyperparameters
        self.rates = list(request.learning_rates)
        self.values = [kit.to_array(parameter.value) for parameter in request.parameters]
        self.averages = [np.zeros_like(value) for value in self.values]

    def step(self, gradients):
        rate = self.rates.pop(0) if self.rates else self.h["learning_rate"]
        rho, epsilon = self.h["decay"], self.h["epsilon"]
        with np.errstate(all="ignore"):
            for value, average, g in zip(self.values, self.averages, gradients, strict=True):
                average[...] = rho * average + (1 - rho) * self.factor * g**2
                root = np.sqrt(average + epsilon) if self.inside else np.sqrt(average) + epsilon
                value[...] = value - rate * g / root
        return gradients

    def parameters(self):
        return [value.copy() for value in self.values]

    def state(self):
        return {"second_moment": [average.copy() for average in self.averages]}

    def set_state(self, state, step):
        self.averages = [average.copy() for average in state["second_moment"]]


class Forgetful(Rmsprop):
    """Takes the state that it is given, and drops it."""

    def set_state(self, state, step):
        pass


class Sharing(Rmsprop):
    """All sessions have one moving average."""

    common: dict = {}  # noqa: RUF012 - that it is shared is the point

    def __init__(self, request: protocol.Open, rule: str) -> None:
        super().__init__(request, rule)
        for index, average in enumerate(self.averages):
            self.averages[index] = self.common.setdefault((index, average.shape), average)


class Stubborn(Rmsprop):
    """Has an epsilon of its own, whatever it is told."""

    def __init__(self, request: protocol.Open, rule: str) -> None:
        super().__init__(request, rule)
        self.h = {**self.h, "epsilon": 1e-3}


SESSIONS = {"forgetful": Forgetful, "sharing": Sharing, "stubborn": Stubborn}


class Adapter:
    """What ``adapters.worker.Server`` serves: the members of an adapter module."""

    def __init__(self, rule: str, session: type[Rmsprop] = Rmsprop) -> None:
        self.rule, self.session = rule, session

    def describe(self) -> protocol.Description:
        return protocol.Description(
            adapter="fake",
            protocol=protocol.PROTOCOL,
            versions={"fake": "1.0"},
            devices={"cpu": "host"},
            implementations=[
                protocol.Implementation(
                    name="fake:rmsprop",
                    family="rmsprop",
                    claims=[VARIANT],
                    features=[[]],
                    hyperparameters=["learning_rate", "decay", "epsilon"],
                    dtypes=["float32"],
                    devices=["cpu"],
                    state=["second_moment"],
                )
            ],
        )

    def open_session(self, request: protocol.Open) -> Rmsprop:
        if not request.implementation.startswith("fake:"):
            raise KeyError(request.implementation)
        return self.session(request, self.rule)

    def probe(self, implementation: str):
        return {}


# Misbehaviours: (request, reply, how many requests came before, the stream) -> reply to send ----


def crash_at_step(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        print("the kernel gave up", file=sys.stderr, flush=True)
        os._exit(13)
    return reply


def crash_first(request, reply, count, stream):
    """Dies at the first ``sys.argv[3]`` steps ever; ``sys.argv[2]`` is a folder that remembers."""
    if isinstance(request, protocol.Step):
        for number in range(int(sys.argv[3])):
            try:
                os.mkdir(os.path.join(sys.argv[2], str(number)))
            except FileExistsError:
                continue
            os._exit(13)
    return reply


def segfault_at_step(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        os.kill(os.getpid(), signal.SIGSEGV)
    return reply


def hang_at_hello(request, reply, count, stream):
    time.sleep(3600)


def hang_at_step(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        time.sleep(3600)
    return reply


def late_at_step(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        time.sleep(10)  # longer than a busy machine takes to interrupt somebody
    return reply


def half_frame(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        stream.write(struct.pack(">I", 1000) + b"only this")
        stream.flush()
        os._exit(0)
    return reply


def noise(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        stream.write(b"\xff\xffI am a log line\n")
        stream.flush()
    return reply


def junk(request, reply, count, stream):
    """A proper frame that holds no reply."""
    if isinstance(request, protocol.Step):
        stream.write(struct.pack(">I", 5) + b"junk!")
        stream.flush()
        return None
    return reply


def wrong_reply(request, reply, count, stream):
    return protocol.Done() if isinstance(request, protocol.Step) else reply


def old_protocol(request, reply, count, stream):
    return msgspec.structs.replace(reply, protocol=0)


def closed_output(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        stream.close()
        time.sleep(3600)
    return reply


def refuses(request, reply, count, stream):
    if isinstance(request, protocol.Open):
        return protocol.Failure("unsupported", "Unsupported", "no such kernel upstream")
    return reply


def raises(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        return protocol.Failure("error", "ValueError", "<b>lr</b> | must be [red] positive")
    return reply


def swallows(request, reply, count, stream):
    """Every exception becomes something that upstream lacks."""
    if isinstance(reply, protocol.Failure):
        return msgspec.structs.replace(reply, kind="unsupported")
    return reply


def boasts(request, reply, count, stream):
    """Says that it has more than there is."""
    if isinstance(reply, protocol.Description):
        item = msgspec.structs.replace(
            reply.implementations[0],
            hyperparameters=["learning_rate", "decay", "epsilon", "wings"],
            claims=["folklore-rmsprop"],
            gaps={"float16": ""},
        )
        return msgspec.structs.replace(reply, implementations=[item])
    return reply


def observations(reply, change):
    if isinstance(reply, protocol.Failure):
        return reply
    return protocol.Stepped([change(item) for item in reply.observations])


def wrong_shape(request, reply, count, stream):
    """One element fewer than was sent."""
    if not isinstance(request, protocol.Step):
        return reply

    def shorter(item):
        first = kit.to_array(item.parameters[0])
        cut = kit.to_tensor(first.ravel()[:-1])
        return msgspec.structs.replace(item, parameters=[cut, *item.parameters[1:]])

    return observations(reply, shorter)


def missing_parameter(request, reply, count, stream):
    if not isinstance(request, protocol.Step):
        return reply
    return observations(
        reply, lambda item: msgspec.structs.replace(item, parameters=item.parameters[1:])
    )


def lying_bytes(request, reply, count, stream):
    """A tensor whose bytes do not fill its shape."""
    if not isinstance(request, protocol.Step):
        return reply

    def lie(item):
        first = msgspec.structs.replace(item.parameters[0], data=b"123")
        return msgspec.structs.replace(item, parameters=[first, *item.parameters[1:]])

    return observations(reply, lie)


def fewer_steps(request, reply, count, stream):
    if isinstance(request, protocol.Step):
        return protocol.Stepped(reply.observations[:-1])
    return reply


def missing_gradients(request, reply, count, stream):
    if not isinstance(request, protocol.Step):
        return reply
    return observations(reply, lambda item: msgspec.structs.replace(item, gradients=[]))


def wide_dtype(request, reply, count, stream):
    """float64 parameters for the float32 that were sent."""
    if not isinstance(request, protocol.Step):
        return reply

    def widen(item):
        wide = [kit.to_tensor(kit.to_array(t).astype(np.float64)) for t in item.parameters]
        return msgspec.structs.replace(item, parameters=wide)

    return observations(reply, widen)


def changed_gradient(request, reply, count, stream):
    if not isinstance(request, protocol.Step):
        return reply

    def scale(item):
        changed = [kit.to_tensor(kit.to_array(t) * 2) for t in item.gradients]
        return msgspec.structs.replace(item, gradients=changed)

    return observations(reply, scale)


def unknown_state(request, reply, count, stream):
    if not isinstance(request, protocol.Step):
        return reply
    return observations(
        reply, lambda item: msgspec.structs.replace(item, state={"aura": item.parameters})
    )


def chatty(request, reply, count, stream):
    """Prints to standard output from Python and from C, as frameworks do."""
    print("hello from Python")
    sys.__stdout__.write("hello from the other Python stream\n")
    sys.__stdout__.flush()
    os.write(1, b"hello from a file descriptor\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"hello from C")
    libc.fflush(None)
    return reply


def hostile(request, reply, count, stream):
    """Names and texts that want to become markup."""
    if isinstance(reply, protocol.Description):
        name = "fake:<script>alert(1)</script>|[red]x[/red]"
        item = msgspec.structs.replace(reply.implementations[0], name=name)
        return msgspec.structs.replace(reply, implementations=[item])
    if isinstance(request, protocol.Step):
        return protocol.Failure("error", "Bad", "<script>alert(2)</script> | [red]boom[/red] `x`")
    return reply


def no_device(request, reply, count, stream):
    if isinstance(reply, protocol.Description):
        item = msgspec.structs.replace(reply.implementations[0], devices=[])
        return msgspec.structs.replace(
            reply, devices={}, unavailable="no accelerator here", implementations=[item]
        )
    return reply


def many(request, reply, count, stream):
    """Honest, with seven implementations."""
    if isinstance(reply, protocol.Description):
        (item,) = reply.implementations
        names = [f"fake:rmsprop[{number}]" for number in range(7)]
        return msgspec.structs.replace(
            reply, implementations=[msgspec.structs.replace(item, name=name) for name in names]
        )
    return reply


def floods(request, reply, count, stream):
    """Honest, with 20,000 implementations."""
    if isinstance(reply, protocol.Description):
        (item,) = reply.implementations
        names = [f"fake:rmsprop[{number}]" for number in range(20_000)]
        return msgspec.structs.replace(
            reply, implementations=[msgspec.structs.replace(item, name=name) for name in names]
        )
    return reply


def void(request, reply, count, stream):
    """Has nothing, and does not say why."""
    if isinstance(reply, protocol.Description):
        return msgspec.structs.replace(reply, implementations=[])
    return reply


def misnames(request, reply, count, stream):
    if isinstance(reply, protocol.Description):
        item = msgspec.structs.replace(reply.implementations[0], name="fake:\x1b[31mred")
        return msgspec.structs.replace(reply, implementations=[item])
    return reply


def shouts(request, reply, count, stream):
    """Ten megabytes of words that steer terminals."""
    if isinstance(request, protocol.Step):
        print("e" * 10_000_000, file=sys.stderr, flush=True)
        return protocol.Failure("error", "Loud\x1b[2J", "\x1b[31m" + "a" * 10_000_000)
    return reply


def unhurried(request, reply, count, stream):
    """Many implementations whose steps take a moment: something to kill in the middle of."""
    if isinstance(request, protocol.Step):
        time.sleep(0.02)
    return many(request, reply, count, stream)


def leak(request, reply, count, stream):
    """Takes memory and keeps it, and is slow about the rest."""
    if isinstance(request, protocol.Step):
        LEAKED.append(bytearray(os.urandom(1 << 20)) * 400)
        time.sleep(2)
    return reply


def leaks_quickly(request, reply, count, stream):
    """Takes 20 MB a step, and answers at once."""
    if isinstance(request, protocol.Step):
        LEAKED.append(bytearray(os.urandom(1 << 20)) * 20)
    return reply


def leaks_by_children(request, reply, count, stream):
    """Four processes that hold 80 MB each, and a reply that takes its time."""
    if isinstance(request, protocol.Step):
        for _ in range(4):
            if os.fork() == 0:
                LEAKED.append(bytearray(os.urandom(1 << 20)) * 80)
                time.sleep(60)
                os._exit(0)
        time.sleep(30)
    return reply


def stops_at_hello(request, reply, count, stream):
    os.kill(os.getpid(), signal.SIGSTOP)
    return reply


def trickles(request, reply, count, stream):
    """A frame that never comes to its end."""
    stream.write(struct.pack(">I", 1 << 20))
    while True:
        stream.write(b"x")
        stream.flush()
        time.sleep(0.05)


def twice(request, reply, count, stream):
    """Answers each step twice."""
    if isinstance(request, protocol.Step):
        protocol.write_frame(stream, reply)
    return reply


def twice_closed(request, reply, count, stream):
    """Says twice that a session is closed: the second time nobody asked."""
    if isinstance(request, protocol.Close):
        protocol.write_frame(stream, reply)
        protocol.write_frame(stream, reply)
        time.sleep(0.3)
        return None
    return reply


def huge_frame(request, reply, count, stream):
    """Announces four gigabytes."""
    if isinstance(request, protocol.Step):
        stream.write(b"\xff\xff\xff\xff" + bytes(1000))
        stream.flush()
        return None
    return reply


def trespass(request, reply, count, stream):
    """Writes beside itself: into its own folder, its home, and the folder ``sys.argv[2]``."""
    if isinstance(request, protocol.Step):
        for folder in (".", os.path.expanduser("~"), tempfile.gettempdir()):
            with open(os.path.join(folder, "mine"), "w", encoding="utf-8") as own:
                own.write("mine")
        for act in (
            lambda path: open(path, "w", encoding="utf-8").close(),
            os.mkdir,
            lambda path: os.rename(os.path.join(sys.argv[2], "kept"), path),
            lambda path: os.remove(os.path.join(sys.argv[2], "kept")),
            lambda path: os.truncate(os.path.join(sys.argv[2], "kept"), 0),
        ):
            try:
                act(os.path.join(sys.argv[2], "planted"))
            except OSError as error:
                print(f"refused: {error.strerror}", file=sys.stderr, flush=True)
    return reply


def impossible(request, reply, count, stream):
    """Describes options that the protocol lacks."""
    if isinstance(reply, protocol.Description):
        item = msgspec.structs.replace(reply.implementations[0], features=[["warp"]])
        return msgspec.structs.replace(reply, implementations=[item])
    return reply


def nothing(request, reply, count, stream):
    return reply


BEHAVIOURS = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__code__", None) and value.__code__.co_argcount == 4
}


def main(behaviour: str) -> None:
    if behaviour == "crash_at_hello":
        print("ImportError: libfake.so.1: cannot open shared object file", file=sys.stderr)
        sys.exit(1)
    if behaviour == "deaf":  # never reads what is sent
        time.sleep(3600)
    rule = behaviour if behaviour in RULES else "honest"
    misbehave = BEHAVIOURS.get(behaviour, nothing)
    requests, replies = private_streams()
    server = Server(Adapter(rule, SESSIONS.get(behaviour, Rmsprop)))  # type: ignore[arg-type]  # an object with a module's members
    count = 0
    while (body := protocol.read_frame(requests)) is not None:
        request = protocol.decode_request(body)
        reply = misbehave(request, server.answer(request), count, replies)
        if reply is not None:
            protocol.write_frame(replies, reply)
        count += 1


if __name__ == "__main__":
    main(sys.argv[1])
