"""Base against branch: what a change of Python files does to which optimizer."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from optimizer_conformance.cli import branching
from optimizer_conformance.questions.compare.affected import BranchChange
from optimizer_conformance.questions.compare.comparison import BranchComparison, ChangeOf
from optimizer_conformance.questions.compare.overlay import site_packages
from optimizer_conformance.questions.compare.page import MOST, comment
from optimizer_conformance.questions.compare.sources import (
    CompareError,
    adapter_of,
    folder_of,
    packages_of,
)
from optimizer_conformance.workers import environments

BASE = {
    "torch/optim/__init__.py": "from torch.optim.adam import Adam\n",
    "torch/optim/shared.py": "def root(x):\n    return x ** 0.5\n",
    "torch/optim/adam.py": "from .shared import root\n\n\nclass Adam:\n    step = root\n",
    "torch/optim/sgd.py": 'class SGD:\n    """It descends."""\n\n    rate = 1\n',
}


@pytest.fixture
def trees(tmp_path):
    """Two folders with the same files, and how to change the second."""

    def changed(**texts):
        for side in ("base", "head"):
            for name, text in BASE.items():
                path = tmp_path / side / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        for name, text in texts.items():
            (tmp_path / "head/torch/optim" / f"{name}.py").write_text(text)
        return BranchChange(tmp_path / "base", tmp_path / "head", ("torch",))

    return changed


def test_comments_and_docstrings_change_nothing(trees):
    found = trees(sgd='class SGD:\n    """It goes down."""\n\n    rate = 1  # one\n')
    assert found.modules == frozenset()


def test_a_change_reaches_what_imports_it_and_nothing_else(trees):
    found = trees(shared="def root(x):\n    return x ** 0.25\n")
    assert found.modules == {"torch.optim.shared"}
    assert found.reached == {"torch.optim.shared", "torch.optim.adam"}
    assert found.can_differ("torch:Adam[fused]")
    assert not found.can_differ("torch:SGD")
    assert found.can_differ("torch:Elsewhere")


def test_a_revision_of_a_checkout_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checkout = tmp_path / "checkout"
    (checkout / "optax").mkdir(parents=True)
    (checkout / "optax/__init__.py").write_text("value = 1\n")
    words = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(checkout)]
    for more in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*words, *more], check=True)
    (checkout / "optax/__init__.py").write_text("value = 2\n")
    found = folder_of(f"{checkout}@main")
    assert (found / "optax/__init__.py").read_text() == "value = 1\n"
    assert packages_of(found) == ("optax",)
    assert adapter_of((f"{checkout}@main", ""), "") == "jax"
    with pytest.raises(CompareError, match="no revision 'other'"):
        folder_of(f"{checkout}@other")


def test_the_adapter_is_told_from_what_is_compared():
    assert adapter_of(("torch==2.12.0", ""), "") == "torch"
    with pytest.raises(CompareError, match="no adapter drives"):
        adapter_of(("requests==2", ""), "")


@pytest.fixture
def checkout(tmp_path):
    """A checkout of autograd: its package as the environment has it."""
    packages = site_packages(environments.locate("autograd").python)
    shutil.copytree(packages / "autograd", tmp_path / "checkout" / "autograd")
    return tmp_path / "checkout"


def edit(checkout, old, new):
    """Change a line of its optimizers."""
    path = checkout / "autograd/misc/optimizers.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.adapter("autograd")
def test_a_planted_change_is_named_with_a_reproducer(checkout, conformance, tmp_path):
    edit(checkout, "np.sqrt(vhat) + eps", "np.sqrt(vhat + eps)")
    words = ("compare", "--head", str(checkout), "--out", str(tmp_path / "out"), "--json")
    done = conformance(*words)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    (change,) = found["changes"]
    assert change["implementation"] == "autograd:adam"
    assert "epsilon inside the root" in change["head"]
    assert change["base"] == ""
    assert change["command"].startswith("conformance repro 'autograd:adam'")
    text = (tmp_path / "out/comment.md").read_text()
    assert "autograd:adam departs from autograd-adam" in text
    assert len(text.splitlines()) <= MOST


@pytest.mark.adapter("autograd")
def test_a_branch_that_renames_is_silent(checkout, conformance):
    edit(checkout, "avg_sq_grad", "mean_square")
    done = conformance("compare", "--head", str(checkout), "--no-scripts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing changed in" in done.stdout


@pytest.mark.adapter("autograd")
def test_where_no_code_differs_nothing_is_run(checkout, conformance, tmp_path):
    done = conformance("compare", "--head", str(checkout), "--out", str(tmp_path / "new" / "out"))
    assert done.returncode == 0
    assert "No code differs: nothing was run." in done.stdout
    assert "nothing was run" in (tmp_path / "new/out/comment.md").read_text()


def test_a_comment_has_room_for_many_changes():
    one = ChangeOf("a:b", ("plain",), "v", "worse", "", "why", 3, "case", ("float32",))
    many = tuple(one for _ in range(200))
    found = BranchComparison("a", "b", "x", (), ("a:b",), 1, 600, many)
    lines = comment(found).splitlines()
    assert len(lines) <= MOST
    assert "and 1" in lines[-1]


def test_a_comment_says_what_did_not_run():
    found = BranchComparison("a", "b", "x", (), ("a:b",), 1, 6, failed=("a: x: gone",) * 5)
    text = comment(found)
    assert "### Optimizer conformance: incomplete" in text
    assert text.count("- not run: a: x: gone") == 3
    assert "- and 2 more" in text


def test_what_cannot_be_installed_is_a_comment_too(tmp_path, conformance, monkeypatch):
    def fails(*_):
        raise environments.EnvironmentFailure("pip says no")

    monkeypatch.setattr(branching, "side", fails)
    monkeypatch.setattr(branching.interpreters, "find", lambda name: tmp_path)
    done = conformance("compare", "--head", "optax==0", "-a", "jax", "--out", str(tmp_path / "out"))
    assert done.returncode == 3
    text = (tmp_path / "out/comment.md").read_text()
    assert text.startswith("<!-- optimizer-conformance: jax -->\n")
    assert "the pinned release → optax==0\n\npip says no" in text


def test_a_folder_without_a_framework_is_refused(tmp_path, conformance):
    done = conformance("compare", "--head", str(tmp_path), "--adapter", "torch")
    assert done.returncode == 2
    assert "holds no package" in done.stderr
