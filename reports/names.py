"""Names that become paths, whoever wrote them down: in a run folder, a manifest, a command line."""

from __future__ import annotations

import re

LONGEST = 100  # characters; file systems take 255 bytes with what is put before and behind
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class NoPlainName(ValueError):  # noqa: N818 - named for the situation
    """A name that would lead out of its folder, or that no file system should be asked for."""


def plain(name: object) -> str:
    """The same name, fit to be one part of a path.  Raises NoPlainName for every other."""
    if isinstance(name, str) and len(name) <= LONGEST and PLAIN.fullmatch(name):
        return name
    shown = repr(name) if len(repr(name)) <= LONGEST else repr(name)[:LONGEST] + "…"
    raise NoPlainName(
        f"{shown} is no plain name: it becomes a path, so it has 1 to {LONGEST} letters, digits, "
        "'_', '.' and '-', and starts with no '.' or '-'"
    )
