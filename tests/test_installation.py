"""What is installed: one import package with everything that it reads, and nobody else's name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
NAME = "optimizer_conformance"
BELOW = {"reference": "reference", "adapters": "adapters", "reports": "reports", "conformance": ""}
LINKED = ("docs/findings/*", "docs/devices/*.md")  # what expectations link to


def tracked():
    """Every file of the repository that stands in a folder of the package, as installed."""
    words = ["git", "-C", str(TOP), "ls-files", "-co", "--exclude-standard", *BELOW, *LINKED]
    files = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return {
        name: Path(NAME, BELOW.get(first, first), *rest).as_posix()
        for name in files
        for first, *rest in [Path(name).parts]
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


FOREIGN = """
import importlib.metadata as metadata, importlib.util as util, json
spec = util.find_spec("adapters")
ours, theirs = (
    {str(file) for file in metadata.distribution(name).files}
    for name in ("optimizer-conformance", "adapters")
)
print(json.dumps({"origin": spec.origin, "ours": sorted(ours), "theirs": sorted(theirs)}))
"""
USES = [
    ["-m", NAME, "--help"],
    ["-m", NAME, "list", "variants", "matlab*", "--formula"],
    ["-m", NAME, "env", "create", "numpy"],
    ["-m", NAME, "run", "--adapter", "numpy", "--profile", "quick", "--out", "run"],
    ["-m", NAME, "verify", "codecademy-rmsprop"],
    ["-m", NAME, "expectations", "check"],
    ["-m", NAME, "list", "findings", "torch-fused*"],
    ["-m", "pytest", "-q", "-W", "error", "--conformance", "--conformance-adapter", "numpy"],
]


def folders(files):
    """The folders of site-packages that a distribution's files lie in, less its metadata."""
    tops = {Path(name).parts[0] for name in files if not name.startswith(("..", "/"))}
    return {
        top for top in tops if not top.endswith((".dist-info", ".pth")) and top != "__pycache__"
    }


@pytest.mark.install
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_the_distribution_adapters_and_ours_work_side_by_side(
    request, tmp_path, monkeypatch, editable, first
):
    """``adapters`` without its dependencies, which are 3 GB: the point is whose files lie where."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def run(*words):
        done = subprocess.run([python, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    install = ("-m", "pip", "install", "--quiet")
    if editable:
        ours = ["-e", str(copied(tmp_path / "source"))]
    else:
        ours = [str(request.getfixturevalue("wheel"))]
    steps = [(*ours, "pytest"), ("--no-deps", "adapters")]
    for step in steps if first == "ours" else steps[::-1]:
        run(*install, *step)

    found = json.loads(run("-c", FOREIGN))
    assert Path(found["origin"]).parent.name == "adapters"
    assert "adapters/__init__.py" in found["theirs"]
    assert folders(found["ours"]) & folders(found["theirs"]) == set()
    if not editable:
        assert folders(found["ours"]) == {NAME}
    checked = subprocess.run(
        [python, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert "optimizer" not in checked.stdout

    (tmp_path / "elsewhere" / "test_nothing.py").touch()
    for words in USES:
        run(*words)
    for script in ("conformance", "optimizer-conformance"):
        program = tmp_path / "venv" / "bin" / script
        said = subprocess.run([program, "list", "variants"], capture_output=True, check=True)
        assert said.stdout


@pytest.mark.install
def test_nothing_is_left_when_ours_goes(tmp_path, wheel):
    venv.create(tmp_path, with_pip=True)
    pip = [str(tmp_path / "bin" / "python"), "-m", "pip", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", str(wheel)], check=True)
    subprocess.run([*pip, "uninstall", "--yes", "optimizer-conformance"], check=True)
    assert not list(tmp_path.rglob(f"{NAME}*"))
