"""What an audit comes to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import TYPE_CHECKING, Any

from optimizer_conformance.cases.tried import Attempts
from optimizer_conformance.judging.rows import BROKEN
from optimizer_conformance.judging.verdict import Divergence
from optimizer_conformance.questions.audit.naming import formulas, known
from optimizer_conformance.reports.verdicts import FAILS

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class CaseVerdict:
    """One case, and what came of it.

    verdict    as ``docs/verdicts.md`` has them; the worst of the elements
    score      the largest distance in units of the bound
    elements   that were compared, and how many ``deviating``
    divergence the first, where the case deviates
    why        what was raised, or how the worker ended
    case       its identifier
    """

    verdict: str
    dtype: str
    mode: str
    score: float
    elements: int
    deviating: int
    divergence: Divergence | None
    why: str
    case: str


@dataclass(frozen=True)
class OptionVerdict:
    """Another set of options that both sides have, and what came of it.

    features  that are on, joined by +; ``plain`` without any
    variant   the document with these options
    verdict   the worst of its cases
    why       what is wrong, in words
    """

    features: str
    variant: str
    verdict: str
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.verdict not in FAILS:
            return f"with {self.features}: follows {self.variant} ({self.verdict})"
        wrong = "; ".join(self.why) or self.verdict
        return f"with {self.features}: does not follow {self.variant}: {wrong}"


@dataclass(frozen=True)
class Audit:
    """Does one optimizer follow one document?

    target      as it was named
    kind        which kind of optimizer it is
    variant     what it was held against: the one that was asked for, or the one that fits best
    like        whether that one was asked for
    verdict     one word for all cells (``reports.verdicts.of_many``); ``deviates`` for a
                misbehaviour
    score       the largest distance from the document in units of the bound
    nearest     the documented variants whose rule explains every case, if any
    factors     the rule that it follows, choice by choice; empty where no rule explains the cases
    features    options that were on
    first_divergence  of all cases
    why         what is wrong, in words, the most telling first; empty where nothing is
    remarks     what was assumed about it, and what it was left out for
    came        what came out beside the verdict, and what a format makes of its defaults
    cells       every case
    versions    of the framework
    options     other sets of options that both sides have, a line each
    but_for  what nothing deviates but: its own defaults where they are others than the
                document's, or the options that they switch on; empty where something else does
    attempts    what was tried, and what was not and why
    """

    target: str
    kind: str
    variant: str
    like: bool
    verdict: str
    score: float
    nearest: tuple[str, ...] = ()
    factors: dict[str, str | bool] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    first_divergence: Divergence | None = None
    why: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    cells: tuple[CaseVerdict, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    options: tuple[OptionVerdict, ...] = ()
    but_for: str = ""
    attempts: Attempts = field(default_factory=Attempts)

    @property
    def conforms(self) -> bool:
        """Whether nothing deviates and every case could be carried out."""
        return self.verdict not in FAILS

    @property
    def cases(self) -> int:
        """How many cases were tried."""
        return len(self.cells)

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON; the cells are counted by dtype and mode."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        divergence = self.first_divergence
        tried: dict[str, dict[str, int]] = {}
        for cell in self.cells:
            row = tried.setdefault(cell.dtype, {})
            row[cell.mode] = row.get(cell.mode, 0) + 1
        return found | {
            "first_divergence": asdict(divergence) if divergence else None,
            "why": "; ".join(self.why),
            "conforms": self.conforms,
            "cells": [asdict(cell) for cell in self.cells if cell.verdict in FAILS],
            "tried": tried,
            "options": [asdict(line) for line in self.options],
            "attempts": self.attempts.to_dict(),
        }

    def to_frame(self) -> pandas.DataFrame:
        """One row a case."""
        import pandas  # noqa: PLC0415 - a third of a second that most callers need not wait

        rows = []
        for cell in self.cells:
            row = asdict(cell)
            divergence = row.pop("divergence") or {}
            rows.append(row | {f"first_{name}": value for name, value in divergence.items()})
        return pandas.DataFrame(rows)

    def summary(self) -> str:
        """One line for a log or a failing test."""
        if self.conforms:
            size = f"at most {self.score:.3g} of the bound in {self.cases} cases"
            return f"{self.target} {self.relation}: {self.verdict}, {size}"
        return f"{self.target} {self.relation}: {'; '.join(self.why) or self.verdict}"

    def __str__(self) -> str:
        """What the command prints."""
        return "\n".join(lines(self))

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        return f"<pre>{escape(str(self))}</pre>"

    @property
    def relation(self) -> str:
        """How it stands to the document, in words."""
        if self.conforms:
            return f"follows {self.variant}"
        if self.but_for:
            return f"follows {self.variant} but for {self.but_for}"
        if self.variant in self.nearest:  # the rule is the document's, and something else is not
            return f"has the rule of {self.variant} and does not follow it throughout"
        if self.like:
            return f"does not follow {self.variant}"
        return f"follows no document (nearest: {self.variant})" if self.variant else "is unusable"


def lines(found: Audit) -> list[str]:
    """The verdict, what is wrong, where it was seen first, what was tried, and what was assumed."""
    return [*seen(found), *assumed(found)]


def assumed(found: Audit) -> list[str]:
    """What an audit took for granted."""
    return [f"  assumed: {text}" for text in found.remarks]


def seen(found: Audit) -> list[str]:
    """The verdict, what is wrong, where it was seen first, and what was tried."""
    said = [f"{found.target} {found.relation}: {found.verdict}", *(f"  {w}" for w in found.why)]
    if found.first_divergence:
        said.append(f"  first divergence: {place(found.first_divergence)}")
    if found.nearest and not (found.like and found.variant in found.nearest):
        said += [f"  {text}" for text in formulas(found.nearest[0], found.variant)]
        said.append(f"  documents with the rule that it follows: {known(found.nearest)}")
    if found.cells:
        compared = sum(cell.elements for cell in found.cells)
        size = f"{found.score:.3g} of the bound" if found.score < float("inf") else "beyond any"
        said.append(f"  largest distance: {size}, among {compared:,} values in {found.cases} cases")
        others = [text for text in map(str, found.options) if text not in found.why]
        said += [f"  {text}" for text in (*others, *found.attempts.lines)]
    return said + [f"  came out: {text}" for text in found.came]


def place(divergence: Divergence) -> str:
    """Where a quantity first left what is accepted, and the two values."""
    if divergence.quantity in BROKEN:
        return f"step {divergence.step}, {divergence.parameter}"
    return (
        f"step {divergence.step}, {divergence.quantity} with {divergence.parameter} gradients, "
        f"element {divergence.element}: {divergence.observed!r} where {divergence.expected!r} "
        f"is due ({divergence.score:.3g} times the bound)"
    )
