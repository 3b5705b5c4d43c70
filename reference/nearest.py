"""What was perhaps meant by a name that nothing has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 40  # names that a message lists
NEAR = 0.6  # of difflib: how much of a name has to be right
OFFERED = 3


def suggestion(name: str, known: Iterable[str], *, listed: str = "`conformance list`") -> str:
    """``; did you mean …?`` for a near miss, otherwise all names, or where many are ``listed``."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name.strip("*"), names, n=OFFERED, cutoff=NEAR)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; known are {', '.join(names)}" if len(names) <= MOST else f"; see {listed}"


def variants(name: str, known: Iterable[str]) -> str:
    """The same of documented variants."""
    return suggestion(name, known, listed="`conformance list variants`")


def implementations(name: str, known: Iterable[str]) -> str:
    """The same of implementations."""
    return suggestion(name, known, listed="`conformance list implementations`")
