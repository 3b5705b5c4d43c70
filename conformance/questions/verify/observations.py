"""What was observed, kept: a line a claim and version in ``reference/claims/observed``.

A claim that was known to be false, or that leaves something open, is as blind as any other: what
makes it notice a change is the value that was seen.  Another value with the same version is
``changed``; a version that nothing is kept of is only said to be new.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from optimizer_conformance.questions.verify.document import FOLDER, ClaimFileError
from optimizer_conformance.reports import foreign

KEPT = FOLDER / "observed"


class ClaimObservation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one claim's check saw of one version."""

    claim: str
    version: str
    seen: dict[str, Any]


class DocumentObservations(msgspec.Struct, frozen=True):
    """The observations of one document."""

    name: str
    rows: list[ClaimObservation] = []

    def of(self, claim: str, version: str) -> dict[str, Any] | None:
        """What is kept of a claim for exactly this version, if anything."""
        found = (row for row in self.rows if (row.claim, row.version) == (claim, version))
        return next((row.seen for row in found), None)

    def earlier(self, claim: str, version: str) -> ClaimObservation | None:
        """What is kept of a claim for another version: the last that was written."""
        found = [row for row in self.rows if row.claim == claim and row.version != version]
        return found[-1] if found else None


class ObservationProposal(msgspec.Struct, frozen=True):
    """A file of observations as it is, and as it would have to be."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty where there is none."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.path.name}",
            f"b/{self.path.name}",
        )
        return "".join(lines)


def kept(name: str, folder: Path = KEPT) -> DocumentObservations:
    """What is kept of a document; nothing where there is no file.  Raises ClaimFileError."""
    path = folder / f"{name}.jsonl"
    try:
        lines = foreign.content(path).splitlines()
        return DocumentObservations(
            name, [msgspec.json.decode(line, type=ClaimObservation) for line in lines]
        )
    except FileNotFoundError:
        return DocumentObservations(name)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClaimFileError(f"{path.name}: cannot be read as observations ({error})") from error


def canonical(value: Any) -> Any:
    """A value as its file gives it back: numbers that JSON has not become words."""
    if isinstance(value, dict):
        return {str(name): canonical(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values agree, types included: True is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Both values of all that differs, in words: ``step was 0.5, and is None``."""
    names = [name for name in (one | other) if not same(one.get(name), other.get(name))]
    return "; ".join(
        f"{name} was {shown(one, name)}, and is {shown(other, name)}" for name in names
    )


def shown(values: dict[str, Any], name: str) -> str:
    """One value, or that there is none."""
    return repr(values[name]) if name in values else "not there"


def propose(
    before: DocumentObservations,
    seen: Iterable[ClaimObservation],
    known: Iterable[str],
    folder: Path = KEPT,
) -> ObservationProposal:
    """The file after which nothing would be changed; claims that no longer exist are left out."""
    rows = {(row.claim, row.version): row for row in before.rows}
    rows |= {(row.claim, row.version): row for row in seen}
    order = {claim: place for place, claim in enumerate(known)}
    left = sorted((r for r in rows.values() if r.claim in order), key=lambda row: order[row.claim])
    path = folder / f"{before.name}.jsonl"
    text = foreign.text(path) if path.is_file() else ""
    return ObservationProposal(path, text, "".join(line(row) for row in left))


def line(row: ClaimObservation) -> str:
    """One line of a file."""
    return msgspec.json.encode(row).decode() + "\n"
