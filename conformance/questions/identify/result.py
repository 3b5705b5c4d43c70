"""What an identification came to."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pandas
from rich.console import Console

from optimizer_conformance.cases.tried import Attempts
from optimizer_conformance.questions.identify.elimination import Refutation
from optimizer_conformance.questions.identify.page import show
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reports.printed import PrintedAnswer

Kind = Literal["identified", "ambiguous", "by place", "outside the family"]


@dataclass(frozen=True)
class FactorRow:
    """One row of the factor table.

    name         as the table calls it: ``epsilon``, ``initial_second_moment``, …
    value        what was found; ``a or b`` where both are possible
    separation   by how many units of its bound the nearest rule with another value was
                 contradicted; nan where there is none
    rival        that other value
    words        in what that rule differs
    experiment   the experiment that decided, counted from one, and its ``step``; 0: none
    """

    name: str
    value: str
    separation: float = math.nan
    rival: str = ""
    words: str = ""
    experiment: int = 0
    step: int = 0


@dataclass(frozen=True)
class Ambiguity:
    """What could not be told apart: the values of a factor, and why."""

    factor: str
    values: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Identification(PrintedAnswer):
    """What an optimizer computes, from its steps alone.

    verdict           ``identified``, ``ambiguous``, ``by place`` (two rules, each for some
                      elements), or ``outside the family``
    rules             every rule that no answer contradicts; the one that is printed first
    factors           the factor table
    formula, latex    the printed rule, a line an equation; empty outside the family
    nearest_variants  the documented variants with the fewest differences
    departure         in what the rule differs from the nearest variant, in words
    ambiguous         what could not be told apart, and why
    score             largest distance from the rule in units of its bound
    first_divergence  outside the family: where the nearest rule was first contradicted
    why               the verdict in words
    experiments       what was asked, in order
    steps, seconds    what it took; seconds do not count the framework's import
    attempts          what was tried, and what was not and why
    """

    subject: str
    features: tuple[str, ...]
    dtype: str
    verdict: Kind
    rules: tuple[Rule, ...]
    factors: tuple[FactorRow, ...]
    formula: tuple[str, ...]
    latex: tuple[str, ...]
    nearest_variants: tuple[str, ...]
    departure: str
    ambiguous: tuple[Ambiguity, ...]
    score: float
    why: str
    experiments: tuple[str, ...]
    steps: int
    seconds: float
    first_divergence: Refutation | None = None
    notes: tuple[str, ...] = field(default=())
    attempts: Attempts = field(default_factory=Attempts)

    def show(self, console: Console) -> None:
        """As the command prints it."""
        show(self, console)

    @property
    def rule(self) -> Rule | None:
        """The rule, where exactly one is left."""
        return self.rules[0] if len(self.rules) == 1 and self.verdict == "identified" else None

    @property
    def nearest_variant(self) -> str:
        """The first of the nearest documented variants."""
        return self.nearest_variants[0] if self.nearest_variants else ""

    def factor(self, name: str) -> str:
        """The value of one factor; raises KeyError for an unknown one."""
        return {item.name: item.value for item in self.factors}[name]

    def to_frame(self) -> Any:
        """The factor table as a pandas DataFrame, one row a factor."""
        return pandas.DataFrame([asdict(item) for item in self.factors]).set_index("name")

    def content(self) -> dict[str, Any]:
        """Plain data, for JSON: ``factors`` are values alone, ``evidence`` has the rest."""
        found = asdict(self)
        rows = found.pop("factors")
        found["factors"] = {row["name"]: row["value"] for row in rows}
        found["evidence"] = {row.pop("name"): row for row in rows if row["experiment"]}
        found["nearest_variant"] = self.nearest_variant
        found["attempts"] = self.attempts.to_dict()
        return found
