"""What is installed: one import package with everything that it reads, and nobody else's name."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
NAME = "optimizer_conformance"
BELOW = {"reference": "reference", "adapters": "adapters", "reports": "reports", "conformance": ""}


def tracked():
    """Every file of the repository that stands in a folder of the package, as installed."""
    words = ["git", "-C", str(TOP), "ls-files", "-co", "--exclude-standard", *BELOW]
    files = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return {
        name: Path(NAME, BELOW[(path := Path(name)).parts[0]], *path.parts[1:]).as_posix()
        for name in files
        if (TOP / name).exists()
    }


def copied(target):
    """The repository's own files without what earlier builds left beside them."""
    for name in [*tracked(), "pyproject.toml", "README.md", "LICENSE"]:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TOP / name, place)
    return target


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this repository."""
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w"]
    subprocess.run(
        [sys.executable, "-m", "pip", *words, str(folder), str(copied(folder / "source"))],
        check=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_has_one_import_package_and_all_that_it_reads(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    metadata = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
    assert set(names) - metadata == set(tracked().values())
