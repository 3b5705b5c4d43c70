"""Which adapters there are.  Nothing lists them: an adapter is enrolled by being there.

Three kinds:

- ``adapters/NAME.py`` with ``adapters/requirements/NAME.txt``: a module that ``adapters.worker``
  serves, in an environment of its own;
- ``adapters/NAME/worker.toml``: a worker in another language, described by a :class:`Manifest`;
- an entry point ``NAME = "package.module"`` of the group ``optimizer_conformance.adapters`` that
  an installed distribution brings.  Pinned requirements may lie beside the module under its name
  with the ending ``.txt``; without them the worker runs in this interpreter.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import msgspec

from optimizer_conformance import adapters
from optimizer_conformance.reports import foreign as files

FOLDER = Path(adapters.__file__).parent
GROUP = "optimizer_conformance.adapters"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``adapters/NAME/worker.toml``: a worker that is no Python module.

    ``{folder}`` is the manifest's folder, ``{environment}`` the adapter's environment.

    command       starts the worker
    install       commands that fill the environment, run in it; none where nothing is installed
    files         what they need, copied there first; these decide which environment is meant
    requirements  those of ``files`` that pin versions: a ``package.json`` or a requirements file
    """

    command: list[str]
    install: list[list[str]] = []
    files: list[str] = []
    requirements: str = ""


@dataclass(frozen=True)
class Enrolment:
    """One adapter.

    program       the module, or the folder of the manifest
    requirements  the file that pins what it needs; None: nothing is installed for it
    manifest      of a worker in another language
    """

    name: str
    program: Path
    requirements: Path | None = None
    manifest: Manifest | None = None

    @property
    def shipped(self) -> bool:
        """Whether it belongs to this project."""
        return FOLDER in self.program.parents

    @property
    def build_requirements(self) -> Path | None:
        """``NAME.build.txt``: what must be installed before, for builds without isolation."""
        return self.beside("build")

    def beside(self, kind: str) -> Path | None:
        """``NAME.KIND.txt`` beside the requirements, where it is there."""
        if self.requirements is None:
            return None
        path = self.requirements.with_name(f"{self.requirements.stem}.{kind}.txt")
        return path if path.is_file() else None

    @property
    def lone_requirements(self) -> Path | None:
        """``NAME.alone.txt``: what is installed last and without its dependencies.

        For a distribution that asks for one whose place another takes: ``tensorflow-cpu`` is
        ``tensorflow``, and pip does not know.
        """
        return self.beside("alone")

    @property
    def sources(self) -> list[Path]:
        """The files that decide what is installed."""
        if self.manifest:
            return [self.program / name for name in self.manifest.files]
        files = (self.build_requirements, self.requirements, self.lone_requirements)
        return [path for path in files if path]

    @property
    def pins(self) -> list[str]:
        """``name==version``, a line a requirement."""
        if self.requirements is None:
            return []
        if self.requirements.suffix == ".json":
            needed = json.loads(files.text(self.requirements))["dependencies"]
            return [f"{name}=={version}" for name, version in needed.items()]
        return [*self.lone_pins, *pinned(self.requirements)]

    @property
    def lone_pins(self) -> list[str]:
        """Those of them that are installed without their dependencies."""
        return pinned(self.lone_requirements)


def pinned(path: Path | None) -> list[str]:
    """The lines of a requirements file, without comments; none where there is no file."""
    text = files.text(path) if path else ""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def module(name: str) -> Enrolment:
    """A Python adapter of this project."""
    return Enrolment(name, FOLDER / f"{name}.py", FOLDER / "requirements" / f"{name}.txt")


def foreign(path: Path) -> Enrolment:
    """A worker in another language, by its manifest.  Raises msgspec.MsgspecError for a bad one."""
    try:
        manifest = msgspec.toml.decode(files.content(path), type=Manifest)
    except RecursionError as error:
        raise msgspec.ValidationError(f"{path} is nested too deeply") from error
    pinned = path.parent / manifest.requirements if manifest.requirements else None
    return Enrolment(path.parent.name, path.parent, pinned, manifest)


def guest(name: str, target: str) -> Enrolment | None:
    """An adapter that an entry point names; None where it is gone.

    Only the packages around the module are imported: the module needs its framework.
    """
    try:
        spec = importlib.util.find_spec(target)
    except Exception:  # noqa: BLE001 - a broken package of somebody else must not stop this one
        return None
    if spec is None or spec.origin is None:
        return None
    return beside(name, Path(spec.origin))


def beside(name: str, program: Path) -> Enrolment:
    """A module of somebody else's, with the requirements that lie beside it."""
    pinned = program.with_suffix(".txt")
    return Enrolment(name, program, pinned if pinned.is_file() else None)


def enrolled() -> dict[str, Enrolment]:
    """Every adapter by name, sorted; one of this project is not replaced by a guest."""
    found = [
        item for point in entry_points(group=GROUP) if (item := guest(point.name, point.value))
    ]
    modules = (module(path.stem) for path in (FOLDER / "requirements").glob("*.txt"))
    found += [item for item in modules if item.program.is_file()]
    found += [foreign(path) for path in FOLDER.glob("*/worker.toml")]
    # Where two have one name, the later one counts.
    return dict(sorted({item.name: item for item in found}.items()))
