"""What judging a step comes to, and how it is said."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reports.verdicts import FAILS, OF_ELEMENTS, Verdict, named

SHOWN = 3  # elements of a quantity in the report
DOCUMENTS = 4


@dataclass(frozen=True)
class ElementVerdict:
    """One element that deviates: what was due, and by how much it is off.

    index  in the array's own shape
    bound  how far a legal result may be from what is expected
    score  the distance in units of the bound; ``ulp`` in units in the last place
    """

    index: tuple[int, ...]
    before: float
    observed: float
    expected: float
    bound: float
    score: float
    ulp: float

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return (
            f"[{place}]: {self.observed:.9g} where {self.expected:.9g} ± {self.bound:.3g} is due, "
            f"{self.score:.3g} times the bound"
        )


@dataclass(frozen=True)
class QuantityVerdict:
    """One quantity after the step.

    counts    verdict to how many elements have it
    score     the largest distance in units of the bound, ``ulp`` in units in the last place
    failing   the first of the elements that deviate
    codes     a :class:`reports.verdicts.Verdict` for each element, in the array's shape
    expected, bound  what is due and how far a legal result may be from it; None of a stream
    decided   of most elements it was only decided whether they deviate: ``counts`` has those that
              do not as ``rounding`` or ``range``
    """

    name: str
    format: str
    counts: dict[str, int]
    score: float
    ulp: float
    failing: tuple[ElementVerdict, ...] = ()
    codes: Array | None = None
    expected: Array | None = None
    bound: Array | None = None
    decided: bool = False

    @property
    def verdict(self) -> str:
        """The worst of its elements."""
        return next((str(v) for v in reversed(Verdict) if self.counts.get(str(v))), str(Verdict(0)))

    @property
    def deviating(self) -> int:
        """Elements that deviate."""
        return self.counts.get(str(Verdict.deviates), 0)

    @property
    def elements(self) -> int:
        """That were judged."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """What is said of it."""
        head = f"{self.name} ({self.format})"
        if not self.deviating and self.decided:
            return [f"{head}: none of {self.elements:,} elements deviates"]
        if not self.deviating:
            kinds = [f"{self.counts[str(v)]:,} {v}" for v in OF_ELEMENTS if self.counts.get(str(v))]
            return [f"{head}: {', '.join(kinds)}, at most {self.score:.3g} of the bound"]
        first = [f"{head}: {self.deviating:,} of {self.elements:,} elements deviate"]
        return first + [f"  {item}" for item in self.failing[:SHOWN]]


@dataclass(frozen=True)
class StepVerdict:
    """Whether one step is a step of a rule.

    rule        the documented variant, or what the rule is called
    quantities  name to what came of it
    why         what is wrong, in words, the most telling first; empty where nothing is
    nearest     documents with the rule that explains the step, or comes nearest to it
    factors     that rule, choice by choice
    remarks     what was assumed
    representation  how hyperparameters were held, where only that explains an element
    """

    rule: str
    count: int
    arithmetic: str
    hyperparameters: dict[str, str]
    quantities: dict[str, QuantityVerdict]
    why: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    factors: dict[str, str | bool] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    representation: str = ""

    @property
    def verdict(self) -> str:
        """The worst of all elements; ``deviates`` also where a promise is broken."""
        if self.why:
            return str(Verdict.deviates)
        return str(max((named(item.verdict) for item in self.quantities.values()), default=""))

    @property
    def conforms(self) -> bool:
        """Whether nothing deviates."""
        return self.verdict not in FAILS

    @property
    def score(self) -> float:
        """The largest distance in units of the bound."""
        return max(item.score for item in self.quantities.values())

    def __str__(self) -> str:
        relation = "is" if self.conforms else "is not"
        lines = [f"step {self.count} {relation} one of {self.rule}: {self.verdict}"]
        lines += [f"  {text}" for text in self.why]
        for item in self.quantities.values():
            lines += [f"  {text}" for text in item.lines()]
        if self.nearest and not self.conforms:
            first, more = self.nearest[:DOCUMENTS], len(self.nearest) - DOCUMENTS
            names = ", ".join(first) + (f" and {more} more" if more > 0 else "")
            lines.append(f"  documents with the rule that it follows: {names}")
        if self.representation:
            lines.append(f"  {self.representation}")
        values = ", ".join(f"{name}={value}" for name, value in self.hyperparameters.items())
        lines.append(f"  with {values}, computed in {self.arithmetic}")
        lines += [f"  assumed: {text}" for text in self.remarks]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON, without the arrays."""
        quantities = {}
        for name, item in self.quantities.items():
            row = {
                key: getattr(item, key) for key in ("format", "verdict", "counts", "score", "ulp")
            }
            quantities[name] = row | {"failing": [asdict(one) for one in item.failing]}
        plain = {
            name: getattr(self, name)
            for name in ("rule", "count", "arithmetic", "hyperparameters", "verdict", "conforms")
        }
        said = {
            name: getattr(self, name)
            for name in ("why", "nearest", "factors", "remarks", "representation")
        }
        return {**plain, **said, "quantities": quantities}
