"""What ``translate`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console

from optimizer_conformance.questions.translate.page import show
from optimizer_conformance.reports.printed import PrintedAnswer

Outcome = Literal["same", "changed", "schedule", "state", "wrapper", "none"]
OUTCOMES: dict[str, str] = {
    "same": "the same numbers do the same",
    "changed": "other numbers do the same",
    "schedule": "a schedule of the learning rate does the same",
    "state": "the same once the state has been set before the first step",
    "wrapper": "only a hyperparameter that changes at every step would do the same",
    "none": "no setting does the same",
}


@dataclass(frozen=True)
class Side:
    """One of the two implementations and what it was found to compute.

    rule      identifier of a document that states it, or its formula where none does
    departs   where its own document says something else, in words
    versions  of its framework first
    """

    implementation: str
    device: str
    rule: str
    formula: tuple[str, ...]
    departs: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class CheckedRun:
    """The second implementation ran a case and was judged against the first one's rule.

    case     identifier of the case, under the first one's hyperparameters
    verdict  of all its elements
    score    largest distance from the exact result, in units of the bound
    ulp      the same in units in the last place
    bound    whose bound it is: ``first``, or ``second`` where the second rule has more roundings
    """

    case: str
    verdict: str
    score: float
    ulp: float
    bound: str
    elements: int
    rates: str


@dataclass(frozen=True)
class ShortestDifference:
    """The shortest run that was seen in which the two differ: one number, a few gradients."""

    case: str
    parameter: float
    gradients: tuple[float, ...]
    first: float
    second: float
    exact: float
    ulp: float


@dataclass(frozen=True)
class Drift:
    """After a step: the largest differences of a parameter, relative and in ulp."""

    step: int
    relative: float
    median: float
    ulp: float


@dataclass(frozen=True)
class Translation(PrintedAnswer):
    """Hyperparameters of the second implementation that make it do what the first does, or why not.

    given            the first one's hyperparameters, its own defaults included
    hyperparameters  the second one's; where none does the same, the nearest that was found
    formulas         each in terms of the first one's; c1 and c2 are 1 - beta1^t and 1 - beta2^t
    schedules        those that change at every step, to their first values
    state            what has to be put in before the first step
    varying          whether it also holds while the learning rate changes
    alternatives     other implementations of the second framework that take the same steps
    code             where hyperparameters do not do it: the first one's rule for the second one's
                     framework; ``checked`` are its runs, ``unchecked`` is why there are none
    """

    outcome: Outcome
    first: Side
    second: Side
    dtype: str
    features: tuple[str, ...]
    given: Mapping[str, str]
    options: tuple[str, ...]
    hyperparameters: Mapping[str, str]
    formulas: Mapping[str, str]
    schedules: Mapping[str, tuple[str, ...]]
    state: Mapping[str, str]
    varying: bool
    reason: str
    runs: tuple[CheckedRun, ...] = ()
    witness: ShortestDifference | None = None
    drift: tuple[Drift, ...] = ()
    alternatives: tuple[str, ...] = ()
    code: str = ""
    checked: tuple[CheckedRun, ...] = ()
    unchecked: str = ""

    def show(self, console: Console) -> None:
        """As the command prints it."""
        show(self, console)

    @property
    def words(self) -> str:
        """The outcome in words."""
        return OUTCOMES[self.outcome]

    @property
    def proved(self) -> bool:
        """Whether hyperparameters alone make the second do what the first does."""
        return self.outcome in ("same", "changed", "schedule")

    @property
    def score(self) -> float:
        """The largest of all runs, in units of the bound."""
        return max((run.score for run in self.runs), default=0.0)

    @property
    def ulp(self) -> float:
        """The largest of all runs."""
        return max((run.ulp for run in self.runs), default=0.0)

    def content(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "proved": self.proved,
            "words": self.words,
            **asdict(self),
            "score": self.score,
            "ulp": self.ulp,
        }
