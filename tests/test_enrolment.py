"""How adapters are found, here and in other distributions, and what starts them."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

import msgspec
import pytest

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cli import names
from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.judging import keys
from optimizer_conformance.workers import enrolment, environments, installation
from optimizer_conformance.workers.process import Worker, command_for

GUEST = """
from optimizer_conformance.adapters import protocol
from optimizer_conformance.cli import names
from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.judging import keys
NAME = "guest"
def describe():
    return protocol.Description(NAME, protocol.PROTOCOL, {"guest": "1"}, {}, [], unavailable="none")
"""


@pytest.fixture
def guest(tmp_path, monkeypatch):
    """A distribution elsewhere that brings an adapter along."""
    (tmp_path / "guest_project.py").write_text(GUEST)
    point = importlib.metadata.EntryPoint("guest", "guest_project", enrolment.GROUP)
    monkeypatch.setattr(enrolment, "entry_points", lambda group: [point])
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def served(name: str) -> protocol.Description:
    environment = environments.Environment(enrolment.enrolled()[name], environments.root() / name)
    assert environment.complete
    with Worker(environment.command) as worker:
        return worker.hello()


def test_an_entry_point_enrols_an_adapter_that_runs_in_this_interpreter(guest):
    assert served("guest").adapter == "guest"


def test_pins_beside_a_guest_ask_for_an_environment_of_its_own(guest, monkeypatch):
    (guest / "guest_project.txt").write_text("numpy==2.4.6\n")
    found = enrolment.enrolled()["guest"]
    assert found.pins == ["numpy==2.4.6"]
    assert not environments.Environment(found, guest / "nowhere").complete


def test_what_is_installed_alone_comes_last_and_brings_nothing(guest, monkeypatch):
    (guest / "guest_project.txt").write_text("numpy==2.4.6\n")
    (guest / "guest_project.alone.txt").write_text("# why\nfront==1.0\n")
    found = enrolment.enrolled()["guest"]
    assert found.pins == ["front==1.0", "numpy==2.4.6"]
    assert [path.name for path in found.sources] == ["guest_project.txt", "guest_project.alone.txt"]
    commands = []

    def pip(command, environment, folder=None):
        commands.append(command)
        return "[]"

    monkeypatch.setattr(installation, "run", pip)
    installation.build_python(environments.Environment(found, guest / "nowhere"))
    installs = [command for command in commands if "install" in command]
    assert ["--no-deps" in command for command in installs] == [False, True]


def test_an_entry_point_to_nothing_is_passed_over(monkeypatch):
    point = importlib.metadata.EntryPoint("lost", "no.such.module", enrolment.GROUP)
    monkeypatch.setattr(enrolment, "entry_points", lambda group: [point])
    assert "lost" not in enrolment.enrolled()


def test_a_guest_does_not_take_the_place_of_a_shipped_adapter(monkeypatch, guest):
    point = importlib.metadata.EntryPoint("numpy", "guest_project", enrolment.GROUP)
    monkeypatch.setattr(enrolment, "entry_points", lambda group: [point])
    assert enrolment.enrolled()["numpy"].shipped


def test_a_manifest_installs_what_it_names_and_starts_the_worker(tmp_path, monkeypatch):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "package.json").write_text('{"dependencies": {"left": "1.2.3"}}')
    word = "'{environment}/package.json'"
    command = [sys.executable, "-c", f"import pathlib; pathlib.Path({word}).read_text()"]
    # A JSON array of strings is a TOML array too.
    (folder / "worker.toml").write_text(
        f"command = {json.dumps(command_for('numpy'))}\n"
        f"install = {json.dumps([command])}\n"
        'files = ["package.json"]\nrequirements = "package.json"\n'
    )
    found = enrolment.foreign(folder / "worker.toml")
    monkeypatch.setattr(environments, "ADAPTERS", {"other": found})
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "cache"))
    said: list[str] = []
    environment = environments.create("other", say=said.append)
    assert said == ["other: installing left==1.2.3"]
    assert environment.complete
    assert environment.packages == {"left": "1.2.3"}
    with Worker(environment.command) as worker:
        assert worker.hello().adapter == "numpy"


def test_what_a_build_needs_is_installed_first_and_without_isolation(tmp_path, monkeypatch):
    (tmp_path / "old.txt").write_text("old==1\n")
    (tmp_path / "old.build.txt").write_text("setuptools==69.5.1\n")
    found = enrolment.Enrolment("old", tmp_path / "old.py", tmp_path / "old.txt")
    commands: list[list[str]] = []

    def run(command, environment, folder=None):
        commands.append(command)
        return "[]"

    monkeypatch.setattr(installation, "run", run)
    installation.build_python(environments.Environment(found, tmp_path))
    _, before, after, _ = commands
    assert before[-1] == str(tmp_path / "old.build.txt")
    assert after[-3:] == ["--no-build-isolation", "-r", str(tmp_path / "old.txt")]


def test_a_manifest_with_an_unknown_key_is_refused(tmp_path):
    (tmp_path / "worker.toml").write_text('command = ["x"]\ninstal = []\n')
    with pytest.raises(msgspec.ValidationError, match="instal"):
        enrolment.foreign(tmp_path / "worker.toml")


def test_an_adapter_that_uses_another_ones_session_depends_on_it():
    from optimizer_conformance.judging.keys import adapter_modules

    assert {"timm", "torch", "kit"} <= adapter_modules("timm")
    assert "torch" not in adapter_modules("numpy")


@pytest.fixture
def file(tmp_path):
    """A module of somebody's, which nothing has installed."""
    path = tmp_path / "guest.py"
    path.write_text(GUEST)
    yield path
    environments.ADAPTERS.pop("guest", None)
    keys.judging_hash.cache_clear()


def test_a_file_is_an_adapter_by_its_own_name(file):
    assert names.known_adapters([str(file), str(file)]) == ("guest",)
    place = environments.locate("guest")
    assert place.bare
    with Worker(place.command) as worker:
        assert worker.hello().adapter == "guest"


def test_a_changed_file_has_other_cells(file):
    names.known_adapters([str(file)])
    before = keys.judging_hash("guest")
    keys.judging_hash.cache_clear()
    file.write_text(GUEST + "# changed\n")
    assert keys.judging_hash("guest") != before


@pytest.mark.parametrize(("name", "said"), [("torch.py", "is called torch"), ("no.py", "No such")])
def test_a_file_that_cannot_be_one_is_refused(file, name, said):
    (file.parent / "torch.py").write_text(GUEST)
    with pytest.raises(UsageError, match=said):
        names.known_adapters([str(file.parent / name)])


PAGES = Path(__file__).parents[1] / "docs" / "implementations.json"  # what the tables were made of
SHIPPED = sorted(name for name, found in enrolment.enrolled().items() if found.shipped)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.adapter(name)) for name in SHIPPED]
)
def test_the_tables_of_the_documentation_have_every_row(name):
    """Else `conformance tables pages` makes them anew, of a run in the profile quick."""
    with Worker(environments.locate(name).command) as worker:
        told = worker.hello().implementations
    rows = json.loads(PAGES.read_text(encoding="utf-8"))["implementations"]
    listed = {row["name"]: set(row["options"]) for row in rows if row["adapter"] == name}
    offered = {item.name: {"+".join(sorted(each)) for each in item.features} for item in told}
    assert {row: listed[row] - {""} for row in listed} == {
        row: offered[row] - {""} for row in offered
    }
