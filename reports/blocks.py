"""The implementations of a run under the rules that their documents state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from optimizer_conformance.reports.bearings import Bearing
from optimizer_conformance.reports.verdicts import Conduct

HOST = ("cpu", "–")
FEWEST = 2  # rules of a family that share equations


@dataclass(frozen=True)
class StatedRule:
    """A rule as documents state it: what reports print of one.

    key        the same for documents that state the same rule
    words      what distinguishes it from the other rules of a run
    equations  of a step, as text and LaTeX
    starts     what its state is before the first step, where that is not zero
    """

    key: str
    family: str
    words: str
    equations: tuple[tuple[str, str], ...] = ()
    starts: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """As headings name it."""
        return f"{self.family}, {self.words}" if self.words else self.family

    @property
    def lines(self) -> tuple[str, ...]:
        """Its equations as plain text."""
        return (*self.starts, *(text for text, _ in self.equations))


Rules = Mapping[str, StatedRule]  # by the identifier of a documented variant


@dataclass(frozen=True)
class Folded:
    """Modes and devices of one implementation that have one result."""

    members: tuple[Bearing, ...]

    @property
    def first(self) -> Bearing:
        """One of them, for what all have in common."""
        return self.members[0]

    @property
    def name(self) -> str:
        """The implementation, its modes behind it: ``torch:Adam [foreach]``.

        Each part can be typed behind the first.
        """
        modes = list(dict.fromkeys(item.mode for item in self.members))
        plain = "" in modes
        named = [mode for mode in modes if mode]
        start = self.first.object if plain else self.first.object + named.pop(0)
        devices = dict.fromkeys(item.device for item in self.members)
        told = [f"({device})" for device in devices if device not in HOST]
        return " ".join([start, *named, *told])

    @property
    def short(self) -> str:
        """The implementation without those of its modes that have the same result."""
        return self.name.partition(" [")[0]


@dataclass
class Block:
    """One rule, the documents that state it, and who follows it or does not."""

    rule: StatedRule
    documents: list[str] = field(default_factory=list)
    lines: list[Folded] = field(default_factory=list)

    def of(self, conduct: Conduct) -> list[Folded]:
        """Lines of one word."""
        return [line for line in self.lines if line.first.conduct is conduct]

    @property
    def weight(self) -> tuple[bool, int, str]:
        """What asks for attention comes first, then what many follow."""
        new = any(line.first.new for line in self.lines)
        return (not new, -sum(len(line.members) for line in self.lines), self.rule.title)

    def together(self, conduct: Conduct) -> list[list[Folded]]:
        """Lines of one word, those of which the same is said together."""
        kept: dict[object, list[Folded]] = {}
        for line in self.of(conduct):
            kept.setdefault(said(line.first), []).append(line)
        return list(kept.values())


@dataclass(frozen=True)
class Chapter:
    """Rules of one family; ``common`` are the equations that all of several share."""

    family: str
    common: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def headed(self) -> bool:
        """Whether its equations stand above its rules, which are named by what sets them apart."""
        return bool(self.common)

    def title(self, block: Block) -> str:
        """What a rule is called below the heading, or without one."""
        return (block.rule.words or "plain") if self.headed else block.rule.title

    def own(self, block: Block) -> list[str]:
        """The equations of a block that stand not above it."""
        return [line for line in block.rule.lines if line not in self.common]


def chapters(found: Iterable[Bearing], rules: Rules) -> list[Chapter]:
    """The blocks by family, what asks for attention first."""
    kept: dict[str, list[Block]] = {}
    for block in blocks(found, rules):
        kept.setdefault(block.rule.family, []).append(block)
    return [Chapter(family, common(group), tuple(group)) for family, group in kept.items()]


def common(group: list[Block]) -> tuple[str, ...]:
    """The equations that each rule of several has."""
    if len(group) < FEWEST:
        return ()
    first, *rest = (block.rule.lines for block in group)
    return tuple(line for line in first if all(line in lines for lines in rest))


def said(item: Bearing) -> tuple[object, ...]:
    """Everything that is printed of it beside its name."""
    known = tuple(lapse.said for lapse in item.lapses)
    return (item.claimed, item.conduct, known, item.why, bool(item.also))


def unstated(variant: str) -> StatedRule:
    """A rule of which no more than its document's name is known here."""
    return StatedRule(key=variant, family=variant or "no document", words="")


def blocks(found: Iterable[Bearing], rules: Rules) -> list[Block]:
    """A block a rule."""
    kept: dict[str, Block] = {}
    members: dict[tuple[object, ...], list[Bearing]] = {}
    for item in found:
        rule = rules.get(item.variant) or unstated(next(iter(item.documents), ""))
        block = kept.setdefault(rule.key, Block(rule))
        block.documents += [name for name in item.documents if name not in block.documents]
        members.setdefault((rule.key, *alike(item)), []).append(item)
    for (key, *_), same in members.items():
        kept[str(key)].lines.append(Folded(tuple(same)))
    return sorted(kept.values(), key=lambda block: block.weight)


def alike(item: Bearing) -> tuple[object, ...]:
    """What modes of an implementation have in common when they have one result."""
    return (item.adapter, item.object, *said(item))
