"""Python interpreters on this machine: on PATH, and among pyenv's versions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

KNOWN = (
    "3.8",
    "3.9",
    "3.10",
    "3.11",
    "3.12",
    "3.13",
)  # where optimizer_conformance.adapters.worker runs
QUESTION = "import sys, venv, ensurepip; print('.'.join(map(str, sys.version_info[:3])))"


class NoInterpreter(Exception):  # noqa: N818 - named for the situation
    """None of the Pythons that a release has wheels for is here; the message says what to do."""


@dataclass(frozen=True)
class UsablePython:
    """One that starts and can make environments.

    version  all three parts, such as ``3.9.18``
    """

    path: Path
    version: str

    @property
    def minor(self) -> str:
        """Such as ``3.9``."""
        return self.version.rpartition(".")[0]


def choose(wanted: tuple[str, ...], given: Mapping[str, Path]) -> UsablePython:
    """The first of the ``wanted`` versions (``3.9``) that is here; ``given`` ones go before.

    Raises NoInterpreter.
    """
    for minor in sorted(wanted, key=lambda minor: minor not in given):
        for path in places(minor, given):
            version = answer(path)
            if version.rpartition(".")[0] == minor:
                return UsablePython(path, version)
    raise NoInterpreter(
        f"needs Python {' or '.join(wanted)}, and there is none on PATH or among pyenv's versions; "
        f"give --python {wanted[0]}=/path/to/python"
    )


def places(minor: str, given: Mapping[str, Path]) -> Iterator[Path]:
    """Where an interpreter of a version may stand; nothing says that it does."""
    if minor in given:
        yield given[minor]
        return
    yield Path(sys.executable)
    if found := shutil.which(f"python{minor}"):
        yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    newest_first = sorted(root.glob(f"versions/{minor}.*"), key=patch, reverse=True)
    yield from (folder / "bin" / "python" for folder in newest_first)


def patch(folder: Path) -> int:
    """The last part of a version; an alpha counts as none."""
    last = folder.name.rpartition(".")[2]
    return int(last) if last.isdecimal() else -1


@lru_cache(maxsize=64)
def answer(path: Path) -> str:
    """The version of an interpreter; empty for one that does not start, such as pyenv's shims of
    versions that are not switched on."""
    try:
        done = subprocess.run(
            [str(path), "-c", QUESTION], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
