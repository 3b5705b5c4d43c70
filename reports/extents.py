"""How much a report says, so that all of it has room on some screens."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from optimizer_conformance.reports.blocks import Folded

LINES = 120  # of a report without --long


@dataclass(frozen=True)
class Extent:
    """How much is said, so that all of it has room.

    outcomes   what came out and nobody wants, a sentence a kind
    modes      execution modes with one result behind the name, instead of the name alone
    airy       each rule with all its equations on lines of their own
    plain      rules that everybody follows who documents them with equations, too
    sentences  of known departures, instead of their links alone
    names      who follows, instead of how many of each framework
    equations  of the rules, instead of their words alone
    """

    outcomes: bool = True
    modes: bool = True
    airy: bool = True
    plain: bool = True
    sentences: bool = True
    names: bool = True
    equations: bool = True

    def named(self, lines: Iterable[Folded]) -> list[str]:
        """Names of implementations, each of which can be typed."""
        listed = list(lines)
        if not self.names and len(listed) > MANY:
            counts = Counter(line.first.adapter for line in listed)
            return [f"{count} of {name}" for name, count in counts.most_common()]
        return list(dict.fromkeys(line.name if self.modes else line.short for line in listed))


MANY = 4  # names that a line has room for, whatever else there is
EXTENTS = (
    Extent(),
    Extent(outcomes=False),
    Extent(outcomes=False, modes=False),
    Extent(outcomes=False, modes=False, airy=False),
    Extent(outcomes=False, modes=False, airy=False, plain=False),
    Extent(outcomes=False, modes=False, airy=False, plain=False, sentences=False),
    Extent(outcomes=False, modes=False, airy=False, plain=False, sentences=False, names=False),
    Extent(False, False, False, False, False, False, False),
)


def paper(console: Console) -> Console:
    """What is written on first, to see how long it becomes."""
    return Console(
        file=io.StringIO(),
        width=console.width,
        force_terminal=console.is_terminal,
        highlight=False,
        emoji=False,
        no_color=True,
    )


def length(written: Console) -> int:
    """How many lines were written on what :func:`paper` gave."""
    assert isinstance(written.file, io.StringIO)
    return written.file.getvalue().count("\n")
