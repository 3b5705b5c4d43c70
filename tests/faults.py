"""Faults by the hundred: ``python tests/faults.py [--kills 120] [--frames 10000]``.

Kills workers and drivers at random moments, goes on with ``resume``, and compares what comes out
with an undisturbed run, byte by byte; sends thousands of spoilt frames to both ends of the
protocol.
``nox -s faults`` prints the figures; tests/test_faults.py does a little of each.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from evaluations import case_of
from fakes import command
from fakes.wire import Recorded, Wire, framed
from fakes.worker import Adapter
from fuzzing import damaged_message

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.worker import Server, serve
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.judging.group import Campaign
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs import journal
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers.description import contradiction
from optimizer_conformance.workers.process import WorkerError, command_for

CASES = tuple(case_of(mode="trajectory", steps=3, size=8, seed=seed) for seed in range(6))
SELECTION = Selection(adapters=("fake", "numpy"), cases=CASES)
TABLES = [
    f"{table}/{name}.parquet" for table in ("cells", "elements") for name in ("fake", "numpy")
]
LIMIT = 120.0  # seconds for one attempt; what takes longer hangs


class Undone(Exception):  # noqa: N818 - named for the situation
    """A fault that was not survived."""


# Kills --------------------------------------------------------------------------------------------


def drive(folder: Path, resume: bool, room: int = 0) -> int:
    """Start a driver; its process identifier.

    Forked before any thread exists, so that nothing has to be imported again.  ``room`` is the most
    bytes that a file may have, as on a full disk.
    """
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        if room:
            import resource

            os.dup2(quiet, 2)  # a log file could not grow either
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        commands = {"fake": command("unhurried"), "numpy": command_for("numpy", sys.executable)}
        code = conduct(SELECTION, folder, commands=commands, jobs=2, resume=resume).exit_code
    except RunError as error:
        print(f"RunError: {error}", file=sys.stderr)
        code = 3
    except BaseException:  # noqa: BLE001 - a fault; what it was is printed
        traceback.print_exc()
    finally:
        os._exit(code)


def finished_groups(folder: Path, adapter: str = "") -> int:
    path = folder / "events.jsonl"
    start = f'"group finished", "adapter": "{adapter}'
    return path.read_bytes().count(start.encode()) if path.exists() else 0


def victims(driver: int, folder: Path, before: dict[str, int]) -> list[tuple[str, int, int]]:
    """Workers that may be killed: adapter, process, and how many groups its adapter has finished.

    A case, like a start, has two attempts: something must be finished between two kills.
    """
    found = []
    for worker in psutil.Process(driver).children():
        with contextlib.suppress(psutil.Error):
            adapter = "fake" if "unhurried" in worker.cmdline() else "numpy"
            done = finished_groups(folder, adapter)
            if done > before.get(adapter, -1):
                found.append((adapter, worker.pid, done))
    return found


def attempt(folder: Path, resume: bool, dice: random.Random, left: Counter[str]) -> int | None:
    """One driver, and random kills of its workers or of itself; its exit code, None if killed."""
    driver = drive(folder, resume)
    start, before = time.monotonic(), dict[str, int]()
    while True:
        moment = time.monotonic() + dice.uniform(0.0, 0.7)
        while time.monotonic() < moment:
            ended, status = os.waitpid(driver, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        if time.monotonic() - start > LIMIT:
            os.kill(driver, signal.SIGKILL)
            os.waitpid(driver, 0)
            raise Undone(f"{folder}: the driver hangs")
        if not left["kills"]:
            continue
        if (workers := victims(driver, folder, before)) and dice.random() < 0.6:
            adapter, worker, before[adapter] = dice.choice(workers)
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
            left["worker"] += 1
            left["kills"] -= 1
        elif dice.random() < 0.5:
            os.kill(driver, signal.SIGKILL)
            os.waitpid(driver, 0)
            left["driver"] += 1
            left["kills"] -= 1
            return None


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def undisturbed(folder: Path) -> dict[str, bytes]:
    driver = drive(folder, False)
    code = os.waitstatus_to_exitcode(os.waitpid(driver, 0)[1])
    if code:
        raise Undone(f"the undisturbed run ended with {code}")
    return tables(folder)


def kills(count: int, seed: int, top: Path) -> Counter[str]:
    """So many kills over as many runs as it takes; each run has to equal the undisturbed one."""
    dice = random.Random(seed)
    expected = undisturbed(top / "undisturbed")
    tally = Counter(kills=count)
    groups = finished_groups(top / "undisturbed")
    while tally["kills"]:
        tally["runs"] += 1
        folder = top / str(tally["runs"])
        code = None
        while code is None:
            resume = (folder / "provenance.json").exists()
            code = attempt(folder, resume, dice, tally)
            tally["attempts"] += 1
        if code != 0:
            raise Undone(f"{folder} ended with {code}: {(folder / 'events.jsonl').read_text()}")
        if tables(folder) != expected:
            raise Undone(f"{folder} differs from the undisturbed run")
        tally["repeated"] += repeated(folder, groups)
        tally["retried"] += (folder / "events.jsonl").read_bytes().count(b'"case retried"')
    return tally


def repeated(folder: Path, groups: int) -> int:
    """How many groups were finished more than once.

    A driver that is killed between the journal's record and the event leaves one event too few.
    """
    lines = (folder / "events.jsonl").read_text().splitlines()
    done = Counter(
        event["group"] for event in map(json.loads, filter(whole, lines))
        if event["event"] == "group finished"
    )  # fmt: skip
    assert len(done) <= groups
    return sum(number - 1 for number in done.values())


def whole(line: str) -> bool:
    """Whether a line was written to its end."""
    return line.startswith("{") and line.endswith("}")


def full_disk(rounds: int, seed: int, top: Path) -> Counter[str]:
    """Drivers whose disk is full at some size; with room again, the run equals the undisturbed."""
    dice = random.Random(seed)
    expected = undisturbed(top / "roomy")
    largest = max(len(content) for content in expected.values())
    tally: Counter[str] = Counter()
    for number in range(rounds):
        folder = top / f"full-{number}"
        driver = drive(folder, False, room=dice.randrange(200, largest))
        code = os.waitstatus_to_exitcode(os.waitpid(driver, 0)[1])
        tally["full"] += code == 3
        if code not in (0, 3):
            raise Undone(f"a full disk ended the driver with {code}")
        if (folder / "footer.json").exists():
            continue
        resume = (folder / "provenance.json").exists()
        code = os.waitstatus_to_exitcode(os.waitpid(drive(folder, resume), 0)[1])
        if code != 0 or tables(folder) != expected:
            raise Undone(f"{folder} differs from the undisturbed run after a full disk")
        tally["resumed"] += 1
    return tally


# Frames -------------------------------------------------------------------------------------------


def exchanges() -> tuple[list[bytes], list[bytes]]:
    """The frames of a real exchange: requests, and the replies to them."""
    requests: list[bytes] = []
    replies: list[bytes] = []

    class Heard(Wire):
        def ask(self, request, kind, limit=0.0):
            requests.append(protocol.encode(request))
            return super().ask(request, kind, limit)

    def keep(body: bytes) -> bytes:
        replies.append(body)
        return body

    modes = ("trajectory", "restored", "injected", "layout-filled")
    cases = tuple(case_of(mode=mode, steps=2, size=8) for mode in modes)
    for _ in campaign(Heard(keep), cases):
        pass
    return requests, replies


def campaign(worker: Wire, cases):
    """A campaign over a worker in this process."""
    found = Campaign("fake", [], Selection(adapters=("fake",), cases=cases))
    found.worker = worker
    found._fresh = lambda: found.description
    found.description = worker.hello()
    outlines = found.plan()
    for index, outline in enumerate(outlines):
        yield found.carry(index, outline.key)


def spoilt(body: bytes, dice: random.Random) -> bytes:
    """A frame's body with something wrong about it: half of the time one of its values."""
    if dice.random() < 0.5:
        return damaged_message(body, dice)
    kind = dice.randrange(6)
    content = bytearray(body)
    if kind == 0:
        return dice.randbytes(dice.randrange(40))
    if kind == 1:
        return bytes(content[: dice.randrange(len(content))])
    if kind == 2:
        return bytes(content) + dice.randbytes(dice.randrange(1, 9))
    if kind == 3:  # nesting without end
        return b"\x91" * dice.randrange(1, 100_000)
    for _ in range(dice.choice((1, 1, 2, 8))):
        content[dice.randrange(len(content))] = dice.randrange(256)
    return bytes(content)


