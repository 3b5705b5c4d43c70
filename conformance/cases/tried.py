"""What was tried, and what was not and why: two lines that every answer has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.cases.case import Case
from optimizer_conformance.cases.inputs import LAYOUTS
from optimizer_conformance.cases.situations import COMPLEX, SITUATIONS, Situation, at_an_end, unmet

LEFT_OUT = "this profile leaves it out"
ONE_SET = "no other set is both its own and the document's"
PLAIN = "none"
SHOWN = 8  # sets of options that are named
NAMED = 13  # situations, where not every reason has room
PLACES = {situation.name: place for place, situation in enumerate(SITUATIONS)}


@dataclass(frozen=True)
class Attempts:
    """What was tried of one implementation.

    steps      the most in a row
    elements   of the largest parameter
    options    the sets of options
    formats    the dtypes
    situations names of those that were met
    missing    names of the others, and why each was not tried
    """

    steps: int = 0
    elements: int = 0
    options: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    situations: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Attempts:
        """From what ``to_dict`` gives."""
        lists = {name: tuple(content[name]) for name in ("options", "formats", "situations")}
        return cls(content["steps"], content["elements"], missing=content["not_tried"], **lists)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "steps": self.steps,
            "elements": self.elements,
            "options": list(self.options),
            "formats": list(self.formats),
            "situations": list(self.situations),
            "not_tried": dict(self.missing),
        }

    @property
    def lines(self) -> tuple[str, str]:
        """What was tried, and what was not."""
        return (
            f"tried: up to {self.steps:,} steps, up to {self.elements:,} elements; options: "
            f"{few(self.options)}; formats: {', '.join(self.formats) or PLAIN}; "
            f"situations: {', '.join(self.situations) or PLAIN}",
            f"not tried: {self.left or 'nothing of the list (`conformance list situations`)'}",
        )

    @property
    def brief(self) -> tuple[str, str]:
        """The same of many implementations, where there is no room for every reason."""
        nowhere = [name for name in self.missing if name not in self.situations]
        partly = len(self.missing) - len(nowhere)
        more = f"of some implementations {partly} more" if partly else ""
        named = ", ".join(nowhere[:NAMED])
        if len(nowhere) > NAMED:
            named = f"{len(nowhere)} situations, such as {named}"
        left = "; ".join(filter(None, [named, more, "which, and why: --long"]))
        met = f"{len(self.situations)} of {len(SITUATIONS)} situations"
        return (
            f"tried: up to {self.steps:,} steps, up to {self.elements:,} elements; options: "
            f"{few(self.options)}; formats: {', '.join(self.formats) or PLAIN}; {met}",
            f"not tried: {left}" if self.missing else self.lines[1],
        )

    @property
    def left(self) -> str:
        """What was not tried, those with one reason together."""
        reasons: dict[str, list[str]] = {}
        for name, why in self.missing.items():
            reasons.setdefault(why, []).append(name)
        return "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())


def few(options: tuple[str, ...]) -> str:
    """Sets of options in words; of many their number."""
    return f"{len(options)} sets" if len(options) > SHOWN else ", ".join(options) or PLAIN


def distinct(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """What stands in any of some lists, each once, in the order of the table where it has one."""
    found = dict.fromkeys(name for names in lists for name in names)
    return tuple(sorted(found, key=lambda name: PLACES.get(name, 0)))


def together(found: Mapping[str, Attempts]) -> Attempts:
    """What was tried of several implementations; what not all of them met says of how many."""
    every = list(found.values())
    reasons: dict[str, Counter[str]] = {item.name: Counter() for item in SITUATIONS}
    for one in every:
        for name, why in one.missing.items():
            reasons[name][why] += 1
    met = distinct(one.situations for one in every)
    return Attempts(
        max((one.steps for one in every), default=0),
        max((one.elements for one in every), default=0),
        distinct(one.options for one in every),
        distinct(one.formats for one in every),
        met,
        {name: of_some(why, len(every), name in met) for name, why in reasons.items() if why},
    )


def of_some(reasons: Counter[str], count: int, met: bool) -> str:
    """Why, and of how many implementations where others were put there."""
    why = "; ".join(reasons)
    return f"{reasons.total()} of {count}: {why}" if met else why


def coverage(
    cases: Iterable[Case],
    implementation: Implementation,
    *,
    kind: str = "",
    met: Collection[str] = (),
    refused: Mapping[str, str] | None = None,
    why: str = LEFT_OUT,
) -> Attempts:
    """What these cases come to.

    ``met`` are names of situations beyond the cases; ``refused`` has modes that could not be
    carried out, and the reason; ``why`` is what keeps cases out that nothing else does.
    """
    asked = list(cases)
    options = tuple(dict.fromkeys("+".join(case.features) or "plain" for case in asked))
    features = min((case.features for case in asked), key=len, default=())
    modes = {case.mode for case in asked}
    formats = tuple(dict.fromkeys(case.dtype for case in asked))
    known = {*met, *(["options"] if len(options) > 1 else [])}
    if formats and set(formats) == set(implementation.dtypes):
        known.add("formats")
    if any(case.width > 1 for case in asked):
        known.add(COMPLEX)
    found: list[str] = []
    missing: dict[str, str] = {}
    for situation in SITUATIONS:
        lacking = reason(situation, implementation, features, kind, refused or {})
        if situation.name in known or (not lacking and covered(situation, modes, kind)):
            found.append(situation.name)
        else:
            other = ONE_SET if situation.name == "options" and why == LEFT_OUT else why
            missing[situation.name] = lacking or other
    return Attempts(
        max((case.steps for case in asked), default=0),
        max((case.size for case in asked if case.mode in LAYOUTS), default=0)
        or max((case.size for case in asked), default=0),
        options,
        formats,
        tuple(found),
        missing,
    )


def covered(situation: Situation, modes: Collection[str], kind: str) -> bool:
    """Whether cases of these modes meet it, or a target was put there when it was described."""
    if kind and situation.needs and not situation.mode:
        return True
    return any(situation.mode and mode.removesuffix("-filled") == situation.mode for mode in modes)


def reason(
    situation: Situation,
    implementation: Implementation,
    features: tuple[str, ...],
    kind: str,
    refused: Mapping[str, str],
) -> str:
    """Why an implementation was not put into a situation; empty where nothing is in the way."""
    if why := unmet(situation, implementation, features):
        return situation.unreachable.get(kind, why)
    return refused.get(situation.mode, "") if situation.mode else ""


def whereabouts(case: Case, part: str, step: int) -> str:
    """Where a case of a situation first goes wrong, in words that follow "except"."""
    if case.mode == "steps":
        return f"from step {step} on, with {part} gradients"
    if case.mode == "boundaries":
        ends = at_an_end(case.family, case.features, case.dtype, case.decimals)
        said = ", ".join(f"{name}={value}" for name, value in ends.items())
        return f"with {said or 'ordinary hyperparameters'}"
    if case.mode.startswith("shapes"):
        memory, _, size = part.rpartition("-")
        of = f"of shape {size}" if "x" in size else f"of {size} elements"
        return f"for {memory} parameters {of} (seen in step {step})"
    specific = sorted(SITUATIONS, key=lambda situation: not situation.parts)
    own = [item.words for item in specific if item.meets(case.mode, part)]
    # A parameter with which nothing is the matter stands beside those that are meant.
    beside = [f"beside {item.words}" for item in specific if item.mode == case.mode]
    return f"in this situation: {[*own, *beside][0]} (parameter {part}, step {step})"
