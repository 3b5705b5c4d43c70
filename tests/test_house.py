"""Rules that the whole code keeps."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import optimizer_conformance
from optimizer_conformance import adapters, reference, reports

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
FLOORS = (
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
} | {"reports": {"adapters"}}


@pytest.mark.parametrize("name", SOURCES)
def test_every_import_goes_through_a_door(name):
    room = name.partition(".")[0]
    imported = set()
    for node in ast.walk(ast.parse(SOURCES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    own = {word.split(".")[1] for word in imported if word.startswith(f"{NAME}.")}
    if room:
        assert own & set(DOORS) <= {room} | DOORS[room]


def test_every_room_has_its_doors():
    rooms = {name.partition(".")[0] for name in SOURCES} - {""}
    assert rooms == set(DOORS)


def test_every_package_is_installed():
    listed = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        f"{NAME}.{name}".rstrip(".") for name, path in SOURCES.items() if path.stem == "__init__"
    }
    assert set(listed) == found


def test_every_shipped_adapter_has_its_module_and_its_requirements():
    from optimizer_conformance.workers.enrolment import enrolled

    for name, enrolment in enrolled().items():
        assert enrolment.program.exists(), name
        assert all("==" in line for line in enrolment.pins), name


def test_an_unknown_adapter_has_no_place():
    from optimizer_conformance.workers.environments import locate

    with pytest.raises(KeyError):
        locate("caffe")
