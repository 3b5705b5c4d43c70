"""MATLAB's releases, as far as they change the two functions."""

from __future__ import annotations

import re
from typing import NamedTuple

from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.matlab.scalars import described


class Release(NamedTuple):
    """A release; they compare by time."""

    year: int
    half: str

    def __str__(self) -> str:
        return f"R{self.year}{self.half}"


INTRODUCED = Release(2019, "b")
DECAY_OF_0_9 = Release(2020, "a")
COMPLEX_VALUES = Release(2024, "a")


def release_named(name: str) -> Release:
    """``R2024a`` and its like; ArgumentError for anything else and for what came before R2019b."""
    found = re.fullmatch(r"R(\d{4})([ab])", name) if isinstance(name, str) else None
    if not found:
        raise ArgumentError("release", f"must be written like 'R2024a', and is {described(name)}")
    release = Release(int(found[1]), found[2])
    if release < INTRODUCED:
        raise ArgumentError("release", f"the function was introduced in {INTRODUCED}, after {name}")
    return release
