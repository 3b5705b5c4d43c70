"""Making, losing, listing and deleting environments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import psutil
import pytest

from optimizer_conformance.workers import enrolment, environments
from optimizer_conformance.workers.environments import MARKER, EnvironmentFailure
from optimizer_conformance.workers.process import command_for

# Makes the environment of the manifest beside it; what is installed is what the file `do` says.
DRIVER = """
import sys
from pathlib import Path
from optimizer_conformance.workers import enrolment, environments
found = enrolment.foreign(Path(sys.argv[1]) / "worker.toml")
environments.ADAPTERS = {"other": found}
environments.create("other")
"""
SLOW = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
SLOW_BELOW = """
import subprocess, sys
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pid", "w").write(str(inner.pid))
inner.wait()
"""


@pytest.fixture
def other(cache, tmp_path, monkeypatch):
    """An adapter whose environment is made by the script of a file, `do.py`."""
    folder = tmp_path / "other"
    folder.mkdir()
    command = [sys.executable, str(folder / "do.py")]
    (folder / "do.py").write_text("")
    (folder / "worker.toml").write_text(
        f"command = {json.dumps(command_for('numpy'))}\ninstall = {json.dumps([command])}\n"
    )
    found = {"other": enrolment.foreign(folder / "worker.toml")}
    monkeypatch.setattr(environments, "ADAPTERS", found)
    return folder


def states():
    return {item.folder.name: item.state for item in environments.existing()}


def appeared(pattern, folder):
    """The first file of that name, once it has been written."""
    for _ in range(400):
        for path in folder.glob(pattern):
            if path.read_text():
                return path
        time.sleep(0.05)
    raise AssertionError(f"no {pattern}")


@pytest.mark.parametrize("script", [SLOW, SLOW_BELOW], ids=["itself", "what it started"])
def test_what_installs_ends_with_a_killed_driver_and_nothing_half_made_is_current(
    other, cache, script
):
    (other / "do.py").write_text(script)
    variables = os.environ | {"CONFORMANCE_CACHE": str(cache)}
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(other)], env=variables) as driver:
        installer = psutil.Process(int(appeared("environments/*/pid", cache).read_text()))
        driver.kill()
    assert set(states().values()) == {"unfinished"}
    assert psutil.wait_procs([installer], timeout=20)[0]
    (other / "do.py").write_text("")
    made = environments.create("other")
    assert states() == {made.folder.name: "current"}
    assert not (made.folder / "pid").exists()


def test_an_environment_whose_worker_does_not_start_is_not_kept(other):
    manifest = (other / "worker.toml").read_text().splitlines()
    manifest[0] = f"command = {json.dumps([sys.executable, '-c', 'import nothing_of_this_name'])}"
    (other / "worker.toml").write_text("\n".join(manifest))
    environments.ADAPTERS["other"] = enrolment.foreign(other / "worker.toml")
    with pytest.raises(EnvironmentFailure, match=r"its worker does not start: .*nothing_of_this"):
        environments.create("other")
    assert states() == {}


def distribution(folder, name):
    """An installed distribution of one module."""
    place = folder / "lib" / "python3" / "site-packages"
    about = place / f"{name}-1.dist-info"
    about.mkdir(parents=True)
    (place / f"{name}.py").write_text("")
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (about / "RECORD").write_text(f"{name}.py,,\n{name}-1.dist-info/METADATA,,\n")
    (folder / MARKER).write_text(json.dumps({"packages": {name: "1"}}))
    return place / f"{name}.py"


def test_an_environment_that_has_lost_a_file_is_seen_said_and_made_again(ready, monkeypatch):
    lost = distribution(ready.folder, "left_pad")
    assert set(states().values()) == {"current"}
    lost.unlink()
    assert set(states().values()) == {"broken"}
    made, said = [], []
    monkeypatch.setattr(environments, "make", made.append)
    environments.create("numpy", say=said.append)
    assert made == [ready]
    assert said[0] == "numpy: its environment is broken: left_pad.py of left_pad is gone; " + (
        "it is made again"
    )


def test_what_was_installed_the_old_way_has_lost_nothing(ready):
    distribution(ready.folder, "left_pad")
    place = ready.folder / "lib" / "python3" / "site-packages"
    (place / "left_pad-1.dist-info").rename(place / "left_pad-1.egg-info")
    (place / "left_pad-1.egg-info" / "METADATA").rename(place / "left_pad-1.egg-info" / "PKG-INFO")
    (place / "left_pad-1.egg-info" / "RECORD").unlink()
    (place / "left_pad-1.egg-info" / "SOURCES.txt").write_text("COPYING.txt\nleft_pad.py\n")
    assert set(states().values()) == {"current"}


def test_a_run_in_an_environment_that_is_broken_says_what_it_has_lost(ready, conformance):
    distribution(ready.folder, "left_pad").unlink()
    ready.python.unlink()
    ready.python.write_text("#!/bin/sh\nexit 1\n")
    ready.python.chmod(0o755)
    done = conformance("run", "--adapter", "numpy", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["missing"]["numpy"].endswith(
        "; its environment is broken: left_pad.py of left_pad is gone; "
        "`conformance env create numpy` makes it again"
    )


def made_elsewhere(cache, name, version):
    folder = cache / "environments" / name
    folder.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    (folder / MARKER).write_text('{"packages": {}}')
    return folder


def test_environments_of_other_pythons_and_releases_are_never_outdated(conformance, ready, cache):
    own = environments.INTERPRETER.partition("-")[2]
    old = made_elsewhere(cache, "numpy-000000000000", own)
    kept = [
        made_elsewhere(cache, "numpy-111111111111", "3.99.0"),
        made_elsewhere(cache, "numpy@2.0.0-222222222222", own),
        ready.folder,
    ]
    half = cache / "environments" / "numpy-000000000000.part-1"
    half.mkdir()
    asked = conformance("env", "remove", "--outdated")
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert old.is_dir()
    assert conformance("env", "remove", "--outdated", "--yes").returncode == 0
    assert not old.exists()
    assert not half.exists()
    assert all(folder.is_dir() for folder in kept)


def test_what_with_and_history_have_made_is_deleted_by_its_name_alone(conformance, ready, cache):
    own = environments.INTERPRETER.partition("-")[2]
    release = made_elsewhere(cache, "numpy@2.0.0-222222222222", own)
    wheel = made_elsewhere(cache, "with-mine-1.0-33333333-444444444444", own)
    foreign = made_elsewhere(cache, "numpy-111111111111", "3.99.0")
    wrong = conformance("env", "remove", "numpy@2.0.1", "--yes")
    assert wrong.returncode == 2
    assert "numpy@2.0.0" in wrong.stderr
    names = ("numpy@2.0.0", "with-mine-1.0-33333333")
    assert conformance("env", "remove", *names, "--yes").returncode == 0
    assert not release.exists()
    assert not wheel.exists()
    assert ready.folder.is_dir()
    assert conformance("env", "remove", "numpy", "--yes").returncode == 0
    assert not ready.folder.exists()
    assert foreign.is_dir()


def test_an_environment_that_is_being_made_is_not_deleted(conformance, cache, ready):
    with environments.lock(ready.folder, 1):
        refused = conformance("env", "remove", "numpy", "--yes")
    assert refused.returncode == 3
    assert "is being made by another process" in refused.stderr
    assert ready.folder.is_dir()
