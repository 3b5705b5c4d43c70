"""Factors: the respects in which two rules can differ, each with its values and their words.

A stage's module says which factors its stages bring in (``FACTORS``); identification, mutants,
explanations and reports go through all of them and list nothing.  A rule being changed is taken
apart into *parts*: slot to the class of its stage and that stage's fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from optimizer_conformance.reference.rules.stage import Stage

Value = bool | str
Parts = dict[str, tuple[type[Stage], dict[str, Any]] | None]


@dataclass(frozen=True)
class Factor:
    """One respect in which rules differ.

    name     how records and tables call it
    subject  what it speaks of
    says     each value, and what it says of the subject
    given    it follows from the options that are asked for, so no rule is sought that differs in it
    option   it is something that a user switches on
    names    values that people have a name for
    plural   the subject is a plural
    verbs    values whose words have a verb of their own
    """

    name: str
    subject: str
    says: Mapping[Any, str]
    given: bool = False
    option: bool = False
    names: Mapping[Any, str] = field(default_factory=dict)
    plural: bool = False
    verbs: tuple[Any, ...] = ()

    @property
    def values(self) -> tuple[Any, ...]:
        """Every value; the first one stands where nothing is said."""
        return tuple(self.says)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots on which its value depends."""
        raise NotImplementedError

    def read(self, *stages: Stage | None) -> Value:
        """The value of a rule with these stages in those slots."""
        raise NotImplementedError

    def write(self, parts: Parts, value: Value) -> None:
        """Give it another value, where the parts have room for it."""
        raise NotImplementedError

    def words(self, value: Value) -> str:
        """A value in words, after its subject."""
        return f"{self.subject} {self.says[value]}"

    def sentence(self, value: Value) -> str:
        """The same with a verb."""
        verb = "" if value in self.verbs else "are " if self.plural else "is "
        return f"{self.subject} {verb}{self.says[value]}"

    def called(self, value: Value) -> str:
        """Its name where people have one, or the same words."""
        return self.names.get(value) or self.words(value)

    def said(self, value: Value) -> str:
        """Its name where people have one, or what it says of the subject."""
        return self.names.get(value) or self.says[value]


@dataclass(frozen=True)
class Standing(Factor):
    """Which stage stands in a slot, or in one of several.

    stages  value to the slot and what must stand there; None: all of those slots are empty
    """

    stages: Mapping[Any, tuple[str, Stage] | None] = None  # type: ignore[assignment]  # required

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(slot for slot, _ in filter(None, self.stages.values())))

    def read(self, *stages: Stage | None) -> Value:
        there = dict(zip(self.slots, stages, strict=True))
        for value, place in self.stages.items():
            if place and fits(there[place[0]], place[1], self.deciding(place[1])):
                found: Value = value
                return found
        empty: Value = next(value for value, place in self.stages.items() if place is None)
        return empty

    def write(self, parts: Parts, value: Value) -> None:
        place = self.stages[value]
        before = {slot: parts[slot] for slot in self.slots}
        parts |= dict.fromkeys(before)
        if place:
            slot, stage = place
            deciding = self.deciding(stage)
            own = {name: getattr(stage, name) for name in deciding}
            standing = before[slot]
            known = {item.name for item in fields(stage)}  # type: ignore[arg-type]  # a dataclass
            rest = {n: v for n, v in standing[1].items() if n in known} if standing else {}
            parts[slot] = (type(stage), {**rest, **own})

    def deciding(self, stage: Stage) -> tuple[str, ...]:
        """The fields by which the values with this class of stage are told apart."""
        same = [item[1] for item in self.stages.values() if item and type(item[1]) is type(stage)]
        return tuple(
            item.name
            for item in fields(stage)  # type: ignore[arg-type]  # every stage is a dataclass
            if len({getattr(other, item.name) for other in same}) > 1
        )


def fits(standing: Stage | None, wanted: Stage, deciding: tuple[str, ...]) -> bool:
    """Whether a stage is the wanted one as far as the deciding fields go."""
    return type(standing) is type(wanted) and all(
        getattr(standing, name) == getattr(wanted, name) for name in deciding
    )


@dataclass(frozen=True)
class Choice(Factor):
    """A field of the stage in a slot; ``absent`` is said of stages without the field."""

    slot: str = ""
    field: str = ""
    absent: Value = False

    @property
    def slots(self) -> tuple[str, ...]:
        return (self.slot,)

    def read(self, *stages: Stage | None) -> Value:
        found: Value = getattr(stages[0], self.field, self.absent)
        return found

    def write(self, parts: Parts, value: Value) -> None:
        standing = parts[self.slot]
        if standing and any(item.name == self.field for item in fields(standing[0])):  # type: ignore[arg-type]
            standing[1][self.field] = value


@dataclass(frozen=True)
class Flags(Factor):
    """A flag that stages in several slots have: which of them are up.

    flags  value to the slots where the flag is up
    """

    flags: Mapping[Any, tuple[str, ...]] = None  # type: ignore[assignment]  # required
    field: str = ""

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(slot for up in self.flags.values() for slot in up))

    def read(self, *stages: Stage | None) -> Value:
        there = zip(self.slots, stages, strict=True)
        up = tuple(slot for slot, stage in there if getattr(stage, self.field, False))
        found: Value = next(value for value, wanted in self.flags.items() if wanted == up)
        return found

    def write(self, parts: Parts, value: Value) -> None:
        for slot in self.slots:
            standing = parts[slot]
            if standing and any(item.name == self.field for item in fields(standing[0])):  # type: ignore[arg-type]
                standing[1][self.field] = slot in self.flags[value]
