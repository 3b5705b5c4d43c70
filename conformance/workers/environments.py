"""One environment an adapter, shared by clones and runs.

Those of Python modules are made with venv and pip, those of other workers by the commands of their
manifest.  They live under the user's cache directory (``CONFORMANCE_CACHE`` replaces it), keyed by
the hash of the requirements, the interpreter and the platform; a marker written last says that one
is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs

from optimizer_conformance.workers.enrolment import Enrolment, enrolled
from optimizer_conformance.workers.process import command_for

MARKER = "complete.json"
LOCK_LIMIT = 1800.0  # seconds that another process may take to install a framework
ADAPTERS = enrolled()


class EnvironmentFailure(Exception):  # noqa: N818 - named for the situation
    """An environment could not be made; the message holds pip's own last words."""


@dataclass(frozen=True)
class Recipe:
    """What is installed in place of the pinned requirements, such as an older release.

    name    of the environment: ``optax@0.1.5``
    pins    requirements
    python  the interpreter that it is made with, and its ``version``
    alone   requirements that are installed last and without their dependencies
    """

    name: str
    pins: tuple[str, ...]
    python: Path
    version: str
    alone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """The place of one adapter's environment, whether or not it exists yet."""

    enrolment: Enrolment
    folder: Path
    recipe: Recipe | None = None

    @property
    def adapter(self) -> str:
        """The adapter's name."""
        return self.enrolment.name

    @property
    def pins(self) -> tuple[str, ...]:
        """What is installed."""
        recipe = self.recipe
        return (*recipe.alone, *recipe.pins) if recipe else tuple(self.enrolment.pins)

    @property
    def bare(self) -> bool:
        """Whether nothing is installed for it: its worker runs in this interpreter."""
        return self.enrolment.manifest is None and self.enrolment.requirements is None

    @property
    def python(self) -> Path:
        """Its interpreter."""
        if self.bare:
            return Path(sys.executable)
        place = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        return self.folder.joinpath(*place)

    @property
    def complete(self) -> bool:
        """Whether its making came to the end."""
        made = (self.folder / MARKER).is_file()
        return self.bare or (made and (self.enrolment.manifest is not None or self.python.exists()))

    @property
    def command(self) -> list[str]:
        """What starts its worker."""
        if manifest := self.enrolment.manifest:
            return self.filled(manifest.command)
        shipped = self.enrolment.shipped
        name = self.adapter if shipped else str(self.enrolment.program)
        return command_for(name, self.python)

    def filled(self, command: list[str]) -> list[str]:
        """A command of the manifest with its places filled in."""
        places = {"folder": self.enrolment.program, "environment": self.folder}
        return [word.format(**places) for word in command]

    @property
    def packages(self) -> dict[str, str]:
        """Every installed distribution and its version, as pip listed them when it was made."""
        try:
            found: dict[str, str] = json.loads((self.folder / MARKER).read_text())["packages"]
        except (OSError, ValueError, KeyError):
            return {}
        return found


def root() -> Path:
    """The folder that holds all environments."""
    base = os.environ.get("CONFORMANCE_CACHE")
    cache = Path(base) if base else platformdirs.user_cache_path("optimizer-conformance")
    return cache / "environments"


def locate(adapter: str, recipe: Recipe | None = None) -> Environment:
    """Where the environment of an enrolled adapter stands or would stand.

    A ``recipe`` means another one for the same adapter.  Raises KeyError for an adapter that is not
    enrolled.
    """
    enrolment = ADAPTERS[adapter]
    interpreter = f"{platform.python_implementation()}-{platform.python_version()}"
    if enrolment.manifest:
        interpreter = repr(enrolment.manifest.install)
    texts = [path.read_text(encoding="utf-8") for path in enrolment.sources]
    if recipe:
        interpreter, texts = recipe.version, [*recipe.pins, *recipe.alone]
    parts = (*texts, interpreter, platform.system(), platform.machine())
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    name = recipe.name if recipe else adapter
    return Environment(enrolment, root() / f"{name}-{key}", recipe)


