"""Known deviations: which cells, what verdict, how large, in which versions, and why.

One TOML file an adapter, ``expectations/NAME.toml``.  ``gate.py`` holds what was found against
what is expected; docs/expectations.md describes the fields to their authors.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from optimizer_conformance.cases.patterns import matches
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.records import Cell
from optimizer_conformance.reports.verdicts import DEVIATES, FAILS

FOLDER = Path(__file__).parent
PATTERNS = ("implementation", "variant", "features", "device", "dtype", "mode", "regime")
REVIEWED_FOR = timedelta(days=365)  # of an entry without review_by; a major release or two
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class ExpectationError(Exception):
    """An expectations file cannot be used; the message names the file and the entry."""


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One known deviation; patterns are globs, empty means any.

    score     smallest and largest score, in units of the bound, that the entry covers
    partly    whether some of the covered cells agree: where the inputs cannot show the deviation
    versions  of the framework (``>=2.1,<3``) or of another package (``optax<0.3``)
    reason    what the implementation does instead, in one sentence
    link      where that can be read: a finding of ours, or the upstream source or issue
    reviewed  the day on which the reason was last checked
    review_by the day on which it has to be checked again; a year later where none is given
    """

    id: str
    implementation: str
    verdict: str
    reason: str
    link: str
    reviewed: date
    review_by: date | None = None
    variant: str = "*"
    features: str = "*"
    device: str = "*"
    dtype: str = "*"
    mode: str = "*"
    regime: str = "*"
    score: tuple[float, float] = (0.0, math.inf)
    partly: bool = False
    versions: str = ""

    def covers(self, cell: Cell) -> bool:
        """Whether a cell lies in this entry's patterns (verdict, size and version aside)."""
        return all(matches(getattr(cell, name), getattr(self, name)) for name in PATTERNS)

    def expects(self, verdict: str, score: float) -> bool:
        """Whether this is the verdict, and for a deviation the size, that the entry names."""
        low, high = self.score
        return self.verdict == verdict and (verdict != DEVIATES or low <= score <= high)

    def applies(self, versions: Mapping[str, str]) -> bool:
        """Whether the installed ``versions`` (framework first) are those that the entry is about.

        A version that cannot be compared is none of them.
        """
        if not self.versions:
            return True
        package, specifiers = condition(self.versions)
        installed = versions.get(package) if package else next(iter(versions.values()), None)
        try:
            return installed is not None and specifiers.contains(installed, prereleases=True)
        except InvalidVersion:
            return False

    @property
    def due(self) -> date:
        """The day from which the reason counts as unchecked."""
        try:
            return self.review_by or self.reviewed + REVIEWED_FOR
        except OverflowError:  # reviewed in the last year that a date can hold
            return date.max


def condition(text: str) -> tuple[str, SpecifierSet]:
    """The package (empty: the framework) and the versions of a condition.

    Raises ValueError for text that is neither ``>=2.1,<3`` nor ``optax>=0.2``.
    """
    try:
        if text.strip()[:1] in ("<", ">", "=", "!", "~"):
            return "", SpecifierSet(text)
        requirement = Requirement(text)
    except (InvalidSpecifier, InvalidRequirement) as error:
        raise ValueError(f"{text!r} is no version condition such as '>=2.1,<3'") from error
    if requirement.url or requirement.marker or requirement.extras or not requirement.specifier:
        raise ValueError(f"{text!r} is no version condition such as 'optax>=0.2'")
    return requirement.name, requirement.specifier


class ExpectationFile(msgspec.Struct, forbid_unknown_fields=True):
    """A whole file: ``[[expectation]]`` tables."""

    expectation: list[Expectation] = []


def load(adapter: str, folder: Path = FOLDER) -> list[Expectation]:
    """The entries of one adapter; none where it has no file."""
    path = folder / f"{adapter}.toml"
    return read(path) if path.exists() else []


def ledger(adapter: str, folder: Path = FOLDER) -> Ledger:
    """The entries of one adapter, and where they stand."""
    path = folder / f"{adapter}.toml"
    return Ledger(load(adapter, folder), path=path if path.exists() else None)


def read(path: Path) -> list[Expectation]:
    """The entries of one file; ExpectationError for one that cannot be used."""
    try:
        content = foreign.content(path)
    except OSError as error:
        raise ExpectationError(f"{path} cannot be read: {error.strerror}") from error
    return decode(content, path.name)


def decode(content: bytes, name: str) -> list[Expectation]:
    """The entries of a file's content; ``name`` stands in messages."""
    try:
        entries = msgspec.convert(
            dates_as_text(tomllib.loads(content.decode())), ExpectationFile, builtin_types=()
        ).expectation
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExpectationError(f"{name}: {error}") from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise ExpectationError(f"{name}: cannot be read as TOML ({error})") from error
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise ExpectationError(f"{name}: two entries are called {entry.id}")
        if wrong := contradiction(entry):
            raise ExpectationError(f"{name}: {wrong}")
        seen.add(entry.id)
    return entries


def dates_as_text(value: Any) -> Any:
    """TOML's own dates as text: a date may be written either way."""
    if isinstance(value, dict):
        return {key: dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [dates_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


def contradiction(entry: Expectation) -> str:
    """What makes an entry unusable, or empty."""
    if not IDENTIFIER.fullmatch(entry.id):
        return f"{entry.id!r} is no identifier: letters, digits, '.', '_' and '-'"
    if entry.verdict not in FAILS:
        return f"{entry.id} expects {entry.verdict!r}; known are {', '.join(FAILS)}"
    low, high = entry.score
    if not 0 <= low <= high:
        return f"{entry.id} has the score {low} to {high}; give the smaller first, none below 0"
    try:
        condition(entry.versions or ">=0")
    except ValueError as error:
        return f"{entry.id}: {error}"
    return ""


@dataclass
class Ledger:
    """The entries of one adapter that are about the ``versions`` at hand, framework first.

    Without versions each entry counts: what is not known excludes nothing.  ``path`` is the file
    that the entries stand in.
    """

    entries: list[Expectation]
    versions: dict[str, str] = field(default_factory=dict)
    path: Path | None = None

    @property
    def active(self) -> list[Expectation]:
        """Entries whose version condition holds."""
        return [item for item in self.entries if not self.versions or item.applies(self.versions)]

    def place(self, entry: str) -> tuple[str, int]:
        """The file (from the working directory where it lies below) and line of an entry."""
        if self.path is None:
            return "", 0
        path = self.path.resolve()
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        stated = re.compile(rf"""\s*id\s*=\s*["']{re.escape(entry)}["']""")
        lines = foreign.text(path).splitlines()
        found = (number for number, line in enumerate(lines, 1) if stated.match(line))
        return shown.as_posix(), next(found, 1)

    def settle(self, cell: Cell) -> str:
        """The identifier of the entry that expects this cell's verdict and size, or empty."""
        for entry in self.active:
            if entry.expects(cell.verdict, cell.divergence_score) and entry.covers(cell):
                return entry.id
        return ""
