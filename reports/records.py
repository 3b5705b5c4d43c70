"""What is kept of a run while it goes on: the records that the journal holds.

A *group* is one implementation on one device with one set of options: it is explained as a whole,
so it is finished, journaled, resumed and reused as a whole.  It takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.reports.store import Cell, Element


class Outline(msgspec.Struct, frozen=True):
    """A group that is planned.

    cases     how many it holds
    key       hash of everything that determines its cells
    defaults  of the implementation's constructor, by canonical name; a stated None is kept
    """

    implementation: str
    device: str
    features: str
    cases: int
    key: str
    defaults: dict[str, float | bool | str | None] = {}

    @property
    def name(self) -> str:
        """For messages and events."""
        return f"{self.implementation} on {self.device}, {self.features or 'plain'}"


class Described(msgspec.Struct, frozen=True, tag=True):
    """An adapter was started: what it is, and every group that is planned of it, in order."""

    adapter: str
    description: Description
    outlines: list[Outline]
    seconds: float = 0.0


class Rule(msgspec.Struct, frozen=True):
    """The rule that explains every answer of a group: each factor of ``reference.rules``.

    partly  it explains those elements that the claimed rule leaves over
    """

    choices: dict[str, bool | str]
    partly: bool = False


class Finished(msgspec.Struct, frozen=True, tag=True):
    """A group was carried out: its rows, without what expectations say of them.

    rule      that it follows; None where none explains it
    retried   cases that crashed the worker once and were answered the second time
    seconds   that it took; ``waited`` of them for the worker
    """

    adapter: str
    key: str
    cells: list[Cell]
    elements: list[Element]
    retried: list[str] = []
    seconds: float = 0.0
    waited: float = 0.0
    rule: Rule | None = None


class Closed(msgspec.Struct, frozen=True, tag=True):
    """Nothing is left to do of an adapter."""

    adapter: str


Record = Described | Finished | Closed


@dataclass(frozen=True)
class Carried:
    """What an agent made of a group; only ``whole`` ones are finished."""

    finished: Finished
    whole: bool = True


def row(record: Any) -> dict[str, Any]:
    """A dataclass' or struct's fields as a table's row."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return found