def create(
    adapter: str,
    recipe: Recipe | None = None,
    *,
    fresh: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Environment:
    """Make the environment unless it is there; ``fresh`` rebuilds it.

    ``say`` hears what is going on.  Raises EnvironmentFailure with pip's last words.
    """
    environment = locate(adapter, recipe)
    adapter = recipe.name if recipe else adapter
    if environment.complete and not fresh:
        return environment
    try:
        root().mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(f"{environment.folder}.lock", timeout=LOCK_LIMIT)
        with lock:
            if environment.complete and not fresh:
                return environment
            say(f"{adapter}: installing {', '.join(environment.pins) or 'nothing'}")
            shutil.rmtree(environment.folder, ignore_errors=True)
            build(environment)
    except filelock.Timeout:
        raise EnvironmentFailure(
            f"another process has been making the environment of {adapter} for "
            f"{LOCK_LIMIT / 60:.0f} minutes; delete {environment.folder}.lock if none does"
        ) from None
    except OSError as error:
        raise EnvironmentFailure(
            f"{error.filename or root()}: {error.strerror}; set CONFORMANCE_CACHE to a folder that "
            "can be written"
        ) from error
    return environment


def build(environment: Environment) -> None:
    """Everything that is to be installed, and last the marker with what was."""
    made = build_foreign if environment.enrolment.manifest else build_python
    packages = made(environment)
    (environment.folder / MARKER).write_text(json.dumps({"packages": packages}, indent=1))


def build_python(environment: Environment) -> dict[str, str]:
    """venv and pip install; every distribution and its version."""
    recipe = environment.recipe
    python = recipe.python if recipe else sys.executable
    run([str(python), "-m", "venv", str(environment.folder)], environment)
    pip = [str(environment.python), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet"]
    if before := environment.enrolment.build_requirements:
        run([*install, "-r", str(before)], environment)
        install.append("--no-build-isolation")
    wanted = recipe.pins if recipe else ("-r", str(environment.enrolment.requirements))
    run([*install, *wanted], environment)
    if alone := recipe.alone if recipe else environment.enrolment.lone_pins:
        run([*install, "--no-deps", *alone], environment)
    listing = json.loads(run([*pip, "list", "--format=json"], environment))
    return {item["name"]: item["version"] for item in listing}


def build_foreign(environment: Environment) -> dict[str, str]:
    """The manifest's files and commands; what it pins."""
    enrolment, folder = environment.enrolment, environment.folder
    assert enrolment.manifest is not None
    folder.mkdir(parents=True)
    for path in enrolment.sources:
        shutil.copy(path, folder)
    for command in enrolment.manifest.install:
        run(environment.filled(command), environment, folder)
    return dict(pin.split("==", 1) for pin in enrolment.pins)


def run(command: list[str], environment: Environment, folder: Path | None = None) -> str:
    """Run one command of the making of an environment, in ``folder``; its output."""
    leave = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    variables = {name: value for name, value in os.environ.items() if name not in leave}
    done = subprocess.run(
        command, capture_output=True, text=True, env=variables, check=False, cwd=folder
    )
    if done.returncode:
        words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        name = environment.recipe.name if environment.recipe else environment.adapter
        raise EnvironmentFailure(
            f"{name}: {' '.join(command[1:4])} failed: "
            f"{words[-1].strip() if words else 'it said nothing'}"
        )
    return done.stdout


def existing() -> list[tuple[str, Path, bool]]:
    """Every environment on this machine: adapter, folder, and whether it is the current one."""
    current = {locate(adapter).folder for adapter in ADAPTERS}
    folders = sorted(folder for folder in root().glob("*-*") if folder.is_dir())
    return [(folder.name.rpartition("-")[0], folder, folder in current) for folder in folders]


def remove(folder: Path) -> None:
    """Delete one environment and its lock file."""
    shutil.rmtree(folder)
    Path(f"{folder}.lock").unlink(missing_ok=True)
