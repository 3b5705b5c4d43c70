"""Several runs as one: what a site shows of machines, devices and days beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pandas

from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.records import About, StoredGroup

PLACE = ["implementation", "device"]


def together(runs: Sequence[RunData]) -> RunData:
    """One run of several: of an implementation on a device that several have, the last one's cells.

    ``parts`` keeps the runs; findings and reasons are those of all.
    """
    first, *others = runs
    if not others:
        return first
    reasons = {key: why for run in runs for key, why in run.provenance.reasons.items()}
    links = {key: link for run in runs for key, link in run.provenance.links.items()}
    places: dict[tuple[str, str], int] = {}
    for number, run in enumerate(runs):
        if len(run.cells):
            places |= dict.fromkeys(run.cells[PLACE].itertuples(index=False, name=None), number)
    frames = [own(run, number, places) for number, run in enumerate(runs) if len(run.cells)]
    footers = [run.footer for run in runs if run.footer]
    whole = len(footers) == len(runs)
    findings = [item for footer in footers for item in footer.findings or ()]
    footer = msgspec.structs.replace(footers[-1], findings=findings) if whole else None
    return replace(
        runs[-1],
        provenance=msgspec.structs.replace(runs[-1].provenance, reasons=reasons, links=links),
        adapters=adapters(runs),
        groups=groups(runs),
        cells=pandas.concat(frames, ignore_index=True) if frames else runs[-1].cells,
        footer=footer,
        parts=tuple(runs),
    )


def own(run: RunData, number: int, places: dict[tuple[str, str], int]) -> pandas.DataFrame:
    """The cells of a run that no later one has as well."""
    pairs = run.cells[PLACE].itertuples(index=False, name=None)
    return run.cells[[places[pair] == number for pair in pairs]]


def adapters(runs: Sequence[RunData]) -> dict[str, About]:
    """Of each adapter what the last run says in which it could run."""
    found: dict[str, About] = {}
    for run in runs:
        for name, about in run.adapters.items():
            if name not in found or not about.missing:
                found[name] = about
    return found


def groups(runs: Sequence[RunData]) -> dict[str, list[StoredGroup]]:
    """The groups of each adapter; of a place that several runs have, those of the last."""
    found: dict[str, dict[tuple[str, str, str], StoredGroup]] = {}
    for run in runs:
        for name, listed in run.groups.items():
            kept = found.setdefault(name, {})
            kept |= {(item.implementation, item.device, item.features): item for item in listed}
    return {name: list(kept.values()) for name, kept in found.items()}
