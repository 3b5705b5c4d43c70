"""How much a report says, so that all of it has room on some screens."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from optimizer_conformance.reports.blocks import Folded

LINES = 119  # of a report without --long; a run says below it whether it is as expected


@dataclass(frozen=True)
class Extent:
    """How much is said, so that all of it has room.

    outcomes   what came out and nobody wants, a sentence a kind
    modes      execution modes with one result behind the name, instead of the name alone
    airy       each rule with all its equations on lines of their own
    plain      rules that everybody follows who documents them with equations, too
    inside     known departures at each rule, instead of a line a finding below all rules
    sentences  of known departures, instead of the names of their findings alone
    places     of known departures: where, instead of the names of findings behind who departs
    whole      all equations of a rule, instead of the last one in a paragraph with who follows
    names      who follows, instead of how many of each framework
    equations  of the rules, instead of their words alone
    """

    outcomes: bool = True
    modes: bool = True
    airy: bool = True
    plain: bool = True
    inside: bool = True
    sentences: bool = True
    places: bool = True
    whole: bool = True
    names: bool = True
    equations: bool = True

    def named(self, lines: Iterable[Folded]) -> list[str]:
        """Names of implementations, each of which can be typed."""
        listed = list(lines)
        if not self.names and len(listed) > MANY:
            counts = Counter(line.first.adapter for line in listed)
            return [f"{count} of {name}" for name, count in counts.most_common()]
        return list(dict.fromkeys(line.name if self.modes else line.short for line in listed))


MANY = 3  # names that a line has room for, whatever else there is
# What is left out, one after the other.
ORDER = (
    "outcomes", "modes", "airy", "plain", "inside", "sentences", "places", "whole", "names",
    "equations",
)  # fmt: skip
EXTENTS = tuple(Extent(**dict.fromkeys(ORDER[:count], False)) for count in range(len(ORDER) + 1))


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
