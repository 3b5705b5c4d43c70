"""Reasons that differ in a format or a kind of gradient alone, told as one."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer_conformance.reports.reasons import Reason

MOST = 4  # kinds that are named one by one


def gathered(reasons: Iterable[Reason]) -> list[str]:
    """The same reasons in fewer words, in the order in which they were first given."""
    told: dict[str, dict[str, list[str]]] = {}
    for reason in reasons:
        places = told.setdefault(reason.words, {})
        if reason.dtype:
            places.setdefault(reason.dtype, []).append(reason.kind)
    return [line for words, places in told.items() for line in lines(words, places)]


def lines(words: str, places: dict[str, list[str]]) -> Iterable[str]:
    """One reason: a line for all formats that have it with the same kinds of gradients."""
    dtypes: dict[tuple[str, ...], list[str]] = {}
    for dtype, kinds in places.items():
        dtypes.setdefault(tuple(kinds), []).append(dtype)
    for some, formats in dtypes.items():
        yield f"{words} in {joined(formats)} with {kinds_of(some)}"
    if not places:
        yield words


def kinds_of(kinds: tuple[str, ...]) -> str:
    """Kinds of gradients, or how many there are and the first of them."""
    if len(kinds) <= MOST:
        return f"{joined(kinds)} gradients"
    return f"{len(kinds)} kinds of gradients ({', '.join(kinds[:MOST])}, …)"


def joined(words: Iterable[str]) -> str:
    """Words with an ``and`` before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
