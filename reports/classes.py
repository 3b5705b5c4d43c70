"""The equivalence map as data: classes of implementations, and what separates each two.

``conformance equivalence`` makes it from a run; ``reports/equivalence.py`` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from optimizer_conformance.reports import formats
from optimizer_conformance.reports.folder import UnreadableRun, read_json
from optimizer_conformance.reports.model import options
from optimizer_conformance.reports.reasons import Reason
from optimizer_conformance.reports.text import visible_content

FORMAT = 3


class Member(msgspec.Struct, frozen=True):
    """One implementation of a class.

    but   where it departs all the same: in another dtype, layout or regime, or from its gradient
    also  classes from which none of its own cases tells it
    """

    name: str
    version: str
    but: list[Reason] = []
    also: list[str] = []


class Class(msgspec.Struct, frozen=True):
    """Implementations that follow one rule.

    name       a letter, the largest class first
    rule       what distinguishes it, in words
    equations  of the rule, as text and LaTeX; empty where no rule explains the answers
    documents  documented variants that state it
    """

    name: str
    rule: list[str]
    equations: list[tuple[str, str]]
    documents: list[str]
    members: list[Member]


class HandExample(msgspec.Struct, frozen=True):
    """Few simple numbers that show a difference by hand."""

    hyperparameters: dict[str, str]
    parameter: float
    gradients: list[float]
    rates: list[str]
    values: tuple[float, float]


class Contrast(msgspec.Struct, frozen=True):
    """One respect in which two classes differ.

    subject  a factor of the rules in words, or all that can be said where one has no rule
    values   the factor's value in each class, in words; empty without a rule
    """

    subject: str
    values: tuple[str, str] = ("", "")

    def words(self, between: str = " | ") -> str:
        """``epsilon: inside the root | outside the root``."""
        return f"{self.subject}: {between.join(self.values)}" if any(self.values) else self.subject

    @property
    def turned(self) -> Contrast:
        """The same, seen from the second class."""
        return Contrast(self.subject, self.values[::-1])


class ClassWitness(msgspec.Struct, frozen=True):
    """The case that separates two classes, and one element of it.

    quantity        the parameter, or a state tensor
    values, bounds  of both rules at that element; of what no rule explains, what was seen there
    size            |difference of the values| / sum of the bounds; infinite where one is not finite
    seen            who answered what there, and how far that is from the other rule, in its bounds
    apart           in which choices the rules differ
    """

    classes: tuple[str, str]
    apart: list[Contrast]
    case: str
    step: int
    quantity: str
    element: str
    values: tuple[float, float]
    bounds: tuple[float, float]
    size: float
    seen: str = ""
    observed: float = 0.0
    score: float = 0.0
    example: HandExample | None = None


class Panel(msgspec.Struct, frozen=True):
    """One set of options of one family.

    tree  pairs of classes, each with its nearest: how the picture hangs together
    """

    family: str
    options: str
    classes: list[Class]
    witnesses: list[ClassWitness]
    tree: list[tuple[str, str]]

    @property
    def title(self) -> str:
        """As headings name it."""
        return f"{self.family}, {options(self.options)}"

    @property
    def slug(self) -> str:
        """As files are called."""
        return f"{self.family}-{self.options.replace('+', '-').replace('_', '-') or 'plain'}"

    def between(self, one: str, other: str) -> ClassWitness | None:
        """What separates two classes."""
        pair = {one, other}
        return next((item for item in self.witnesses if set(item.classes) == pair), None)


class Map(msgspec.Struct, frozen=True):
    """Every set of options of every family of a run."""

    format: int
    run: str
    panels: list[Panel]

    def keep(self, wanted: Callable[[Panel], bool]) -> Map:
        """The panels that are wanted."""
        return msgspec.structs.replace(self, panels=[p for p in self.panels if wanted(p)])


def read(path: Path) -> Map:
    """A map that ``conformance equivalence --format json`` wrote.  Raises UnreadableRun."""
    try:
        found = msgspec.convert(upgraded(read_json(path, visible_content)), Map, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableRun(
            f"{path} holds no map ({error}); `conformance equivalence RUN --format json` writes one"
        ) from error
    if found.format != FORMAT:
        raise UnreadableRun(f"{path} has format {found.format}; this version reads {FORMAT}")
    return found


def upgraded(content: Any) -> Any:
    """The same of format 2, whose exceptions were words."""
    if not isinstance(content, dict) or content.get("format") != 2:
        return content
    for panel in listed(content, "panels"):
        for item in listed(panel, "classes"):
            for member in listed(item, "members"):
                if "but" in member:
                    member["but"] = formats.reasons(member["but"])
    return content | {"format": FORMAT}


def listed(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What can be a record in a list of a file of others."""
    found = content.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def as_json(found: Map) -> str:
    """The file that :func:`read` reads, a panel a line; infinities as text."""
    content = visible_content(msgspec.to_builtins(found))
    lines = ",\n".join(msgspec.json.encode(finite(item)).decode() for item in content["panels"])
    run = msgspec.json.encode(content["run"]).decode()
    return f'{{"format":{FORMAT},"run":{run},"panels":[\n{lines}\n]}}\n'


def finite(content: object) -> object:
    """The same with infinities and nan as text, which JSON lacks."""
    if isinstance(content, dict):
        return {name: finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and not abs(content) < float("inf"):
        return str(content)
    return content
