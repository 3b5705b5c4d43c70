"""Reasons that differ in a format or a kind of gradient alone, told as one."""

from __future__ import annotations

import re
from collections.abc import Iterable

EXCEPT = re.compile(r"(?P<what>.+ except) in (?P<dtype>\w+) with (?P<kind>[\w -]+) gradients")
MOST = 4  # kinds that are named one by one


def gathered(reasons: Iterable[str]) -> list[str]:
    """The same reasons in fewer words, in the order in which they were first given."""
    kinds: dict[tuple[str, str], list[str]] = {}
    others: dict[str, None] = {}
    for reason in reasons:
        if found := EXCEPT.fullmatch(reason):
            kinds.setdefault((found["what"], found["dtype"]), []).append(found["kind"])
        others.setdefault(found["what"] if found else reason)
    dtypes: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (what, dtype), some in kinds.items():
        dtypes.setdefault((what, tuple(some)), []).append(dtype)
    lines: list[str] = []
    for other in others:
        own = [(formats, some) for (what, some), formats in dtypes.items() if what == other]
        lines += [f"{other} in {joined(formats)} with {told(some)}" for formats, some in own]
        lines += [] if own else [other]
    return lines


def told(kinds: tuple[str, ...]) -> str:
    """Kinds of gradients, or how many there are and the first of them."""
    if len(kinds) <= MOST:
        return f"{joined(kinds)} gradients"
    return f"{len(kinds)} kinds of gradients ({', '.join(kinds[:MOST])}, …)"


def joined(words: Iterable[str]) -> str:
    """Words with an ``and`` before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
