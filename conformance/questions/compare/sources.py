"""What somebody compares: a requirement, a wheel, a folder, or a revision of a checkout."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from optimizer_conformance.questions.compare.overlay import laid_over, site_packages
from optimizer_conformance.workers import environments, interpreters
from optimizer_conformance.workers.interpreters import Interpreter, Wish

Say = Callable[[str], None]


class CompareError(Exception):
    """What was named cannot be compared; the message says what would be."""


@dataclass(frozen=True)
class BranchSide:
    """One of both sides, ready to be asked.

    named        as it was written, with the commit where there is one
    interpreter  where its workers run
    files        the folder with its Python packages: what changed is read there
    """

    named: str
    interpreter: Interpreter
    files: Path


def folder_of(text: str) -> Path | None:
    """The folder that is named, a revision unpacked; None for a requirement or a wheel.

    Raises CompareError for a revision that a checkout does not have.
    """
    if Path(text).is_dir():
        return Path(text).absolute()
    place, mark, revision = text.rpartition("@")
    if mark and Path(place).is_dir() and not text.endswith(".whl"):
        return unpacked(Path(place), revision)
    return None


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """What git says of a folder, without locks of its own."""
    return subprocess.run(
        ["git", "--no-optional-locks", "-C", str(folder), *words],
        capture_output=True,
        check=False,
    )


def revisions() -> Path:
    """Where revisions are unpacked, each below its commit."""
    return environments.root().parent / "revisions"


def unpacked(folder: Path, revision: str) -> Path:
    """The files of a revision, in a folder of the cache."""
    found = git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if found.returncode:
        raise CompareError(f"{folder} has no revision {revision!r}")
    commit = found.stdout.decode().strip()
    place = revisions() / commit
    if not (place / ".complete").exists():
        made = git(folder, "archive", "--format=tar", commit)
        if made.returncode:
            raise CompareError(f"{folder} has no files of {revision!r}")
        place.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
            archive.extractall(place, filter="data")
        (place / ".complete").touch()
    return place


def root_of(folder: Path) -> Path:
    """Where a checkout has its packages: itself, or its ``src``."""
    below = folder / "src"
    has = any(below.glob("*/__init__.py")) if below.is_dir() else False
    return below if has else folder


def packages_of(root: Path) -> tuple[str, ...]:
    """The frameworks of adapters of which a folder holds modules."""
    known = {name for one in interpreters.adapters() for name in interpreters.frameworks(one)}
    found = {path.name for path in root.iterdir() if path.is_dir() and holds_python(path)}
    return tuple(sorted(found & known))


def holds_python(folder: Path) -> bool:
    """Whether there is a module somewhere in a folder."""
    return next(folder.rglob("*.py"), None) is not None


def driving(packages: tuple[str, ...]) -> str:
    """The adapter that drives a framework and least beside it.

    Raises CompareError where there is none.
    """
    able = [one for one in interpreters.adapters() if set(packages) & interpreters.frameworks(one)]
    if not able:
        raise CompareError(
            "no adapter drives a package of it: name one with --adapter, or a folder that holds "
            "the packages of a framework (optax/, torch/)"
        )
    return min(able, key=lambda name: (len(interpreters.frameworks(name)), name))


def adapter_of(texts: tuple[str, ...], named: str) -> str:
    """The adapter that is asked: the one that was named, or the one of what is compared."""
    if named:
        if named not in interpreters.adapters():
            raise CompareError(
                f"no adapter {named!r} runs in a Python; known are "
                f"{', '.join(interpreters.adapters())}"
            )
        return named
    for text in texts:
        folder = folder_of(text) if text else None
        if folder is not None and (packages := packages_of(root_of(folder))):
            return driving(packages)
    for text in texts:
        name = Path(text).name if text.endswith(".whl") else text
        word = name.replace("==", " ").replace("-", " ").split(" ")[0].split("[")[0].strip("<>=~!")
        if word and not Path(text).is_dir():
            return driving((word.lower().replace("-", "_"),))
    raise CompareError("name the adapter with --adapter: what is compared does not say")


def side(text: str, adapter: str, host: Path, wish: Wish, say: Say) -> BranchSide:
    """One side; a folder lies over the interpreter ``host``, as does nothing at all.

    Raises CompareError, NoInterpreter, and EnvironmentFailure with pip's last words.
    """
    if not text:
        found = interpreters.ask(host)
        return BranchSide(f"the environment of {adapter}", found, site_packages(host))
    folder = folder_of(text)
    if folder is not None:
        root = root_of(folder)
        packages = packages_of(root)
        if not packages:
            raise CompareError(
                f"{text} holds no package that an adapter drives; of a folder the Python files "
                "count, below the package's name (optax/_src/alias.py)"
            )
        return BranchSide(f"{text} ({commit(folder)})", laid_over(host, root, packages), root)
    made = Wish(wish.python, (text,), wish.index_url, wish.pre).interpreter(say)
    assert made is not None
    return BranchSide(text, made, site_packages(made.path))


def commit(folder: Path) -> str:
    """What a folder holds: its commit, or the hash of its Python files where git does not know."""
    if folder.parent == revisions():
        return f"commit {folder.name[:10]}"
    found = git(folder, "rev-parse", "--short=10", "HEAD")
    changed = git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    top = git(folder, "rev-parse", "--show-toplevel").stdout.decode().strip()
    if found.returncode == 0 and not changed.stdout.strip() and Path(top) == folder.resolve():
        return f"commit {found.stdout.decode().strip()}"
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return f"files {digest.hexdigest()[:10]}"


__all__ = [
    "BranchSide",
    "CompareError",
    "adapter_of",
    "driving",
    "folder_of",
    "packages_of",
    "side",
]
