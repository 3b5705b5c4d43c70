"""What a run shows of each implementation: options, defaults, dtypes, state, the rule it follows.

Read from a run folder, or from the file that ``conformance tables --format json`` wrote of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pandas

from optimizer_conformance.reports.markdown import provenance
from optimizer_conformance.reports.model import RunData, UnreadableRun, load, read_json
from optimizer_conformance.reports.text import visible_content
from optimizer_conformance.reports.verdicts import DEVIATES, Verdict, of_many

FORMAT = 1
# How a run words the way in which hyperparameters were held: what, and in which format.
HELD = re.compile(r"(?:^|, )(.+?) (?:held|formed) in (\w+)")
AS_WRITTEN = "as written"


class Rule(msgspec.Struct, frozen=True):
    """Each choice of the rule that explains every answer of one set of options.

    partly  it explains those elements that the claimed rule leaves over
    """

    choices: dict[str, bool | str]
    partly: bool = False


class Configuration(msgspec.Struct, frozen=True):
    """One set of options on one device.

    rule      None where no rule explains the answers
    verdict   against its own documentation, or ``undocumented``
    departs   why it deviates from that, wherever it does
    """

    options: str
    device: str
    rule: Rule | None
    verdict: str
    departs: list[str]


class Held(msgspec.Struct, frozen=True):
    """In which format something was held in cells that hyperparameters as written don't explain."""

    dtype: str
    what: str
    format: str


class Implementation(msgspec.Struct, frozen=True):
    """What one implementation says of itself, and what a run saw of it.

    defaults    of its constructor; empty where it states none
    documented  whether a case without hyperparameters came out as its document says, with the
                reason where not; empty where there was none
    judged      dtypes in which it was compared with its own documentation
    missing     why it could not run here
    """

    name: str
    adapter: str
    version: str
    family: str
    claims: list[str]
    options: list[str]
    hyperparameters: list[str]
    dtypes: list[str]
    devices: list[str]
    state: list[str]
    settable: bool
    schedules: bool
    groups: list[str]
    gaps: dict[str, str]
    documentation: str
    defaults: dict[str, float | bool | str | None]
    documented: str = ""
    judged: list[str] = []
    held: list[Held] = []
    configurations: list[Configuration] = []
    missing: str = ""
    undriven: dict[str, str] = {}


class Facts(msgspec.Struct, frozen=True):
    """Every implementation of a run, and which run that was."""

    format: int
    run: str
    implementations: list[Implementation]

    def keep(self, wanted: Callable[[Implementation], bool]) -> Facts:
        """Those that are wanted."""
        kept = [item for item in self.implementations if wanted(item)]
        return msgspec.structs.replace(self, implementations=kept)


class Described(msgspec.Struct):
    """What is read of an implementation's description in ``adapters.json``."""

    name: str
    family: str
    claims: list[str]
    features: list[list[str]]
    hyperparameters: list[str]
    dtypes: list[str]
    devices: list[str]
    state: list[str]
    settable: bool = True
    schedules: bool = True
    groups: list[str] = []
    gaps: dict[str, str] = {}
    documentation: str = ""
    undriven: dict[str, str] = {}


class Unit(msgspec.Struct):
    """What is read of a group in ``units.json``."""

    implementation: str
    device: str
    features: str
    defaults: dict[str, float | bool | str | None] = {}
    rule: Rule | None = None


def read(path: Path) -> Facts:
    """The facts of a run folder, or of a file that holds some.  Raises UnreadableRun."""
    if path.is_file():
        try:
            found = msgspec.convert(read_json(path), Facts)
        except msgspec.ValidationError as error:
            raise UnreadableRun(
                f"{path} holds no facts ({error}); `conformance tables support RUN --format json` "
                "writes such a file"
            ) from error
        if found.format != FORMAT:
            raise UnreadableRun(f"{path} has format {found.format}; this version reads {FORMAT}")
        return found
    return facts(load(path))


def latest(runs: list[RunData]) -> list[tuple[RunData, list[str]]]:
    """Of several runs, each with the adapters of which it holds the last answers."""
    holders: dict[str, RunData] = {}
    for run in runs:
        for adapter, about in run.adapters.items():
            if adapter not in holders or not about.get("failure"):
                holders[adapter] = run
    return [
        (run, [adapter for adapter, holder in holders.items() if holder is run]) for run in runs
    ]


def together(runs: list[RunData]) -> Facts:
    """The facts of several runs: each adapter's from the last one that has it."""
    items: list[Implementation] = []
    said: list[str] = []
    for run, adapters in latest(runs):
        found = facts(run)
        items += [item for item in found.implementations if item.adapter in adapters]
        said.append(f"{found.run} ({', '.join(sorted(adapters))})" if said else found.run)
    return Facts(FORMAT, "; later ".join(said), sorted(items, key=lambda item: item.adapter))


