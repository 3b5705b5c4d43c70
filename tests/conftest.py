"""Markers, and the run folder that several tests read."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.cli.main import main
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import command_for
from optimizer_conformance.workers.sandbox import program_places

sys.path.insert(0, str(Path(__file__).parent))  # for fakes and evaluations


def pytest_collection_modifyitems(items):
    """Skip what needs an adapter's environment where there is none."""
    for item in items:
        for marker in item.iter_markers("adapter"):
            name = marker.args[0]
            if not environments.locate(name).complete:
                reason = f"no environment of {name}: `conformance env create {name}` makes it"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def numpy_run(tmp_path_factory):
    """The outcome of a quick run of the numpy adapter in this interpreter; do not write to it."""
    return conduct(
        Selection(adapters=("numpy",), profile="quick"),
        tmp_path_factory.mktemp("numpy") / "run",
        commands={"numpy": command_for("numpy", sys.executable)},
    )


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def conformance(monkeypatch, capsys):
    """Run the command in this process: its exit code, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["conformance", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return Done(0 if code is None else int(code), *capsys.readouterr())

    return run


@pytest.fixture
def interruptible():
    """SIGINT as Python has it, here and in what is started, also under `nohup` and its like."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache with no environments; the command's working directory beside it."""
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path / "cache"


@pytest.fixture(scope="session", autouse=True)
def readable():
    """Stand-ins for an interpreter are scripts that start this one: workers may read it too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFORMANCE_READABLE", os.pathsep.join(program_places(sys.executable)))
        yield


@pytest.fixture
def ready(cache):
    """The same with an environment of the numpy adapter: this interpreter."""
    place = environments.locate("numpy")
    place.python.parent.mkdir(parents=True)
    place.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    place.python.chmod(0o755)
    (place.folder / environments.MARKER).write_text('{"packages": {}}')
    return place
