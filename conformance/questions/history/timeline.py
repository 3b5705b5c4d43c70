"""Releases side by side: what each is, and what changed from one to the next, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import pandas

from optimizer_conformance.questions.history.editions import THERE, Edition, Fact, Topic
from optimizer_conformance.questions.history.gathering import gathered
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reports import diff
from optimizer_conformance.reports.diff import RunDifference
from optimizer_conformance.reports.model import options

ABSENT = "–"
NOWHERE = ""  # of an implementation that a release does not have


@dataclass(frozen=True)
class TimelineRow:
    """One thing over all releases: a row of the table.

    options  the set of options that it is about; empty where it is about the implementation
    values   one a release, in words
    """

    implementation: str
    options: str
    what: str
    values: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether the releases that have the implementation are not all the same in it."""
        return len(set(self.values) - {NOWHERE}) > 1


@dataclass(frozen=True)
class Change:
    """One thing that a release does otherwise than the one before."""

    before: str
    after: str
    implementation: str
    options: str
    what: str
    words: str


@dataclass(frozen=True)
class Timeline:
    """The history of one framework; ``notes`` have to be known to read it."""

    framework: str
    editions: tuple[Edition, ...]
    notes: tuple[str, ...] = ()

    @property
    def versions(self) -> list[str]:
        """The releases, in order."""
        return [edition.version for edition in self.editions]

    @cached_property
    def steps(self) -> list[RunDifference]:
        """Each release against the one before, cell by cell."""
        runs = [edition.run for edition in self.editions]
        return [diff.compare(a, b) for a, b in pairwise(runs)]

    @cached_property
    def rows(self) -> list[TimelineRow]:
        """Every fact, and which bits came out, over all releases."""
        subjects = dict.fromkeys(subject for item in self.editions for subject in item.facts)
        rows = [
            TimelineRow(*subject, tuple(shown(item, subject) for item in self.editions))
            for subject in subjects
        ]
        rows += [TimelineRow(*key, "bits", letters) for key, letters in self.bits().items()]
        return sorted(rows, key=lambda row: (row.implementation, row.options))

    def bits(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Implementation and options to a letter a release: the same letter, the same bits.

        Releases are compared in the cells that both have.
        """
        tables = [edition.bits for edition in self.editions]
        keys = dict.fromkeys(key for table in tables for key in table)
        return {key: lettered([table.get(key) for table in tables]) for key in keys}

    @cached_property
    def changes(self) -> list[Change]:
        """What changed, release by release."""
        found = []
        for (a, b), step in zip(pairwise(self.editions), self.steps, strict=True):
            for subject in dict.fromkeys([*b.facts, *a.facts]):
                if shown(a, subject) != shown(b, subject):
                    found += [
                        Change(a.version, b.version, *subject, words)
                        for words in told(subject, a, b)
                    ]
            found += [
                Change(a.version, b.version, *key, "bits", words)
                for key, words in moved(step).items()
            ]
        return found


def shown(edition: Edition, subject: Topic) -> str:
    """A fact as the table shows it."""
    name, _, what = subject
    if what != "available" and not there(edition, name):
        return NOWHERE
    fact = edition.facts.get(subject)
    return fact.text if fact else ABSENT


def there(edition: Edition, implementation: str) -> bool:
    """Whether a release has an implementation."""
    return edition.facts.get((implementation, "", "available")) == THERE


def told(subject: Topic, a: Edition, b: Edition) -> Iterator[str]:
    """A change in words; none where it follows from one that is told elsewhere."""
    name, features, what = subject
    before, after = a.facts.get(subject), b.facts.get(subject)
    if what == "available":
        if there(b, name):
            yield f"arrives ({before.text})" if before else "arrives"
        else:
            yield f"is gone ({after.text})" if after else "is gone"
    elif not (there(a, name) and there(b, name)):
        return  # of an implementation that came or went, everything came or went
    elif before is None or after is None:
        if features:
            return  # of options that came or went, the same
        yield f"new {what}: {after.text}" if after else f"no {what} any more"
    elif what == "rule":
        yield from rewritten(before, after)
    elif before.items and after.items:
        new, gone = apart(before, after)
        yield from (f"{what}: {', '.join(new)} new" for _ in new[:1])
        yield from (f"{what}: {', '.join(gone)} gone" for _ in gone[:1])
    elif what == "worst score":
        yield f"worst score {before.text} → {after.text}"
    else:
        yield f"{what} {after.text} instead of {before.text}"


def apart(before: Fact, after: Fact) -> tuple[list[Any], list[Any]]:
    """The items that came, and those that went."""
    return (
        [item for item in after.items if item not in before.items],
        [item for item in before.items if item not in after.items],
    )


def rewritten(before: Fact, after: Fact) -> Iterator[str]:
    """Another rule: by its formula where both have a name, otherwise by what is departed from."""
    if before.rule and after.rule and before.rule != after.rule:
        yield difference(after.rule, before.rule, " instead of")
        return
    new, gone = apart(before, after)
    if new:
        yield "now: " + "; ".join(gathered(new))
    if gone:
        yield "no longer: " + "; ".join(gathered(gone))
    if not (new or gone):
        yield f"{after.text}; before: {before.text}"


def moved(step: RunDifference) -> dict[tuple[str, str], str]:
    """In how many cells an implementation's bits differ from the release before."""
    cells = step.cells
    both = cells[(cells.bits_a.fillna("") != "") & (cells.bits_b.fillna("") != "")]
    found = {}
    for (name, features), group in both.groupby(["implementation", "features"], sort=False):
        other = group.bits_a != group.bits_b
        count, quiet = int(other.sum()), int(((group.status == "shifted") & ~other).sum())
        if quiet and not count:
            found[name, options(features)] = (
                f"the same bits, another score (of a state) in {quiet} of {len(group)} cells"
            )
        if count:
            verdicts = int((group.verdict_a != group.verdict_b).sum())
            words = f", other verdicts in {verdicts}" if verdicts else ", the same verdicts"
            found[name, options(features)] = f"other bits in {count} of {len(group)} cells{words}"
    return found


def lettered(tables: list[pandas.Series[Any] | None]) -> tuple[str, ...]:
    """A letter a release; a release has that of the first one with which it agrees."""
    letters: list[str] = []
    known: list[pandas.Series[Any]] = []
    for table in tables:
        if table is None:
            letters.append(ABSENT)
            continue
        for place, earlier in enumerate(known):
            common = earlier.index.intersection(table.index)
            if len(common) and (earlier[common] == table[common]).all():
                letters.append(letter(place))
                break
        else:
            letters.append(letter(len(known)))
            known.append(table)
    return tuple(letters)


def letter(place: int) -> str:
    """A, B, …, Z, AA."""
    return chr(65 + place) if place < 26 else letter(place // 26 - 1) + letter(place % 26)
