"""The verdicts: every word once, with its severity, what it says of agreement, its colour and mark.

Whatever orders, counts, colours or explains verdicts takes it from here; ``docs/verdicts.md`` has
the same meanings, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum


class Verdict(IntEnum):
    """In order of severity: a larger number is worse."""

    exact = 0
    rounding = 1
    representation = 2
    range = 3
    ill_posed = 4
    unsupported = 5
    undocumented = 6
    unavailable = 7
    deviates = 8
    error = 9
    timeout = 10
    crash = 11

    def __str__(self) -> str:
        return self.name.replace("_", "-")

    @property
    def meaning(self) -> Meaning:
        """What is known of it."""
        return MEANINGS[self]


class Agreement(Enum):
    """What a verdict says of an implementation and a document: ``open`` is neither yes nor no."""

    yes = "agrees"
    open = "open"
    no = "fails"


class Given(Enum):
    """What a verdict is given to; a cell gets the worst of its elements, or one of a ``case``."""

    element = "element"
    case = "case"
    implementation = "implementation"


class Tone(Enum):
    """How it is shown: a style of the terminal, and a colour of the pages' style sheet."""

    good = "green", "good"
    note = "cyan", "note"
    warn = "yellow", "warn"
    bad = "red", "bad"
    quiet = "dim", "soft"

    @property
    def terminal(self) -> str:
        """Rich's word."""
        return self.value[0]

    @property
    def page(self) -> str:
        """The variable of ``style.css``."""
        return self.value[1]


@dataclass(frozen=True)
class Meaning:
    """What is known of a verdict.

    words     what it means, as ``docs/verdicts.md`` says it
    measured  its score is a part of the bound, so that two runs can be compared by it
    extreme   the ends of the range or the formula's own condition decided, not the arithmetic
    ends      the worker is gone afterwards
    mark      in a map of many
    """

    given: Given
    agreement: Agreement
    tone: Tone
    words: str
    mark: str = ""
    measured: bool = False
    extreme: bool = False
    ends: bool = False

    @property
    def telling(self) -> bool:
        """Whether it says how the implementation and the document stand to each other."""
        return self.agreement is Agreement.no or (
            self.agreement is Agreement.yes and not self.extreme
        )


MEANINGS = {
    Verdict.exact: Meaning(
        Given.element,
        Agreement.yes,
        Tone.good,
        "certainly the exact result, rounded to nearest. Both ends of the interval in which the "
        "exact result lies round to the observed value. In float64 a ball tells",
        "✓",
        measured=True,
    ),
    Verdict.rounding: Meaning(
        Given.element, Agreement.yes, Tone.good, "inside the bound", "✓", measured=True
    ),
    Verdict.representation: Meaning(
        Given.element,
        Agreement.yes,
        Tone.note,
        "outside it, and inside once the hyperparameters are held as an implementation may hold "
        "them",
        "✓",
    ),
    Verdict.range: Meaning(
        Given.element,
        Agreement.yes,
        Tone.note,
        "outside it, and explained by overflow, underflow or flush-to-zero",
        "✓",
        extreme=True,
    ),
    Verdict.ill_posed: Meaning(
        Given.element,
        Agreement.open,
        Tone.warn,
        "the bound is infinite: the formula promises no digit here. The centred form near zero "
        "variance is the usual place. What legal evaluations can come to is accepted, "
        "see below, and nothing else. Every such cell carries its condition number",
        "✓",
        extreme=True,
    ),
    Verdict.deviates: Meaning(Given.element, Agreement.no, Tone.bad, "none of these", "✗"),
    Verdict.unsupported: Meaning(
        Given.case,
        Agreement.open,
        Tone.quiet,
        "the adapter said on purpose that upstream lacks this combination, or upstream refuses a "
        "hyperparameter at an end of its range with ValueError or NotImplementedError",
    ),
    Verdict.error: Meaning(
        Given.case,
        Agreement.no,
        Tone.bad,
        "something was raised, or the worker's answer was not of the protocol",
        "!",
    ),
    Verdict.timeout: Meaning(
        Given.case, Agreement.no, Tone.bad, "no answer in time", "!", ends=True
    ),
    Verdict.crash: Meaning(Given.case, Agreement.no, Tone.bad, "the worker ended", "!", ends=True),
    Verdict.undocumented: Meaning(
        Given.implementation, Agreement.open, Tone.quiet, "its documentation states no formula"
    ),
    Verdict.unavailable: Meaning(
        Given.implementation,
        Agreement.open,
        Tone.quiet,
        "its adapter cannot run at all; the reason stands beside it",
    ),
}


def words(wanted: Callable[[Meaning], bool]) -> tuple[str, ...]:
    """The verdicts of which something holds, in order of severity, as they are written."""
    return tuple(str(verdict) for verdict in Verdict if wanted(MEANINGS[verdict]))


DEVIATES = str(Verdict.deviates)
ORDER = words(lambda meaning: True)
AGREES = words(lambda meaning: meaning.agreement is Agreement.yes)
FAILS = words(lambda meaning: meaning.agreement is Agreement.no)
MEASURED = words(lambda meaning: meaning.measured)
WORKER_ENDS = words(lambda meaning: meaning.ends)
OF_ELEMENTS = tuple(verdict for verdict in Verdict if MEANINGS[verdict].given is Given.element)
EXTREME = tuple(verdict for verdict in Verdict if MEANINGS[verdict].extreme)


def named(word: str) -> Verdict:
    """The verdict that is written so.  Raises KeyError."""
    return BY_WORD[word]


BY_WORD = {str(verdict): verdict for verdict in Verdict}


def of_many(found: Iterable[str]) -> Verdict:
    """One word for many cells: the worst.

    Every implementation meets the ends of the range somewhere, and many lack some combination, so
    such a word stands only where nothing else is left; ``unavailable`` where there is nothing.
    """
    present = [BY_WORD[word] for word in set(found)]
    telling = [verdict for verdict in present if MEANINGS[verdict].telling]
    return max(telling or present, default=Verdict.unavailable)


def does(word: str) -> str:
    """What an implementation does to a document, as in *deviates from* it."""
    return "deviates from" if word == DEVIATES else f"comes to {word} on"


class Conduct(Enum):
    """What a stranger is told of an implementation and a document: mark, words, how it is shown.

    The verdicts of its cells decide (``reports.bearings``); what asks for attention last comes
    first.
    """

    follows = "●", "follows", "follow", Tone.good
    excepted = "◐", "follows except", "follow except", Tone.warn
    another = "○", "computes another rule", "compute another rule", Tone.bad
    undecided = "?", "not decided", "not decided", Tone.quiet

    @property
    def mark(self) -> str:
        """In a list or a map; a shape, so that no colour is needed."""
        return self.value[0]

    @property
    def words(self) -> str:
        """As people say it."""
        return self.value[1]

    @property
    def tone(self) -> Tone:
        """How it is shown where nothing expects it."""
        return self.value[3]

    def said(self, count: int = 1) -> str:
        """The same of one or of several."""
        return self.value[1] if count == 1 else self.value[2]


# What a claim of a document comes to (``questions.verify.registry.ClaimVerdict``), what asks for
# attention first.
CLAIM_TONES = {
    "contradicted": Tone.bad,
    "underdetermined": Tone.warn,
    "confirmed": Tone.good,
    "not testable": Tone.quiet,
    "error": Tone.bad,
}
