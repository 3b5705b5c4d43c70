"""Shards put together: the run that they are parts of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.ledger import FOLDER
from optimizer_conformance.reports.records import (
    FORMAT,
    About,
    Merged,
    Outline,
    Provenance,
    Seconds,
)
from optimizer_conformance.reports.store import Run, RunError
from optimizer_conformance.runs import reader
from optimizer_conformance.runs.outcome import (
    Outcome,
    Results,
    conclude,
    footer,
    keep,
    keep_absent,
)
from optimizer_conformance.runs.reader import Stored
from optimizer_conformance.runs.request import links, reasons, request_of
from optimizer_conformance.runs.run import own_places
from optimizer_conformance.runs.schedule import Shard
from optimizer_conformance.runs.work import KeptRows, Result

# Parts of one run have these in common.
SAME = ("suite", "profile", "seed", "selection", "requested", "required", "adapters", "harness")


def merge(folders: list[Path], out: Path, expected: Path = FOLDER) -> Outcome:
    """Put shards together into the run folder ``out``, held against the files in ``expected``.

    Raises RunError where they do not belong together or are not all there.
    """
    provenances = parts(folders)
    ordered = list(provenances)
    first = provenances[ordered[0]]
    found = Results(*results(ordered))
    request = replace(request_of(ordered[0], first), shard=Shard())
    names = [result.adapter for result in found.results]
    ledgers = {name: expectations.ledger(name, expected) for name in names}
    conditions = msgspec.structs.replace(
        first,
        format=FORMAT,
        shard=(1, 1),
        merged=[merged(folder, item) for folder, item in provenances.items()],
        reasons=reasons(ledgers),
        links=links(ledgers),
    )
    run = Run(out, conditions)
    keep_absent(run, found.absent)
    places = own_places(names)
    for result in found.results:
        name = result.adapter
        keep(run, result, ledgers[name], request.shard, places.get(name))
    outcome = conclude(out, request, found, ledgers, conditions)
    run.finish(footer(outcome, found.results, spent(ordered)))
    return outcome


def merged(folder: Path, said: Provenance) -> Merged:
    """What is kept of a shard."""
    names = (name for name in Merged.__struct_fields__ if name != "folder")
    return Merged(str(folder), **{name: getattr(said, name) for name in names})


def spent(folders: list[Path]) -> Seconds:
    """The seconds of all shards together; ``wall`` is that of the longest."""
    footers = [reader.footer_of(folder) for folder in folders]
    found = [item.seconds for item in footers if item and item.seconds]
    names = {name for seconds in found for name in seconds.waited}
    waited = {name: sum(seconds.waited.get(name, 0.0) for seconds in found) for name in names}
    return Seconds(
        wall=max((seconds.wall for seconds in found), default=0.0),
        own=sum(seconds.own for seconds in found),
        waited=dict(sorted(waited.items())),
    )


def parts(folders: list[Path]) -> dict[Path, Provenance]:
    """The folders of shards that belong together with their provenances, the first shard first.

    Raises RunError, saying which folder does not fit and why.
    """
    found: dict[int, tuple[Path, Provenance]] = {}
    count = 0
    for folder in folders:
        provenance = reader.provenance_of(folder)
        index, of = provenance.shard
        if provenance.format == 1 or of == 1:
            raise RunError(f"{folder} is no shard: `conformance run --shard 1/4` makes one")
        if not reader.footer_of(folder):
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
            if getattr(provenance, name) != getattr(first, name):
                raise RunError(
                    f"{folder} and {first_folder} do not belong together: they differ in {name}"
                )
    if absent := sorted(set(range(1, count + 1)) - set(found)):
        raise RunError(f"shard {', '.join(f'{index}/{count}' for index in absent)} is missing")
    return dict(found[index] for index in sorted(found))


def results(folders: list[Path]) -> tuple[list[Result], dict[str, About]]:
    """Each adapter's whole result, and why other adapters have none.

    ``folders`` are those of :func:`parts`, in their order.  Raises RunError where one adapter was
    planned differently.
    """
    shards = [reader.adapters_of(folder) for folder in folders]
    found: list[Result] = []
    absent: dict[str, About] = {}
    for name in dict.fromkeys(name for shard in shards for name in shard):
        pieces = [shard.get(name, Stored(About(failure="it was not run"))) for shard in shards]
        if all(piece.about.description is None for piece in pieces):
            about = pieces[0].about
            absent[name] = about if about.failure else About(failure="it was not run")
        else:
            found.append(together(name, pieces, folders))
    return found, absent


def together(name: str, pieces: list[Stored], folders: list[Path]) -> Result:
    """One adapter from all its shards."""
    first = next(piece for piece in pieces if piece.about.description)
    description = first.about.description
    result = Result(name, description=description)
    result.outlines = [group.outline for group in first.groups]
    result.failure = next((piece.about.failure for piece in pieces if piece.about.failure), "")
    plan = [place(group) for group in first.groups]
    for piece, folder in zip(pieces, folders, strict=True):
        if piece.about.description is None:
            continue
        other = [place(group) for group in piece.groups]
        if other != plan or piece.about.versions != first.about.versions:
            raise RunError(
                f"{folder} ran {name} with other versions or another plan than {folders[0]}: run "
                "it again in the same environment"
            )
    for index in range(len(plan)):
        for piece in pieces:
            if (group := piece.finished.get(index)) is not None and piece.groups[index].here:
                result.cells += group.cells
                result.elements += group.elements
                result.kept[index] = KeptRows(
                    len(group.cells), len(group.elements), True, group.rule
                )
                result.outlines[index] = piece.groups[index].outline
    result.complete = not result.failure and len(result.kept) == len(plan)
    result.seconds_waited = 0.0
    result.retried = [case for piece in pieces for case in piece.about.retried]
    return result


def place(outline: Outline) -> tuple[str, str, str, int]:
    """What all shards must agree on: a key also names the machine."""
    return outline.implementation, outline.device, outline.features, outline.cases
