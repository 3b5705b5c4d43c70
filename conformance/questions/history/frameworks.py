"""What a release of a framework needs: ``frameworks/*.toml``.

A framework without a file is an adapter of that name: its first pin is the distribution whose
releases are compared, and the other pins stay.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.workers.environments import ADAPTERS, Recipe
from optimizer_conformance.workers.pythons import KNOWN, UsablePython, choose

FOLDER = Path(__file__).parent / "frameworks"
PYTHONS = Path(__file__).parent / "pythons.toml"
NEW = ("3.11", "3.12", "3.13")  # what the adapters' own pins are for


class UnknownFramework(Exception):  # noqa: N818 - named for the situation
    """Neither a file nor an adapter of that name; the message says what there is."""


class ReleaseNeeds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some releases need.

    versions  of the framework, as in requirements: ``<0.1.7``, ``>=2.0,<3``; empty: all
    python    which versions have wheels or are known to work, the preferred one first
    pins      requirements in place of the adapter's, or beside them; ``{version}`` is the release
    without   distributions of the adapter's requirements that are not installed
    why       where these come from
    """

    versions: str = ""
    python: tuple[str, ...] = NEW
    pins: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    why: str = ""


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose releases are compared, and how they are driven.

    adapter          what drives it
    distribution     whose version is the release
    implementations  globs: those of the adapter that are the framework's
    needs            the first that fits a release holds for it
    """

    name: str
    adapter: str
    distribution: str
    implementations: tuple[str, ...] = ()
    needs: tuple[ReleaseNeeds, ...] = ()

    def of(self, version: str) -> ReleaseNeeds:
        """What one release needs.

        Releases before the first one stay in: ``0.2.0rc1`` fits ``<0.3``.
        """
        for needs in self.needs:
            if SpecifierSet(needs.versions).contains(version, prereleases=True):
                return needs
        return ReleaseNeeds()

    def recipe(self, version: str, given: dict[str, Path]) -> Recipe:
        """How the environment of one release is made; ``given`` are interpreters by version.

        Raises NoInterpreter.
        """
        needs = self.of(version)
        interpreter = choose(needs.python, given)
        pins = {named(pin): pin for pin in ADAPTERS[self.adapter].pins}
        pins |= {name: pin for name, pin in older(interpreter).items() if name in pins}
        pins |= {named(pin): pin.format(version=version) for pin in needs.pins}
        pins |= {named(self.distribution): f"{self.distribution}=={version}"}
        left_out = {named(name) for name in needs.without}
        alone = {named(pin) for pin in ADAPTERS[self.adapter].lone_pins} - left_out
        return Recipe(
            f"{self.name}@{version}",
            tuple(pin for name, pin in pins.items() if name not in left_out | alone),
            interpreter.path,
            interpreter.version,
            tuple(pin for name, pin in pins.items() if name in alone),
        )


def older(interpreter: UsablePython) -> dict[str, str]:
    """The newest releases that an old Python has of what several adapters need, by name."""
    found = msgspec.toml.decode(PYTHONS.read_bytes(), type=dict[str, list[str]])
    return {named(pin): pin for pin in found.get(interpreter.minor, [])}


def named(pin: str) -> str:
    """The distribution of a requirement, as indexes compare names."""
    name = re.match(r"[\w.-]+", pin)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else pin


def releases(texts: list[str]) -> list[str]:
    """Versions in order, each once; commas may stand for spaces.

    Raises UnknownFramework for what is no version.
    """
    words = [word for text in texts for word in text.replace(",", " ").split()]
    try:
        return sorted(dict.fromkeys(words), key=Version)
    except InvalidVersion as error:
        raise UnknownFramework(f"{error}; give releases, such as 0.2.0 0.2.8") from error


@lru_cache(maxsize=1)
def frameworks() -> dict[str, Framework]:
    """Every framework that a file describes, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        content = msgspec.toml.decode(path.read_bytes())
        found[path.stem] = msgspec.convert({"name": path.stem, **content}, Framework)
    return found


def framework(name: str) -> Framework:
    """The framework of that name.  Raises UnknownFramework."""
    if name in frameworks():
        return frameworks()[name]
    if name not in ADAPTERS or not ADAPTERS[name].pins or ADAPTERS[name].manifest:
        known = sorted({*frameworks(), *(n for n, item in ADAPTERS.items() if item.pins)})
        raise UnknownFramework(f"no framework {name!r}{suggestion(name, known)}")
    first = ADAPTERS[name].pins[0].partition("==")[0]
    return Framework(name, name, first)


__all__ = [
    "KNOWN",
    "Framework",
    "ReleaseNeeds",
    "UnknownFramework",
    "framework",
    "frameworks",
    "releases",
]
