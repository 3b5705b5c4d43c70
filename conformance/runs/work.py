"""Works: what there is to do of each adapter, who does it, and what has come of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.judging.group import Carried
from optimizer_conformance.reports.records import (
    Cell,
    Described,
    Element,
    Finished,
    Outline,
    StoredRule,
)

MOST_SEATS = 64  # threads of one driver; beyond that several shards serve better


class AgentLost(Exception):  # noqa: N818 - named for the situation
    """An agent is gone together with the machine that it ran on; its group can be run elsewhere."""


class Agent(Protocol):
    """What carries groups of one adapter out: here, or on a node of a cluster."""

    @property
    def waited(self) -> float:
        """Seconds that were waited for its workers."""

    def start(self) -> Description:
        """Start the worker."""

    def plan(self) -> list[Outline]:
        """Every group of the selection, in order."""

    def carry(self, index: int, key: str) -> Carried:
        """Carry one of them out."""

    def close(self) -> None:
        """End the worker."""


@dataclass(frozen=True)
class KeptRows:
    """How many rows a group has, whether it came to its end, and the rule that it follows."""

    cells: int
    elements: int
    whole: bool
    rule: StoredRule | None = None


@dataclass
class Result:
    """What one adapter came to.

    failure   why the worker could not be used at all, or empty
    complete  false when it was interrupted or given up
    outlines  every group that was planned, with those of other shards
    kept      those of them that stand in ``cells``
    reused    how many of these were taken from earlier runs
    retried   cases that crashed a worker once and were answered the second time
    """

    adapter: str
    cells: list[Cell] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    description: Description | None = None
    failure: str = ""
    complete: bool = True
    seconds_waited: float = 0.0
    outlines: list[Outline] = field(default_factory=list)
    kept: dict[int, KeptRows] = field(default_factory=dict)
    reused: int = 0
    retried: list[str] = field(default_factory=list)


class Phase(Enum):
    """How far an adapter is; a phase follows the one above it."""

    waiting = (
        "nobody has started it, or its only agent was lost before it could say what is planned"
    )
    starting = "its first agent is asked what is planned"
    planned = "what is planned is known, or that it cannot be"
    closed = "nothing more comes of it in this process"


@dataclass
class Work:
    """One adapter: how it is started, and how far it is.

    most_agents  one where a second worker would not help: some frameworks take most of an
                 accelerator's memory for one process
    elsewhere    its agents have accelerators of their own
    described    what it is, from when it is planned on
    pending      places of groups that nobody carries out yet; ``running`` to cases done
    partial      groups that were broken off
    lost         agents, one after another, without a group finished in between
    """

    adapter: str
    make: Callable[[Callable[[int, str], None]], Agent]
    elsewhere: bool = False
    phase: Phase = Phase.waiting
    failure: str = ""
    described: Described | None = None
    pending: deque[int] = field(default_factory=deque)
    finished: dict[int, Finished] = field(default_factory=dict)
    partial: dict[int, Finished] = field(default_factory=dict)
    done: int = 0
    agents: int = 0
    lost: int = 0
    spent: float = 0.0
    carried: int = 0
    waited: float = 0.0
    reused: int = 0
    most_agents: int = MOST_SEATS
    running: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Cases in all of this shard."""
        assert self.described is not None
        mine = (*self.finished, *self.running, *self.pending, *self.partial)
        return sum(self.described.outlines[index].cases for index in set(mine))

    @property
    def over(self) -> bool:
        """Whether nothing is left to do, and nobody is at it."""
        return self.phase is Phase.planned and not self.pending and not self.agents

    def remaining(self) -> float:
        """Seconds that the pending groups will take, judged by those that are done."""
        if self.most_agents == 1 or not self.carried or not self.described:
            return 0.0
        cases = sum(self.described.outlines[index].cases for index in self.pending)
        return cases * self.spent / self.carried / max(self.agents, 1)


def in_order(work: Work) -> Iterator[tuple[int, Finished]]:
    """What there is of each group, in the order of the plan."""
    for index in sorted({*work.finished, *work.partial}):
        yield index, work.finished.get(index) or work.partial[index]
