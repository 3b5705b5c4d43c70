"""Workers that misbehave: each failure has a kind and a message of its own, and nothing hangs."""

from __future__ import annotations

import _thread
import io
import signal
import struct
import sys
import threading
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest
from fakes import command
from hypothesis import given
from hypothesis import strategies as st

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.workers import process as driver
from optimizer_conformance.workers.description import contradiction
from optimizer_conformance.workers.process import Refused, Worker, WorkerError, command_for

SHORT = 3.0  # seconds; long enough for Python and NumPy to start


@pytest.fixture
def short_limits(monkeypatch):
    """``ask`` binds its default limit early, so requests in these tests say it themselves."""
    monkeypatch.setattr(driver, "STARTUP_LIMIT", SHORT)


def tensor(*values):
    return kit.to_tensor(np.array(values, dtype=np.float32))


OPEN = protocol.Open(
    implementation="fake:rmsprop",
    device="cpu",
    parameters=[protocol.Parameter("w", tensor(1.0, 2.0))],
    hyperparameters={"learning_rate": 0.01, "decay": 0.9, "epsilon": 1e-8},
)


def step_with(worker, limit=30.0):
    """Open a session and take one step."""
    session = worker.ask(OPEN, protocol.Opened).session
    return worker.ask(protocol.Step(session, [[tensor(0.5, -0.5)]]), protocol.Stepped, limit=limit)


def failure_of(behaviour, limit=30.0):
    """What a worker with this behaviour makes of one step."""
    with Worker(command(behaviour)) as worker:
        worker.hello()
        with pytest.raises(WorkerError) as caught:
            step_with(worker, limit)
    assert worker.process.poll() is not None  # nothing outlives the block
    return caught.value


class TestGoodWorkers:
    def test_a_step_comes_back_as_bits(self):
        with Worker(command("honest")) as worker:
            description = worker.hello()
            (observation,) = step_with(worker).observations
        assert description.adapter == "fake"
        assert observation.parameters[0].dtype == "float32"
        moment = kit.to_array(observation.state["second_moment"][0])
        assert moment.tolist() == pytest.approx([0.025, 0.025], rel=1e-6)

    def test_what_is_printed_cannot_reach_the_protocol(self):
        with Worker(command("chatty")) as worker:
            worker.hello()
            assert step_with(worker).observations
        heard = "\n".join(worker.errors)
        for speaker in ("Python", "the other Python stream", "a file descriptor", "C"):
            assert f"hello from {speaker}" in heard

    def test_the_shipped_numpy_worker_runs_here(self):
        with Worker(command_for("numpy", sys.executable)) as worker:
            names = [item.name for item in worker.hello().implementations]
        assert names == ["numpy:codecademy", "numpy:d2l.scratch", "numpy:d2l.2d"]

    def test_a_session_that_is_not_open_is_an_error_and_the_worker_lives_on(self):
        with Worker(command("honest")) as worker:
            worker.hello()
            with pytest.raises(Refused, match="session 99 is not open"):
                worker.ask(protocol.GetState(99), protocol.State)
            assert step_with(worker).observations

    def test_the_scratch_folder_goes_with_the_worker(self):
        from pathlib import Path

        with Worker(command("honest")) as worker:
            folder = Path(worker.scratch.name)
            assert folder.is_dir()
        assert not folder.exists()


class TestDescriptions:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"family": "rvsprop"}, "is of a family 'rvsprop' that is not known; known are rmspr"),
            ({"features": [["nesterov"]]}, "offers what cannot be: no rule of the family rmsprop"),
            ({"loop": ["x"] * 1001}, "has more than 1,000 of something"),
        ],
    )
    def test_what_no_rule_can_be_planned_from_is_refused(self, change, said):
        with Worker(command("honest")) as worker:
            heard = worker.ask(protocol.Hello(), protocol.Description)
        item = msgspec.structs.replace(heard.implementations[0], **change)
        assert said in contradiction(msgspec.structs.replace(heard, implementations=[item]))


