"""A little of what ``nox -s faults`` does at length, and what confines a worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import faults
import psutil
import pytest
from fakes import command
from test_workers import step_with

from optimizer_conformance.adapters import protocol
from optimizer_conformance.workers import process as driver
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.sandbox import missing_walls


def test_killed_runs_go_on_and_equal_an_undisturbed_one():
    done = subprocess.run(
        [sys.executable, faults.__file__, "--kills", "5", "--frames", "40", "--full", "1"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(
        r"5 kills \(.*every run equals the undisturbed one byte by byte; 0 ", done.stdout
    )


def test_spoilt_requests_are_answered_one_by_one():
    found = faults.worker_frames(400, seed=1)
    assert found["refused"] > 100
    assert found["streams ended"] > 1


def test_spoilt_replies_become_a_clear_error():
    assert faults.driver_frames(400, seed=1)["refused"] > 300


def test_spoilt_replies_midway_leave_a_verdict_in_every_cell():
    assert faults.spoilt_runs(100, seed=1)["error"] > 10


def failure(behaviour, *more, **worker_options):
    with Worker(command(behaviour, *more), **worker_options) as worker:
        worker.hello()
        with pytest.raises(WorkerError) as caught:
            step_with(worker)
    return caught.value


class TestMemory:
    def test_a_worker_that_takes_too_much_is_ended(self):
        error = failure("leak", memory=300 << 20)
        assert error.kind == "crash"
        assert "0.3 GiB are allowed (--memory)" in str(error)

    def test_the_default_leaves_room_for_a_framework(self):
        assert psutil.virtual_memory().total // 2 >= driver.MEMORY_LIMIT


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            ["Error: no such module", "    at Module.load", "", "Node.js v20"],
            "Error: no such module",
        ),
        (["Traceback", "ImportError: no x", "it is needed"], "ImportError: no x"),
        (["killed by a rule", ""], "killed by a rule"),
        ([], "it said nothing"),
    ],
)
def test_a_crash_is_told_with_the_line_that_names_the_error(said, words):
    assert driver.last_words(said) == words


class TestStrayReplies:
    def test_a_second_answer_is_noticed_at_the_next_request(self):
        with Worker(command("twice")) as worker:
            worker.hello()
            step_with(worker)
            with pytest.raises(WorkerError, match=r"no request had asked for|asked for State"):
                worker.ask(protocol.GetState(1), protocol.State, limit=10.0)

    def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(self):
        with Worker(command("twice_closed")) as worker:
            worker.hello()
            worker.ask(protocol.Close(1), protocol.Done, limit=10.0)
            import time

            time.sleep(0.3)
            with pytest.raises(WorkerError, match="no request had asked for"):
                worker.ask(protocol.Close(1), protocol.Done, limit=10.0)

    def test_a_huge_frame_is_refused_before_it_is_read(self):
        error = failure("huge_frame")
        assert error.kind == "error"
        assert "something wrote into the protocol's stream" in str(error)

    def test_options_that_do_not_exist_are_refused(self):
        with (
            Worker(command("impossible")) as worker,
            pytest.raises(WorkerError, match="features that are not known: warp"),
        ):
            worker.hello()


class TestConfinement:
    @pytest.mark.skipif("writing" in missing_walls(), reason="this kernel has no such wall")
    def test_a_worker_writes_into_its_scratch_folder_and_nowhere_else(self, tmp_path):
        (tmp_path / "kept").write_text("kept")
        with Worker(command("trespass", str(tmp_path))) as worker:
            worker.hello()
            assert step_with(worker).observations
            assert (Path(worker.scratch.name) / "mine").read_text() == "mine"
        assert {path.name for path in tmp_path.iterdir()} == {"kept"}
        assert (tmp_path / "kept").read_text() == "kept"
        assert sum("refused: " in line for line in worker.errors) == 5

    def test_a_worker_ends_with_its_driver(self):
        script = (
            "import sys, time; from optimizer_conformance.workers.process import Worker\n"
            f"worker = Worker({command('honest')!r}); worker.hello()\n"
            "print(worker.process.pid, worker.scratch.name, flush=True); time.sleep(60)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
        ) as killed:
            pid, folder = killed.stdout.readline().split()
            worker = psutil.Process(int(pid))
            killed.kill()
        gone, _ = psutil.wait_procs([worker], timeout=20)
        assert gone
        driver.sweep()
        assert not Path(folder).exists()

    def test_folders_of_drivers_that_live_are_left_alone(self):
        with tempfile.TemporaryDirectory(prefix=f"{driver.SCRATCH}{os.getpid()}-") as folder:
            driver.sweep()
            assert Path(folder).exists()


class TestTheWorkersOwnSide:
    def test_another_version_of_the_harness_is_told_which_side_is_older(self):
        with (
            Worker(command("honest")) as worker,
            pytest.raises(WorkerError, match="the harness speaks protocol 7, this worker 1"),
        ):
            worker.ask(protocol.Hello(7), protocol.Description)
