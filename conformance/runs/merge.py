"""Shards put together: the run that they are parts of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optimizer_conformance.reports.records import Outline
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs import reader
from optimizer_conformance.runs.reader import Stored
from optimizer_conformance.runs.schedule import Kept, Result

# Parts of one run have these in common.
SAME = ("suite", "profile", "seed", "selection", "requested", "required", "adapters", "harness")


def parts(folders: list[Path]) -> list[dict[str, Any]]:
    """The provenances of shards that belong together, the first shard first.

    Raises RunError, saying which folder does not fit and why.
    """
    found: dict[int, tuple[Path, dict[str, Any]]] = {}
    count = 0
    for folder in folders:
        provenance = reader.provenance_of(folder)
        try:
            index, of = (int(number) for number in provenance.get("shard", (1, 1)))
        except (TypeError, ValueError) as error:
            raise RunError(f"{folder / 'provenance.json'} is damaged: no shard") from error
        if provenance["format"] == 1 or of == 1:
            raise RunError(f"{folder} is no shard: `conformance run --shard 1/4` makes one")
        if not reader.content(folder / "footer.json"):
            raise RunError(
                f"{folder} is incomplete: finish it with `conformance run --resume {folder}`"
            )
        if index in found:
            raise RunError(f"{folder} and {found[index][0]} are both shard {index}/{of}")
        found[index] = (folder, provenance)
        count = count or of
        if of != count:
            raise RunError(f"{folder} is shard {index}/{of}, the others are parts of {count}")
        first_folder, first = next(iter(found.values()))
        for name in SAME:
            if provenance.get(name) != first.get(name):
                raise RunError(
                    f"{folder} and {first_folder} do not belong together: they differ in {name}"
                )
    if absent := sorted(set(range(1, count + 1)) - set(found)):
        raise RunError(f"shard {', '.join(f'{index}/{count}' for index in absent)} is missing")
    return [
        {**provenance, "folder": str(folder)} for _, (folder, provenance) in sorted(found.items())
    ]


def results(folders: list[Path]) -> tuple[list[Result], dict[str, str]]:
    """Each adapter's whole result, and why other adapters have none.

    ``folders`` are those of :func:`parts`, in their order.  Raises RunError where one adapter was
    planned differently.
    """
    shards = [reader.adapters_of(folder) for folder in folders]
    found, absent = [], {}
    for name in dict.fromkeys(name for shard in shards for name in shard):
        pieces = [shard.get(name, Stored({"failure": "it was not run"})) for shard in shards]
        if all(piece.description is None for piece in pieces):
            absent[name] = str(pieces[0].about.get("failure") or "it was not run")
        else:
            found.append(together(name, pieces, folders))
    return found, absent


def together(name: str, pieces: list[Stored], folders: list[Path]) -> Result:
    """One adapter from all its shards."""
    first = next(piece for piece in pieces if piece.description)
    result = Result(name, description=first.description)
    result.outlines = [unit.outline for unit in first.units]
    failures = [str(piece.about["failure"]) for piece in pieces if piece.about.get("failure")]
    result.failure = failures[0] if failures else ""
    plan = [place(unit.outline) for unit in first.units]
    for piece, folder in zip(pieces, folders, strict=True):
        if piece.description is None or first.description is None:
            continue
        other = [place(unit.outline) for unit in piece.units]
        if other != plan or piece.description.versions != first.description.versions:
            raise RunError(
                f"{folder} ran {name} with other versions or another plan than {folders[0]}: run "
                "it again in the same environment"
            )
    for index in range(len(plan)):
        for piece in pieces:
            if (group := piece.finished.get(index)) is not None and piece.units[index].here:
                result.cells += group.cells
                result.elements += group.elements
                result.kept[index] = Kept(len(group.cells), len(group.elements), True, group.rule)
                result.outlines[index] = piece.units[index].outline
    result.complete = not result.failure and len(result.kept) == len(plan)
    result.seconds_waited = 0.0
    result.retried = [str(case) for piece in pieces for case in piece.about.get("retried", ())]
    return result


def place(outline: Outline) -> tuple[str, str, str, int]:
    """What all shards must agree on: a key also names the machine."""
    return outline.implementation, outline.device, outline.features, outline.cases