class TestFailures:
    def test_a_command_that_does_not_exist(self):
        with pytest.raises(WorkerError, match="/nowhere/python cannot be started") as caught:
            Worker(["/nowhere/python"])
        assert caught.value.kind == "crash"

    def test_a_crash_at_the_start_quotes_the_last_words(self):
        with (
            Worker(command("crash_at_hello")) as worker,
            pytest.raises(WorkerError, match=r"exit status 1: ImportError: libfake") as caught,
        ):
            worker.hello()
        assert caught.value.kind == "crash"

    def test_a_crash_at_a_step(self):
        error = failure_of("crash_at_step")
        assert error.kind == "crash"
        assert str(error) == "the worker ended with exit status 13: the kernel gave up"

    def test_a_segmentation_fault(self):
        error = failure_of("segfault_at_step")
        assert error.kind == "crash"
        assert "signal 11" in str(error)

    def test_no_answer_to_hello(self, short_limits):
        with (
            Worker(command("hang_at_hello")) as worker,
            pytest.raises(WorkerError, match="no answer within 3 s") as caught,
        ):
            worker.hello()
        assert caught.value.kind == "timeout"

    def test_no_answer_to_a_step(self):
        error = failure_of("hang_at_step", limit=1.0)
        assert error.kind == "timeout"
        assert "no answer within 1 s" in str(error)

    def test_a_frame_that_ends_too_soon(self):
        error = failure_of("half_frame")
        assert error.kind == "error"
        assert "bytes before its frame did" in str(error)

    def test_noise_in_the_stream_of_frames(self):
        error = failure_of("noise")
        assert error.kind == "error"
        assert "something wrote into the protocol's stream" in str(error)

    def test_a_frame_that_is_no_reply(self):
        error = failure_of("junk")
        assert error.kind == "error"
        assert "not of the protocol" in str(error)

    def test_the_wrong_reply(self):
        error = failure_of("wrong_reply")
        assert error.kind == "error"
        assert str(error) == "asked for Stepped, got Done"

    def test_another_version_of_the_protocol(self):
        with (
            Worker(command("old_protocol")) as worker,
            pytest.raises(WorkerError, match="speaks protocol 0, this is 1: update") as caught,
        ):
            worker.hello()
        assert caught.value.kind == "error"

    def test_a_closed_output(self):
        error = failure_of("closed_output")
        assert error.kind == "crash"
        assert "closed its output" in str(error)

    def test_a_declared_gap_is_unsupported_and_says_why(self):
        error = failure_of("refuses")
        assert isinstance(error, Refused)
        assert error.kind == "unsupported"
        assert "no such kernel upstream" in str(error)

    def test_what_is_raised_is_an_error_and_never_unsupported(self):
        error = failure_of("raises")
        assert isinstance(error, Refused)
        assert error.kind == "error"
        assert str(error).startswith("ValueError: ")

    def test_a_worker_that_never_reads_is_late_too(self):
        """More than a pipe holds: the request itself must not block for ever."""
        large = protocol.Parameter("w", kit.to_tensor(np.zeros(1 << 18, dtype=np.float32)))
        request = protocol.Open("fake:rmsprop", "cpu", [large], {})
        caught: list[WorkerError] = []
        with Worker(command("deaf")) as worker:

            def ask():
                try:
                    worker.ask(request, protocol.Opened, limit=1.0)
                except WorkerError as error:
                    caught.append(error)

            asking = threading.Thread(target=ask, daemon=True)
            asking.start()
            asking.join(20.0)
            late = asking.is_alive()
            worker.process.kill()
            asking.join(20.0)
        assert not late, "the request blocked although its limit had passed"
        assert caught[0].kind == "timeout"

    def test_asking_a_dead_worker_again_is_a_crash_and_not_a_hang(self):
        with Worker(command("crash_at_step")) as worker:
            worker.hello()
            with pytest.raises(WorkerError):
                step_with(worker)
            with pytest.raises(WorkerError) as caught:
                worker.ask(protocol.Hello(), protocol.Description, limit=5.0)
        assert caught.value.kind == "crash"

    def test_an_answer_that_comes_too_late_is_nobodys(self, monkeypatch):
        """It arrives between the end of the wait and the end of the worker."""
        with Worker(command("late_at_step")) as worker:
            worker.hello()
            session = worker.ask(OPEN, protocol.Opened).session
            kill = worker.kill

            def slowly():
                worker.frames.put(worker.frames.get(timeout=30.0))
                kill()

            monkeypatch.setattr(worker, "kill", slowly)
            step = protocol.Step(session, [[tensor(0.5, -0.5)]])
            with pytest.raises(WorkerError, match="no answer within 0 s"):
                worker.ask(step, protocol.Stepped, limit=0.1)
            with pytest.raises(WorkerError, match="no answer within 0 s") as caught:
                worker.ask(protocol.Close(session), protocol.Done)
        assert caught.value.kind == "timeout"

    def test_an_answer_that_nobody_waited_for_is_nobodys(self, interrupted):
        """Ctrl-C during a step: what is asked at last (close the session) must not hear of it."""
        with Worker(command("late_at_step")) as worker:
            worker.hello()
            session = worker.ask(OPEN, protocol.Opened).session

            def step_and_close():
                try:
                    worker.ask(protocol.Step(session, [[tensor(0.5, -0.5)]]), protocol.Stepped)
                finally:
                    worker.ask(protocol.Close(session), protocol.Done)

            with interrupted(), pytest.raises(KeyboardInterrupt):
                step_and_close()
            assert not worker.alive

    @pytest.fixture
    def interrupted(self):
        """A block that Ctrl-C interrupts a moment after it began."""

        @contextmanager
        def soon():
            # Where tests run side by side, their processes leave Ctrl-C to the one that began them.
            before = signal.signal(signal.SIGINT, signal.default_int_handler)
            timer = threading.Timer(0.3, _thread.interrupt_main)
            timer.start()
            try:
                yield
            finally:
                timer.join()
                signal.signal(signal.SIGINT, before)

        return soon


