"""What a hostile target tries, act by act, and what docs/sandbox.md says of each."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sandboxing
from fakes import command
from test_workers import step_with

from optimizer_conformance.cli.interpreting import print_answer
from optimizer_conformance.workers import sandbox
from optimizer_conformance.workers.process import Worker, WorkerError

ACTS = [
    node.name
    for node in ast.parse(sandboxing.ACTS.read_text()).body
    if isinstance(node, ast.FunctionDef)
    and node.name not in ("foreign", "checked", "read", "write", "main")
]
NO_WALLS = bool(sandbox.missing_walls())


@pytest.fixture(scope="module")
def tried():
    """What came of each act."""
    return sandboxing.attempt()


@pytest.fixture(scope="module")
def tried_without_namespaces():
    return sandboxing.attempt(without="namespaces")


@pytest.mark.skipif(
    NO_WALLS, reason=f"walls are missing here: {', '.join(sandbox.missing_walls())}"
)
@pytest.mark.parametrize("act", ACTS)
def test_a_hostile_target_cannot(act, tried):
    allowed = sandboxing.OPEN | (sandboxing.OPEN_TO_ROOT if os.getuid() == 0 else set())
    assert tried[act][0] == (act in allowed), tried[act]


@pytest.mark.skipif(NO_WALLS, reason="walls are missing here")
@pytest.mark.parametrize("act", sorted(set(ACTS) - {"talk_to_its_own_children"}))
def test_a_hostile_target_cannot_either_where_there_are_no_namespaces(
    act, tried_without_namespaces
):
    allowed = sandboxing.OPEN | sandboxing.OPEN_WITHOUT_NAMESPACES
    found = tried_without_namespaces[act]
    assert found[0] == (act in allowed), found


def test_every_act_stands_in_the_table_of_the_page():
    page = sandboxing.PAGE.read_text()
    for act in ACTS:
        assert f"| {act.replace('_', ' ')} |" in page
    for wall in sandbox.WALLS:
        assert f"| {wall} |" in page


class TestWhatStaysOpen:
    def places(self, *command, readable=()):
        found = sandbox.policy("/scratch", 0, [*sandbox.places_of(list(command)), *readable])
        return found["readable"]

    def test_the_home_itself_opens_nothing_that_begins_with_a_dot(self, tmp_path, monkeypatch):
        for name in (".ssh", ".netrc", "project"):
            (tmp_path / name).mkdir()
        monkeypatch.setattr(Path, "home", lambda: tmp_path)
        assert sandbox.outside_home(str(tmp_path)) == [str(tmp_path / "project")]
        assert sandbox.outside_home(str(tmp_path.parent)) == []
        assert sandbox.outside_home(str(tmp_path / "project")) == [str(tmp_path / "project")]

    def test_what_was_installed_editable_can_be_imported(self, tmp_path):
        packages = tmp_path / "lib" / "python3.11" / "site-packages"
        source, other = tmp_path / "source", tmp_path / "other"
        for folder in (packages, source, other, tmp_path / "bin"):
            folder.mkdir(parents=True)
        (packages / "mine.pth").write_text(f"import x\n{source}\n")
        (packages / "__editable___mine_finder.py").write_text(f"MAPPING = {{'mine': '{other}'}}\n")
        (tmp_path / "bin" / "python").symlink_to(sys.executable)
        found = self.places(str(tmp_path / "bin" / "python"))
        assert {str(source), str(other), str(tmp_path), sys.base_prefix} <= set(found)

    def test_folders_that_were_named_for_it(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CONFORMANCE_READABLE", str(tmp_path))
        assert str(tmp_path) in self.places(sys.executable)

    def test_folders_that_it_may_change_by_name(self, tmp_path, monkeypatch):
        (tmp_path / "scratch").mkdir()
        (tmp_path / "named").mkdir()
        monkeypatch.setenv("CONFORMANCE_WRITABLE", str(tmp_path / "named"))
        script = f"open({str(tmp_path / 'named' / 'mine')!r}, 'w')"
        start = sandbox.confined(
            [sys.executable, "-c", script], str(tmp_path / "scratch"), memory=0
        )
        assert os.spawnv(os.P_WAIT, start[0], start) == 0
        assert (tmp_path / "named" / "mine").exists()

    def test_variables_of_frameworks_and_no_secrets(self, monkeypatch):
        for name in ("XLA_FLAGS", "MS_DEV_TOKEN", "AWS_ACCESS_KEY_ID", "MY_SETTING", "OMP_THREADS"):
            monkeypatch.setenv(name, "x")
        assert {"XLA_FLAGS", "OMP_THREADS"} <= set(sandbox.clean_environment())
        left_out = {"MS_DEV_TOKEN", "AWS_ACCESS_KEY_ID", "MY_SETTING"}
        assert not left_out & set(sandbox.clean_environment())
        monkeypatch.setenv("CONFORMANCE_PASS", "MY_SETTING")
        assert "MY_SETTING" in sandbox.clean_environment()

    @pytest.mark.skipif(NO_WALLS, reason="walls are missing here")
    def test_the_network_where_it_was_asked_for(self, monkeypatch, tmp_path):
        script = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
        codes = []
        with socket.create_server(("127.0.0.1", 0)) as service:
            port = str(service.getsockname()[1])
            for asked in ("", "1"):
                monkeypatch.setenv("CONFORMANCE_NETWORK", asked)
                words = [sys.executable, "-c", script, port]
                start = sandbox.confined(words, str(tmp_path), memory=0)
                codes.append(os.spawnv(os.P_WAIT, start[0], start))
        assert codes == [1, 0]


class TestMissingWalls:
    @pytest.fixture
    def without(self, monkeypatch):
        def leave_out(names):
            monkeypatch.setenv("CONFORMANCE_WITHOUT", names)
            sandbox.missing_walls.cache_clear()

        yield leave_out
        sandbox.missing_walls.cache_clear()

    @pytest.mark.skipif(NO_WALLS, reason="walls are missing here")
    def test_each_is_named(self, without):
        assert sandbox.confinement() == "confined"
        for names, missing in (
            ("landlock", {"reading"}),
            ("seccomp", {"calls"}),
            ("namespaces", {"processes"}),
            ("namespaces,seccomp", {"processes", "calls", "attributes", "network"}),
            ("namespaces,landlock", {"processes", "reading", "writing"}),
        ):
            without(names)
            assert set(sandbox.missing_walls()) == missing, names
        assert "can be read" in sandbox.confinement()

    def test_doctor_says_which(self, conformance, ready, without):
        without("namespaces,landlock,seccomp")
        done = conformance("doctor", "numpy")
        assert "walls that are missing here" in done.stdout
        assert json.loads(conformance("doctor", "numpy", "--json").stdout)["missing_walls"]

    def test_an_audit_says_which(self, conformance, cache, without, tmp_path):
        without("namespaces,landlock,seccomp")
        (tmp_path / "mine.py").write_text("def update(p, g, s, rate=0.1): return p - rate * g, s\n")
        done = conformance("audit", f"{tmp_path}/mine.py:nothing")
        assert "not confined here: " in done.stderr

    def test_so_does_the_json_of_an_answer(self, capsys, without):
        without("landlock,seccomp,namespaces")
        print_answer({"conforms": True})
        said = json.loads(capsys.readouterr().out)
        assert said["conforms"]
        assert "home" in said["missing_walls"]["reading"]


class TestDeadlines:
    def test_a_target_that_stops_itself_takes_no_longer_than_the_deadline(self):
        start = time.monotonic()
        with (
            Worker(command("stops_at_hello"), limit=1.5) as worker,
            pytest.raises(WorkerError, match="no answer within 2 s"),
        ):
            worker.hello()
        assert time.monotonic() - start < 60  # 180 s and more before

    def test_a_frame_that_comes_byte_by_byte_does_not_prolong_it(self):
        with (
            Worker(command("trickles"), limit=1.5) as worker,
            pytest.raises(WorkerError, match="no answer within 2 s"),
        ):
            worker.hello()


# A run of a worker that leaks; how often it had to go on in another, and the most that one held.
LEAKING_RUN = """
import json, resource, sys
from pathlib import Path
from evaluations import case_of
from fakes import command
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.runs.run import conduct
folder, memory, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
cases = tuple(case_of(mode="trajectory", steps=2, size=8, seed=seed) for seed in range(count))
leaky = {"fake": command("leaks_quickly")}
conduct(Selection(adapters=("fake",), cases=cases), folder, commands=leaky, memory=memory)
retried = (folder / "events.jsonl").read_text().count('"case retried"')
held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
print(json.dumps({"held": held, "retried": retried}))
"""


class TestMemory:
    def test_a_worker_that_leaks_in_a_run_never_holds_more_than_it_may(self, tmp_path):
        allowed = 150 << 20
        most = allowed + (os.cpu_count() or 1) * sandbox.STACKS  # stacks are reserved, not touched
        numbers = [str(allowed), str(3 * most // (40 << 20))]  # a case leaks 20 MB
        done = subprocess.run(
            [sys.executable, "-c", LEAKING_RUN, str(tmp_path / "run"), *numbers],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parent,
        )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
        assert found["retried"]
        assert found["held"] < most

    def test_a_quick_leak_is_refused_by_the_kernel(self):
        def steps(worker):
            for _ in range(30):
                step_with(worker)

        with Worker(command("leaks_quickly"), memory=200 << 20) as worker:
            worker.hello()
            with pytest.raises(WorkerError, match=r"0\.2 GiB are allowed \(--memory\)") as caught:
                steps(worker)
        assert caught.value.kind == "crash"

    def test_what_several_processes_hold_counts_together(self):
        with Worker(command("leaks_by_children"), memory=200 << 20) as worker:
            worker.hello()
            with pytest.raises(WorkerError, match="the worker was ended: it held"):
                step_with(worker)