def torn(body: bytes, dice: random.Random) -> bytes:
    """A frame whose length, or end, is wrong."""
    frame = framed(body)
    if dice.random() < 0.5:
        return frame[: dice.randrange(1, len(frame))]
    return dice.randbytes(4) + frame[4:]


def worker_frames(count: int, seed: int) -> Counter[str]:
    """Spoilt requests to the worker: each whole frame gets one reply, and nothing is raised."""
    dice = random.Random(seed)
    requests, _ = exchanges()
    tally: Counter[str] = Counter()
    while tally["frames"] < count:
        server = Server(Adapter("honest"))
        bodies = [
            spoilt(body, dice) if dice.random() < 0.5 else body
            for body in dice.choices(requests, k=20)
        ]
        stream = b"".join(framed(body) for body in bodies)
        cut = dice.random() < 0.5
        end = torn(dice.choice(requests), dice) if cut else b""
        heard = io.BytesIO()
        with contextlib.redirect_stderr(io.StringIO()):
            code = serve(server, io.BytesIO(stream + end), heard)
        replies = [protocol.decode_reply(body) for body in unframed(heard.getvalue())]
        if len(replies) < len(bodies) or (not cut and (code or len(replies) != len(bodies))):
            raise Undone(f"{len(bodies)} requests got {len(replies)} replies")
        tally["frames"] += len(bodies) + cut
        tally["refused"] += sum(isinstance(reply, protocol.Failure) for reply in replies)
        tally["streams ended"] += code
    return tally