class TestEnvironment:
    def test_our_own_packages_do_not_leak_into_the_worker(self, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", "/somewhere/of/ours")
        monkeypatch.setenv("VIRTUAL_ENV", "/an/environment")
        left = driver.clean_environment()
        assert "PYTHONPATH" not in left
        assert "VIRTUAL_ENV" not in left


class TestFrames:
    @given(bodies=st.lists(st.binary(max_size=200), max_size=5))
    def test_frames_come_back_in_order(self, bodies):
        stream = io.BytesIO()
        for body in bodies:
            stream.write(struct.pack(">I", len(body)) + body)
        stream.seek(0)
        assert list(iter(lambda: protocol.read_frame(stream), None)) == bodies

    @given(noise=st.binary(min_size=1, max_size=60))
    def test_noise_is_a_frame_error_or_a_frame_and_nothing_else(self, noise):
        try:
            body = protocol.read_frame(io.BytesIO(noise))
        except protocol.FrameError as error:
            assert str(error)  # noqa: PT017 - no bytes must raise anything else
        else:
            assert noise[4:].startswith(body)

    def test_an_absurd_length_is_refused_before_anything_is_read(self):
        with pytest.raises(protocol.FrameError, match="something wrote into the protocol"):
            protocol.read_frame(io.BytesIO(b"\xff\xff\xff\xff"))


class TestTensors:
    @given(data=st.data(), dtype=st.sampled_from(list(kit.STORAGE)))
    def test_bits_survive_the_round_trip(self, data, dtype):
        shape = tuple(data.draw(st.lists(st.integers(0, 4), max_size=3)))
        count = int(np.prod(shape, dtype=int)) * protocol.ITEM_SIZE[dtype]
        bits = data.draw(st.binary(min_size=count, max_size=count))
        sent = protocol.Tensor(dtype=dtype, shape=shape, data=bits)
        assert kit.to_tensor(kit.to_array(sent)) == sent

    def test_bytes_that_do_not_fill_the_shape_are_refused(self):
        with pytest.raises(ValueError, match=r"float32 tensor of shape \(3,\) with 4 bytes"):
            kit.to_array(protocol.Tensor("float32", (3,), b"1234"))

    def test_a_dtype_without_a_place_on_the_wire_is_refused(self):
        with pytest.raises(TypeError, match="int64 has no place on the wire"):
            kit.to_tensor(np.arange(3))

    def test_strided_memory_holds_the_same_elements(self):
        array = np.arange(12.0).reshape(3, 4)
        found = kit.strided(array)
        assert (found == array).all()
        assert found.strides[-1] == 2 * array.itemsize
        assert not found.flags.c_contiguous
