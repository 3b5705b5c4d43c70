"""One environment an adapter, shared by clones and runs.

Those of Python modules are made with venv and pip, those of other workers by the commands of their
manifest.  They live under the user's cache directory (``CONFORMANCE_CACHE`` replaces it), keyed by
the hash of the requirements, the interpreter and the platform.  What has this name was made to its
end: :mod:`workers.installation` says how.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs

from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.records import unmade
from optimizer_conformance.workers.enrolment import Enrolment, beside, enrolled
from optimizer_conformance.workers.installation import (
    MARKER,
    PART,
    EnvironmentFailure,
    damage,
    discard,
    make,
    unfinished,
)
from optimizer_conformance.workers.process import command_for

__all__ = [
    "ADAPTERS",
    "INTERPRETER",
    "MARKER",
    "STATES",
    "Environment",
    "EnvironmentFailure",
    "Found",
    "Recipe",
    "create",
    "enrol",
    "existing",
    "locate",
    "remove",
    "root",
]

LOCK_LIMIT = 1800.0  # seconds that another process may take to install a framework
ADAPTERS = enrolled()
INTERPRETER = f"{platform.python_implementation()}-{platform.python_version()}"
# Adapter to what stands in for its environment: see ``interpreters.standing_in``.
STAND_INS: dict[str, Environment] = {}


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
    def name(self) -> str:
        """As it is spoken of: the adapter's, or the recipe's."""
        return self.recipe.name if self.recipe else self.adapter

    @property
    def interpreter(self) -> str:
        """What it is made with and found by."""
        return self.recipe.version if self.recipe else INTERPRETER

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
    def absence(self) -> str:
        """Why it cannot be used unless it is complete, and the remedy."""
        return unmade(self.adapter)

    @property
    def remedy(self) -> str:
        """What it has lost since it was made and what makes it again; empty where it is whole."""
        lost = damage(self)
        again = f"`conformance env create {self.adapter}` makes it again"
        return f"; its environment is broken: {lost}; {again}" if lost else ""

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
            found: dict[str, str] = json.loads(foreign.text(self.folder / MARKER))["packages"]
        except (OSError, ValueError, KeyError):
            return {}
        return found


def enrol(program: Path) -> str:
    """Enrol a module FILE.py under its own name, as long as this process lives.

    Raises FileNotFoundError, and ValueError where an adapter has that name already.
    """
    found = beside(program.stem, program.resolve(strict=True))
    known = ADAPTERS.get(found.name, found)
    if known.program != found.program:
        raise ValueError(f"an adapter is called {found.name} already: give {program} another name")
    ADAPTERS[found.name] = found
    return found.name


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
    if recipe is None and adapter in STAND_INS:
        return STAND_INS[adapter]
    enrolment = ADAPTERS[adapter]
    interpreter = INTERPRETER
    if enrolment.manifest:
        interpreter = repr(enrolment.manifest.install)
    texts = [foreign.text(path) for path in enrolment.sources]
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
    """Make the environment unless it is there and whole; ``fresh`` rebuilds it.

    ``say`` hears what is going on.  Raises EnvironmentFailure with pip's last words.
    """
    environment = locate(adapter, recipe)
    if recipe is None and adapter in STAND_INS:
        if not environment.complete:
            raise EnvironmentFailure(f"{adapter}: {environment.absence}")
        return environment  # nothing is installed into what is somebody's own
    if environment.bare or (usable(environment, say) and not fresh):
        return environment
    try:
        root().mkdir(parents=True, exist_ok=True)
        with lock(environment.folder, LOCK_LIMIT):
            if usable(environment) and not fresh:
                return environment
            for left in unfinished(environment.folder):
                discard(left)
            say(f"{environment.name}: installing {', '.join(environment.pins) or 'nothing'}")
            make(environment)
    except filelock.Timeout:
        raise EnvironmentFailure(
            f"another process has been making the environment of {environment.name} for "
            f"{LOCK_LIMIT / 60:.0f} minutes; delete {environment.folder}.lock if none does"
        ) from None
    except OSError as error:
        raise EnvironmentFailure(
            f"{error.filename or root()}: {error.strerror}; set CONFORMANCE_CACHE to a folder that "
            "can be written"
        ) from error
    return environment


def usable(environment: Environment, say: Callable[[str], None] = lambda line: None) -> bool:
    """Whether it is complete and has lost nothing since; ``say`` hears what it has lost."""
    if not environment.complete:
        return False
    if lost := damage(environment):
        say(f"{environment.name}: its environment is broken: {lost}; it is made again")
    return not lost


def lock(folder: Path, limit: float) -> filelock.BaseFileLock:
    """Held by whoever makes or deletes an environment."""
    return filelock.FileLock(f"{folder}.lock", timeout=limit)


@dataclass(frozen=True)
class Found:
    """A folder among the environments.

    adapter  or the name of the recipe, such as ``optax@0.1.5``
    state    one of :data:`STATES`, and ``detail``
    """

    adapter: str
    folder: Path
    state: str
    detail: str = ""


STATES = {
    "current": "what this interpreter's `run` uses",
    "broken": "the same, and something of it is gone: `env create` makes it again",
    "unfinished": "a making that came to no end, or goes on",
    "outdated": "made with this interpreter for requirements that no file has any more",
    "other": "another Python's, a release of `history`, or an adapter's that is not enrolled here",
}


def existing() -> list[Found]:
    """Every environment on this machine."""
    current = {place.folder: place for place in map(locate, ADAPTERS)}
    folders = sorted(folder for folder in root().glob("*-*") if folder.is_dir())
    return [judged(folder, current.get(folder)) for folder in folders]


def judged(folder: Path, current: Environment | None) -> Found:
    """One of them; ``current`` where its name is one that is asked for."""
    adapter = folder.name.partition(PART)[0].rpartition("-")[0]
    if PART in folder.name or not (folder / MARKER).is_file():
        return Found(adapter, folder, "unfinished")
    if current:
        lost = damage(current)
        return Found(adapter, folder, "broken" if lost else "current", lost)
    interpreter = made_with(folder)
    if adapter not in ADAPTERS or interpreter not in (INTERPRETER, ""):
        return Found(adapter, folder, "other", interpreter)
    return Found(adapter, folder, "outdated")


def made_with(folder: Path) -> str:
    """The interpreter of an environment; empty where it has none of Python's."""
    try:
        lines = foreign.text(folder / "pyvenv.cfg").splitlines()
        known = json.loads(foreign.text(folder / MARKER)).get("interpreter")
    except (OSError, ValueError, AttributeError):
        return ""
    versions = [line.partition("=")[2].strip() for line in lines if line.startswith("version")]
    # Markers of earlier releases do not say it.
    return str(known or f"{platform.python_implementation()}-{''.join(versions[:1])}")


def remove(folder: Path) -> None:
    """Delete one environment and its lock file.

    Raises EnvironmentFailure while another process makes it.
    """
    whole = folder.with_name(folder.name.partition(PART)[0])
    try:
        with lock(whole, 0):
            discard(folder)
            Path(f"{whole}.lock").unlink(missing_ok=True)
    except filelock.Timeout:
        raise EnvironmentFailure(f"{folder} is being made by another process") from None
