"""A device as a page: what ran there, what departs, its primitives, and the host beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from optimizer_conformance.questions.devices.budgets import Measured
from optimizer_conformance.reports import diff
from optimizer_conformance.reports.markdown import cell, table
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.terminal import number
from optimizer_conformance.reports.verdicts import FAILS, MEASURED

SOURCE = "reference/numbers/budget.py"
SHOWN = ("unchanged", "shifted", "changed")
LONGEST = 160  # letters of a reason


def page(
    runs: Sequence[RunData], measured: Sequence[Measured] = (), hosts: Sequence[RunData] = ()
) -> str:
    """Markdown of runs on a device, the measured primitives, and the same cases on the host."""
    parts = [f"# {cell(title(runs))}", "", *about(runs)]
    parts += ["", "## What ran", "", table(RAN, (row for run in runs for row in ran(run)))]
    if departures := [row for run in runs for row in departing(run)]:
        parts += ["", "## What departs from its document", "", table(DEPARTS, departures)]
    if measured:
        parts += ["", "## Primitives", "", *told(measured), "", table(PRIMITIVES, rows(measured))]
    if hosts:
        parts += ["", "## The same cases on the host", "", *SIDES, "", beside(runs, hosts)]
    return "\n".join(parts) + "\n"


def title(runs: Sequence[RunData]) -> str:
    """The device's name, as the adapters found it."""
    names = [
        name
        for run in runs
        for about in run.adapters.values()
        for device, name in about.devices.items()
        if device != "cpu"
    ]
    return names[0] if names else runs[0].provenance.processor or "host"


def about(runs: Sequence[RunData]) -> list[str]:
    """When, where, and with what."""
    known = runs[0].provenance
    versions: dict[str, str] = {}
    for run in runs:
        for item in run.adapters.values():
            versions |= item.versions
    lines = {
        "run": f"{known.started}{f', revision {known.revision[:12]}' if known.revision else ''}",
        "accelerators": "; ".join(known.accelerators) or "none",
        "processor": known.processor,
        "packages": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
    return [f"- {name}: {cell(text)}" for name, text in lines.items() if text]


RAN = ("implementation", "version", "device", "dtypes", "cells", "verdicts", "worst score")


def ran(run: RunData) -> Iterator[tuple[Any, ...]]:
    """A row an implementation; those that could not run, with the reason."""
    cells = run.cells
    if not cells.empty:
        own = cells[cells.relation == "claimed"]
        for (name, version, device), group in own.groupby(["implementation", "version", "device"]):
            counts = group.verdict.value_counts()
            inside = group[group.verdict.isin(MEASURED)]
            yield (
                name,
                version,
                device,
                ", ".join(dict.fromkeys(group.dtype)),
                len(group),
                ", ".join(f"{count} {verdict}" for verdict, count in counts.items()),
                number(float(inside.score.max())) if len(inside) else "–",
            )
    for name, item in run.adapters.items():
        if item.missing:
            yield (name, "–", "–", "–", 0, short(item.missing), "–")


DEPARTS = ("implementation", "options", "dtype", "document", "cells", "known as", "why", "a case")


def departing(run: RunData) -> Iterator[tuple[Any, ...]]:
    """What does not follow its document, or could not be carried out, a row a reason."""
    cells = run.cells
    if cells.empty:
        return
    bad = cells[(cells.relation == "claimed") & cells.verdict.isin(FAILS)]
    keys = ["implementation", "features", "dtype", "variant", "verdict", "expectation", "why"]
    for key, group in bad.fillna("").groupby(keys, sort=True):
        name, features, dtype, variant, verdict, expectation, why = key
        yield (
            name,
            features or "plain",
            dtype,
            variant,
            len(group),
            expectation or "–",
            short(why or verdict),
            group.case.iloc[0],
        )


PRIMITIVES = ("on", "primitive", "dtype", "values", "ulp", "roundings", "charged", "subnormals")


def told(measured: Sequence[Measured]) -> list[str]:
    """What the table means, and whether the budgets hold."""
    beyond = [one for one in measured if not one.within]
    holds = (
        "No result is further off than its budget."
        if not beyond
        else "Beyond its budget: "
        + ", ".join(f"{one.name} {one.primitive} ({one.dtype})" for one in beyond)
        + "."
    )
    return [
        "The largest error that was found, in units in the last place of the result and in "
        "roundings (relative, in units of the roundoff), beside the roundings that the bound "
        f"charges (`{SOURCE}`, which names the sources). {holds}"
    ]


def rows(measured: Iterable[Measured]) -> Iterator[tuple[Any, ...]]:
    """A row a primitive."""
    for one in measured:
        charged = f"{one.charged} ({one.profile})"
        figures = ("not measured", short(one.failed)) if one.failed else (
            f"{one.ulp:.3f}", f"{one.roundings:.3f}"
        )  # fmt: skip
        yield (
            f"{one.name} {one.version}",
            one.primitive,
            one.dtype,
            f"{one.values:,}",
            *figures,
            charged,
            one.flushes,
        )


SIDES = (
    "Cells that both have: *unchanged* has the same bits; *shifted* has other bits, with the same "
    "verdict for the same reason; *changed* has another.",
)


def beside(runs: Sequence[RunData], hosts: Sequence[RunData]) -> str:
    """How many cells have the same bits, score and verdict on both."""
    groups = []
    for host in hosts:
        for run in (run for run in runs if set(run.adapters) & set(host.adapters)):
            found = diff.compare(host, run, across="device")
            groups += diff.groups(found, "implementation").to_dict("records")
    header = ("implementation", *SHOWN, "worse", "score on the host", "on the device")
    lines = [
        (
            row["implementation"],
            *(row[name] for name in SHOWN),
            row["worse"],
            number(row["score_a"]),
            number(row["score_b"]),
        )
        for row in groups
        if row["changed"] + row["shifted"] + row["unchanged"]
    ]
    return table(header, lines)


def short(text: Any) -> str:
    """The first letters of a reason."""
    line = str(text).strip().partition("\n")[0]
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