def unframed(content: bytes) -> list[bytes]:
    stream = io.BytesIO(content)
    return list(iter(lambda: protocol.read_frame(stream), None))


def driver_frames(count: int, seed: int) -> Counter[str]:
    """Spoilt replies to the driver: a clear error, or a reply that can be checked."""
    dice = random.Random(seed)
    _, replies = exchanges()
    tally: Counter[str] = Counter()
    while tally["frames"] < count:
        body = dice.choice(replies)
        broken = torn(body, dice) if dice.random() < 0.3 else framed(spoilt(body, dice))
        worker = Recorded(broken)
        kind = type(protocol.decode_reply(body))
        try:
            reply = worker.ask(protocol.Hello(), kind, limit=5.0)
            if isinstance(reply, protocol.Description):
                contradiction(reply)
            tally["read"] += 1
        except WorkerError as error:
            clear(error)
            tally["refused"] += 1
        tally["frames"] += 1
    return tally


def spoilt_runs(count: int, seed: int) -> Counter[str]:
    """Spoilt replies in the middle of a campaign: cells of a verdict each, or a clear error."""
    dice = random.Random(seed)
    cases = (case_of(mode="restored", steps=2, size=8), case_of(mode="trajectory", steps=2, size=8))
    tally: Counter[str] = Counter()

    def change(body: bytes) -> bytes:
        if dice.random() < 0.8:
            return body
        tally["frames"] += 1
        return spoilt(body, dice)

    while tally["frames"] < count:
        try:
            for carried in campaign(Wire(change), cases):
                tally.update(cell.verdict for cell in carried.finished.cells)
                journal.decode(journal.encode(carried.finished))
        except WorkerError as error:
            clear(error)
            tally["unusable"] += 1
    return tally


def clear(error: WorkerError) -> None:
    """One line that says something."""
    text = str(error)
    if not text.strip() or "Traceback" in text:
        raise Undone(f"an unclear error: {error!r}")


# The figures --------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--full", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    suite = suite_hash()
    with tempfile.TemporaryDirectory() as top:
        found = kills(given.kills, given.seed, Path(top))
        print(
            f"{found['worker'] + found['driver']} kills ({found['worker']} of workers, "
            f"{found['driver']} of drivers) in {found['runs']} runs: every run equals the "
            f"undisturbed one byte by byte; {found['repeated']} finished groups repeated, "
            f"{found['retried']} cases tried again",
            flush=True,
        )
        found = full_disk(given.full, given.seed, Path(top))
        print(f"{found['full']} full disks, {found['resumed']} runs resumed: all equal", flush=True)
    for name, fuzz, share in (
        ("requests", worker_frames, 2), ("replies", driver_frames, 2),
        ("replies midway", spoilt_runs, 6),
    ):  # fmt: skip
        found = fuzz(given.frames // share, given.seed)
        words = ", ".join(f"{number} {what}" for what, number in found.items() if what != "frames")
        print(f"{found['frames']} spoilt {name}: {words}")
    if suite != suite_hash():
        raise Undone("the suite's own files changed")


if __name__ == "__main__":
    main()
