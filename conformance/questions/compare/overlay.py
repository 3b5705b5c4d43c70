"""Python files of a folder laid over an environment: nothing is built and nothing copied.

An environment of its own, without pip, that imports everything from another one, except modules of
which the folder holds a file.  What is compiled stays the other environment's.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from optimizer_conformance.workers import environments, interpreters
from optimizer_conformance.workers.environments import EnvironmentFailure
from optimizer_conformance.workers.interpreters import Interpreter

FINDER = '''"""Looks for modules in a folder before anywhere else."""

import importlib.machinery
import importlib.util
import os
import sys

ROOT = {root!r}
PACKAGES = {packages!r}


class Overlay:
    """Finds modules of which the folder holds a file."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """A package is also looked for where it would be without the folder."""
        if name.partition(".")[0] not in PACKAGES:
            return None
        place = os.path.join(ROOT, *name.split("."))
        package = os.path.join(place, "__init__.py")
        if os.path.isfile(package):
            below = importlib.machinery.PathFinder.find_spec(name, path)
            more = getattr(below, "submodule_search_locations", None) or ()
            return importlib.util.spec_from_file_location(
                name, package, submodule_search_locations=[place, *more]
            )
        if os.path.isfile(place + ".py"):
            return importlib.util.spec_from_file_location(name, place + ".py")
        return None


sys.meta_path.insert(0, Overlay)
'''
PACKAGES_OF = "import sysconfig; print(sysconfig.get_path('purelib'))"


def site_packages(python: Path) -> Path:
    """Where an interpreter has its packages.  Raises EnvironmentFailure where it does not say."""
    done = subprocess.run(
        [str(python), "-c", PACKAGES_OF], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EnvironmentFailure(f"{python} does not say where its packages are")
    return Path(done.stdout.strip())


def laid_over(host: Path, root: Path, packages: tuple[str, ...]) -> Interpreter:
    """An interpreter that has what ``host`` has, with the files of ``root`` before it.

    ``packages`` are the top-level packages that are looked for there.  Raises EnvironmentFailure.
    """
    words = "\0".join([str(host), str(root.absolute()), *packages, FINDER])
    key = hashlib.sha256(words.encode()).hexdigest()[:12]
    folder = environments.root().parent / "overlays" / key
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        done = subprocess.run(
            [str(host), "-m", "venv", "--without-pip", "--clear", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise EnvironmentFailure(f"no environment over {host}: {''.join(last)}")
        own, below = site_packages(python), site_packages(host)
        finder = FINDER.format(root=str(root.absolute()), packages=packages)
        (own / "conformance_overlay.py").write_text(finder, encoding="utf-8")
        # The last line is read by those who have to know what may be opened.
        lines = [
            f"import site; site.addsitedir({str(below)!r})",
            "import conformance_overlay",
            str(below),
            str(root.absolute()),
        ]
        (own / "conformance_overlay.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "complete").touch()
    return interpreters.ask(python)
