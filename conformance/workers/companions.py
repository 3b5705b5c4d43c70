"""What is installed beside requirements: NumPy, and what old releases need and do not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

TABLE = Path(__file__).parent / "companions.toml"


def beside(requirements: Sequence[str]) -> tuple[str, ...]:
    """What is installed with these: NumPy, and what releases among them need and do not say."""
    found: list[str] = []
    for name, version in pinned(requirements):
        for releases, needed in companions().get(name, {}).items():
            if SpecifierSet(releases).contains(version, prereleases=True):
                found += needed
    numpy = [] if any(text.startswith("numpy") for text in found) else ["numpy"]
    return (*dict.fromkeys(found), *numpy)


def pinned(requirements: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Distributions of which one release is asked for: by name, or as a wheel."""
    for text in requirements:
        try:
            if text.endswith(".whl"):
                name, version, *_ = parse_wheel_filename(Path(text).name)
                yield str(name), str(version)
                continue
            wanted = Requirement(text)
        except (InvalidRequirement, InvalidWheelFilename):  # a folder
            continue
        for item in wanted.specifier:
            if item.operator == "==":
                yield canonicalize_name(wanted.name), item.version


@cache
def companions() -> dict[str, dict[str, list[str]]]:
    """Distributions to those of their releases that need something and do not say so."""
    return msgspec.toml.decode(TABLE.read_bytes(), type=dict[str, dict[str, list[str]]])
