"""Rules that the whole code keeps."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import optimizer_conformance
from optimizer_conformance import adapters, reference, reports
from optimizer_conformance.reports.written import field

NAME = optimizer_conformance.__name__
TOP = Path(__file__).parents[1]
FOLDERS = {
    "": Path(optimizer_conformance.__file__).parent,
    "reference.": Path(reference.__file__).parent,
    "adapters.": Path(adapters.__file__).parent,
    "reports.": Path(reports.__file__).parent,
}
# Every module by its name below the package.
SOURCES = {
    (prefix + ".".join(path.relative_to(folder).with_suffix("").parts))
    .removesuffix("__init__")
    .rstrip("."): path
    for prefix, folder in FOLDERS.items()
    for path in sorted(folder.rglob("*.py"))
}
FINDINGS = sorted((TOP / "docs" / "findings").glob("*.py"))


@pytest.mark.parametrize(
    "path", [*SOURCES.values(), *FINDINGS], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_tolerance_was_chosen_by_anybody(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\b\w*(?:allclose|isclose|rtol|atol)\w*", text) == []


# A room takes from the floors below its own, never from above or beside it ...
TABLE = "reference.hyperparameters"  # which everybody reads, workers and reports as well
FLOORS = (
    (TABLE,),
    ("reference", "adapters"),
    ("reports",),
    ("cases",),
    ("workers",),
    ("judging",),
    ("expectations", "mutants"),
    ("runs",),
    ("questions",),
    ("pytest", "cli"),
    ("site", "__main__"),
)
# ... and reports read run folders alone, whose records the worker protocol describes.
DOORS = {
    room: {below for lower in FLOORS[:level] for below in lower}
    for level, floor in enumerate(FLOORS)
    for room in floor
} | {"reports": {"adapters", TABLE}}


def room_of(name):
    return TABLE if name.startswith(TABLE) else name.partition(".")[0]


@pytest.mark.parametrize("name", SOURCES)
def test_every_import_goes_through_a_door(name):
    room = room_of(name)
    imported = set()
    for node in ast.walk(ast.parse(SOURCES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    own = {room_of(word.partition(".")[2]) for word in imported if word.startswith(f"{NAME}.")}
    if room:
        assert own & set(DOORS) <= {room} | DOORS[room]


def test_every_room_has_its_doors():
    rooms = {room_of(name) for name in SOURCES} - {""}
    assert rooms == set(DOORS)


def test_every_package_is_installed():
    listed = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        f"{NAME}.{name}".rstrip(".") for name, path in SOURCES.items() if path.stem == "__init__"
    }
    assert set(listed) == found | {f"{NAME}.docs"}  # pages and scripts, no module


def test_the_constraints_hold_an_exact_version_of_everything_that_is_asked_for():
    from packaging.requirements import Requirement

    lines = (TOP / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    pinned = {name.lower().replace("_", "-"): version for name, version in pinned.items()}
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for text in [
        *project["dependencies"],
        *(line for name in ("dev", "docs") for line in extras[name]),
    ]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(pinned[wanted.name]), text


def test_every_shipped_adapter_has_its_module_and_its_requirements():
    from optimizer_conformance.workers.enrolment import enrolled

    for name, enrolment in enrolled().items():
        assert enrolment.program.exists(), name
        assert all("==" in line for line in enrolment.pins), name


def test_an_unknown_adapter_has_no_place():
    from optimizer_conformance.workers.environments import locate

    with pytest.raises(KeyError):
        locate("caffe")


def test_a_worker_can_import_the_adapters_and_the_table_of_hyperparameters_alone(tmp_path):
    from optimizer_conformance.workers.process import command_for

    tried = [f"{NAME}.{name}" for name in SOURCES if name and "__main__" not in name]
    adapter = tmp_path / "curious.py"
    adapter.write_text(
        f"import importlib.util, sys\n"
        f"tried = {sorted(set(tried))!r}\n"
        "def there(name):\n"
        "    try:\n"
        "        return name in sys.modules or importlib.util.find_spec(name) is not None\n"
        "    except ModuleNotFoundError:\n"
        "        return False\n"
        "found = [name for name in tried if '.adapters' not in name and there(name)]\n"
        "sys.exit('found ' + ' '.join(found))\n"
    )
    python, *words = command_for(str(adapter))
    done = subprocess.run(
        [python, "-S", *words],  # an editable installation of ours hooks into every import
        env={"PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr.split() == ["found", f"{NAME}.reference", f"{NAME}.{TABLE}"]


@pytest.mark.parametrize("version", ["3.8"])
def test_what_workers_import_is_of_the_oldest_python_that_they_run_in(version):
    path = SOURCES[TABLE]
    oldest = tuple(map(int, version.split(".")))
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=oldest)
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    "page", sorted((TOP / "docs" / "findings").glob("*.md")), ids=lambda page: page.stem
)
def test_a_finding_says_when_it_was_seen_and_whether_it_was_reported(page):
    text = page.read_text(encoding="utf-8")
    for name in ("Date", "Script", "Upstream"):
        assert field(text, name), name
    said = r"reported|asked|not found|not searched|not this|not of these"
    assert re.match(said, field(text, "Upstream"))
