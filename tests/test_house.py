"""Rules that the whole code keeps."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import adapters
import conformance
import reference
import reports

PACKAGES = {
    module.__name__: Path(module.__file__).parent
    for module in (reference, adapters, conformance, reports)
}
SOURCES = [path for folder in PACKAGES.values() for path in sorted(folder.rglob("*.py"))]


FINDINGS = sorted((Path(reference.__file__).parents[1] / "docs" / "findings").glob("*.py"))


@pytest.mark.parametrize(
    "path", [*SOURCES, *FINDINGS], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_tolerance_was_chosen_by_anybody(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\b\w*(?:allclose|isclose|rtol|atol)\w*", text) == []


ALLOWED = {
    "reference": {"reference"},
    "adapters": {"adapters"},
    "conformance": {"conformance", "reference", "adapters", "reports"},
    "reports": {"reports"},
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_packages_know_only_whom_the_design_lets_them_know(path):
    package = next(name for name, folder in PACKAGES.items() if folder in path.parents)
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    assert imported & set(PACKAGES) <= ALLOWED[package]


def test_every_shipped_adapter_has_its_module_and_its_requirements():
    from conformance.enrolment import enrolled

    for name, enrolment in enrolled().items():
        assert enrolment.program.exists(), name
        assert all("==" in line for line in enrolment.pins), name


def test_an_unknown_adapter_has_no_place():
    from conformance.environments import locate

    with pytest.raises(KeyError):
        locate("caffe")
