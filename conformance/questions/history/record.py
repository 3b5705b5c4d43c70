"""What is kept of a history: a folder a release, with its run and how its environment was made."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.version import Version

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.questions.history.frameworks import Framework
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.store import RunError, write_json
from optimizer_conformance.runs.reader import provenance_of
from optimizer_conformance.workers import environments

RELEASE = "release.json"


class ReleaseRun(msgspec.Struct, frozen=True):
    """How one release was run.

    python    of its environment
    pins      what was installed
    host      the interpreter that had it already, where nothing was installed for it
    defaults  implementation to what its constructor states, by canonical name
    """

    version: str
    python: str
    pins: list[str]
    defaults: dict[str, dict[str, float | bool | str | None]]
    host: str = ""


@dataclass(frozen=True)
class ReleaseFolder:
    """The folder of one release in a history."""

    folder: Path

    @property
    def run(self) -> Path:
        """Its run folder."""
        return self.folder / "run"

    @property
    def former(self) -> Path:
        """A run that is no longer valid, kept until the new one is complete: groups of it may be
        the same."""
        return self.folder / "former"

    @property
    def version(self) -> str:
        """The release."""
        return self.folder.name

    @property
    def begun(self) -> bool:
        """Whether there is a run, complete or not."""
        return (self.run / "provenance.json").is_file()

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return (self.run / "footer.json").is_file() and (self.folder / RELEASE).is_file()

    @property
    def current(self) -> bool:
        """Whether this version of the suite made the run."""
        return provenance_of(self.run).suite == suite_hash()

    def release(self) -> ReleaseRun:
        """How it was run.  Raises RunError for a damaged file."""
        path = self.folder / RELEASE
        try:
            return msgspec.json.decode(foreign.content(path), type=ReleaseRun)
        except (OSError, ValueError, msgspec.MsgspecError, RecursionError) as error:
            raise RunError(f"{path} is damaged ({error}); delete {self.folder}") from error

    def write(self, release: ReleaseRun) -> None:
        """Keep how it was run.  Raises RunError."""
        try:
            write_json(self.folder / RELEASE, msgspec.to_builtins(release))
        except OSError as error:
            raise RunError(f"{self.folder} cannot be written ({error.strerror})") from error

    def set_aside(self) -> None:
        """Make room for a new run."""
        shutil.rmtree(self.former, ignore_errors=True)
        self.run.rename(self.former)


@dataclass(frozen=True)
class HistoryRecord:
    """The history of one framework under one selection: only the same cells can be compared."""

    folder: Path

    def place(self, version: str) -> ReleaseFolder:
        """The folder of one release, which need not exist."""
        return ReleaseFolder(self.folder / version)

    def places(self) -> list[ReleaseFolder]:
        """Every release of which there is a run, in order."""
        found = [
            ReleaseFolder(path) for path in self.folder.glob("*/") if ReleaseFolder(path).begun
        ]
        return sorted(found, key=lambda place: Version(place.version))


def root() -> Path:
    """Where histories are kept unless another folder is named."""
    return environments.root().parent / "history"


def selection_of(framework: Framework, profile: str, seed: int) -> Selection:
    """The cells that all releases are asked for."""
    return Selection(
        adapters=(framework.adapter,),
        implementations=framework.implementations,
        profile=profile,
        seed=seed,
    )


def record(framework: Framework, selection: Selection, keep: Path | None = None) -> HistoryRecord:
    """The history of a framework; ``keep`` replaces the folder of all histories."""
    return HistoryRecord(
        (keep or root()) / framework.name / f"{selection.profile}-{selection.seed}"
    )