def facts(run: RunData) -> Facts:
    """Everything that tables tell of a run."""
    groups = units(run)
    claimed = run.cells[run.cells.relation == "claimed"] if len(run.cells) else run.cells
    cells = dict(list(claimed.groupby("implementation"))) if len(claimed) else {}
    found = []
    for adapter, about in sorted(run.adapters.items()):
        missing = str(about.get("failure") or about.get("unavailable") or "")
        for item in described(run, about):
            own = [unit for unit in groups.get(adapter, []) if unit.implementation == item.name]
            found.append(
                implementation(
                    item,
                    adapter,
                    str(about.get("version", "")),
                    own,
                    cells.get(item.name, claimed[:0]),
                    missing or item.gaps.get("device", ""),
                )
            )
    return Facts(FORMAT, provenance(run), found)


def units(run: RunData) -> dict[str, list[Unit]]:
    """Each adapter's groups.  Raises UnreadableRun for a run that does not know their rules."""
    path = run.folder / "units.json"
    content = read_json(path)
    try:
        found = msgspec.convert(content, dict[str, list[Unit]])
    except msgspec.ValidationError as error:
        raise UnreadableRun(f"{path} is damaged: {error}") from error
    if not all("rule" in unit for group in content.values() for unit in group) or not content:
        raise UnreadableRun(
            f"{run.folder} was written before runs kept rules and defaults; run again"
        )
    return found


def described(run: RunData, about: dict[str, Any]) -> list[Described]:
    """An adapter's implementations as it describes them; none where it could not start."""
    try:
        return msgspec.convert(
            about.get("description", {}).get("implementations", []), list[Described]
        )
    except (msgspec.ValidationError, AttributeError) as error:
        raise UnreadableRun(f"{run.folder / 'adapters.json'} is damaged: {error}") from error


def implementation(
    item: Described,
    adapter: str,
    version: str,
    groups: list[Unit],
    cells: pandas.DataFrame,
    missing: str,
) -> Implementation:
    """One implementation from its description, groups and claimed cells."""
    return Implementation(
        name=item.name,
        adapter=adapter,
        version=version,
        family=item.family,
        claims=item.claims,
        options=["+".join(sorted(features)) for features in item.features],
        hyperparameters=item.hyperparameters,
        dtypes=item.dtypes,
        devices=item.devices,
        state=item.state,
        settable=item.settable,
        schedules=item.schedules,
        groups=item.groups,
        gaps=item.gaps,
        documentation=item.documentation,
        defaults=groups[0].defaults if groups else {},
        documented=documented(cells[cells["mode"] == "defaults"]) if len(cells) else "",
        judged=list(dict.fromkeys(cells.dtype)) if len(cells) else [],
        held=held(cells) if len(cells) else [],
        configurations=[configuration(unit, cells) for unit in groups],
        missing=missing,
        undriven=item.undriven,
    )


def configuration(unit: Unit, cells: pandas.DataFrame) -> Configuration:
    """One group with what its claimed cells came to."""
    if len(cells):
        cells = cells[(cells.features == unit.features) & (cells.device == unit.device)]
    verdict = str(of_many(cells.verdict) if len(cells) else Verdict.undocumented)
    whys = cells[cells.deviates > 0].why if len(cells) else ()
    return Configuration(unit.features, unit.device, unit.rule, verdict, list(dict.fromkeys(whys)))


def documented(cells: pandas.DataFrame) -> str:
    """Whether the constructor's defaults are the documented ones."""
    bad = cells[cells.verdict == DEVIATES]
    if cells.empty:
        return ""
    return "; ".join(dict.fromkeys(bad.why)) if len(bad) else "yes"


def held(cells: pandas.DataFrame) -> list[Held]:
    """How hyperparameters were held where that had to be known, by dtype."""
    cells = cells[cells.verdict == str(Verdict.representation)]
    found = {
        Held(str(dtype), what, format_)
        for dtype, why in zip(cells.dtype, cells.why, strict=True)
        for what, format_ in HELD.findall(why)
    }
    return sorted(found, key=lambda item: (item.what, item.dtype, item.format))


def as_json(found: Facts) -> str:
    """The file that :func:`read` reads, an implementation a line."""
    content = visible_content(msgspec.to_builtins(found))
    lines = ",\n".join(msgspec.json.encode(item).decode() for item in content["implementations"])
    run = msgspec.json.encode(content["run"]).decode()
    return f'{{"format":{FORMAT},"run":{run},"implementations":[\n{lines}\n]}}\n'
