"""One release as its run shows it: what there is, what it follows, which bits came out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from textwrap import shorten
from typing import Any

import msgspec
import pandas

from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.questions.history.gathering import gathered
from optimizer_conformance.questions.history.record import ReleaseFolder, ReleaseRun
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import model
from optimizer_conformance.reports.model import RunData, options
from optimizer_conformance.reports.reasons import Reason
from optimizer_conformance.reports.terminal import number
from optimizer_conformance.reports.verdicts import MEASURED

Topic = tuple[str, str, str]  # implementation, options, what
LONGEST = 110  # letters of a reason
CELL = ["device", "dtype", "mode", "regime", "case"]


@dataclass(frozen=True)
class Fact:
    """What holds of one subject in one release.

    text     as it is shown
    items    of a list; the reasons why a rule is departed from
    choices  of a rule, where it has a name
    """

    text: str
    items: tuple[str | Reason, ...] = ()
    rule: Rule | None = None


THERE = Fact("yes")


def several(items: list[str]) -> Fact:
    """A fact that is a list."""
    return Fact(", ".join(items) or "–", tuple(items))


@dataclass(frozen=True)
class Edition:
    """One release of the framework, with its run."""

    release: ReleaseRun
    run: RunData

    @property
    def version(self) -> str:
        """The release."""
        return self.release.version

    @cached_property
    def facts(self) -> dict[Topic, Fact]:
        """Everything that is said of it, but for its bits."""
        return {**dict(self.described()), **dict(self.judged())}

    def described(self) -> Iterator[tuple[Topic, Fact]]:
        """What its adapter says of each implementation, and what constructors state."""
        patterns = tuple(self.run.provenance.selection.implementations)
        for about in self.run.adapters.values():
            if about.description and about.description.others:
                name = about.description.adapter
                yield (name, "", "available"), THERE
                yield (name, "", "without a row"), several(about.description.others)
            for item in about.description.implementations if about.description else ():
                name = item.name
                if not wanted(name, patterns):
                    continue
                if not item.devices:
                    reason = item.gaps.get("device", "it runs on no device here")
                    yield (name, "", "available"), Fact(reason)
                    continue
                yield (name, "", "available"), THERE
                sets = [options("+".join(features)) for features in item.features]
                yield (name, "", "options"), several(sets)
                yield (name, "", "arguments"), several(item.hyperparameters)
                yield (name, "", "dtypes"), several(list(item.dtypes))
                for argument, value in self.release.defaults.get(name, {}).items():
                    yield (name, "", f"default {argument}"), Fact(str(value))

    def judged(self) -> Iterator[tuple[Topic, Fact]]:
        """Which rule each follows, how well, and its worst score where the bound holds it."""
        cells = self.run.cells
        if cells.empty:
            return
        own = cells[(cells.relation == "claimed") & cells.verdict.isin(MEASURED)]
        for (name, features), group in own.groupby(["implementation", "features"], sort=False):
            yield (name, options(features), "worst score"), Fact(number(group.score.max()))
        matrix = model.compared(self.run)
        for row in matrix[matrix.relation == "claimed"].itertuples(index=False):
            name, features = row.implementation, options(row.features)
            yield (name, features, "rule"), followed(row)
            yield (name, features, "verdict"), Fact(row.verdict)

    @cached_property
    def bits(self) -> dict[tuple[str, str], pandas.Series[Any]]:
        """Implementation and options to the bits of each cell."""
        cells = self.run.cells
        if cells.empty:
            return {}
        own = cells[(cells.relation == "claimed") & (cells.bits != "")]
        return {
            (str(name), options(str(features))): group.drop_duplicates(CELL).set_index(CELL).bits
            for (name, features), group in own.groupby(["implementation", "features"], sort=False)
        }


def followed(row: Any) -> Fact:
    """The rule of a release: the documented one that it claims, or what explains it instead."""
    if not row.deviating:
        return Fact(f"follows {row.variant}", rule=VARIANTS[row.variant].rule)
    known = VARIANTS.get(row.nearest)
    # What was raised may go on with a traceback, places of this machine included.
    reasons = tuple(dict.fromkeys(map(shortened, row.reasons)))
    return Fact(
        f"departs from {row.variant}: {'; '.join(gathered(reasons))}",
        reasons,
        known.rule if known else None,
    )


def shortened(why: Reason) -> Reason:
    """A reason in so many words."""
    return msgspec.structs.replace(why, words=shorten(why.words, LONGEST))


def edition(place: ReleaseFolder) -> Edition:
    """A release that was run.  Raises UnreadableRun, RunError."""
    return Edition(place.release(), model.load(place.run))
