"""What a run shows of each implementation: options, defaults, dtypes, state, the rule it follows.

Read from a run folder, or from the file that ``conformance tables --format json`` wrote of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pandas
from msgspec import UNSET

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.reports import formats
from optimizer_conformance.reports.folder import UnreadableRun, read_json
from optimizer_conformance.reports.markdown import provenance
from optimizer_conformance.reports.model import REASON, RunData, load
from optimizer_conformance.reports.reasons import Reason
from optimizer_conformance.reports.reasons import distinct as distinct_reasons
from optimizer_conformance.reports.records import Cause, StoredGroup, StoredRule
from optimizer_conformance.reports.text import visible_content
from optimizer_conformance.reports.verdicts import DEVIATES, Verdict, of_many

FORMAT = 3
AS_WRITTEN = "as written"


class Configuration(msgspec.Struct, frozen=True):
    """One set of options on one device.

    rule      None where no rule explains the answers
    verdict   against its own documentation, or ``undocumented``
    departs    why it deviates from that, wherever it does
    elsewhere  those of them that are put down to anything but a rule
    partly     those that are put down to a rule for some elements
    """

    options: str
    device: str
    rule: StoredRule | None
    verdict: str
    departs: list[str]
    elsewhere: list[Reason] = []
    partly: list[str] = []


class HeldIn(msgspec.Struct, frozen=True):
    """In which format something was held in cells that hyperparameters as written don't explain."""

    dtype: str
    what: str
    format: str


class ImplementationFacts(msgspec.Struct, frozen=True):
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
    held: list[HeldIn] = []
    configurations: list[Configuration] = []
    missing: str = ""
    undriven: dict[str, str] = {}


class Facts(msgspec.Struct, frozen=True):
    """Every implementation of a run, and which run that was."""

    format: int
    run: str
    implementations: list[ImplementationFacts]

    def keep(self, wanted: Callable[[ImplementationFacts], bool]) -> Facts:
        """Those that are wanted."""
        kept = [item for item in self.implementations if wanted(item)]
        return msgspec.structs.replace(self, implementations=kept)


def read(path: Path) -> Facts:
    """The facts of a run folder, or of a file that holds some.  Raises UnreadableRun."""
    if path.is_file():
        try:
            found = msgspec.convert(upgraded(read_json(path, visible_content)), Facts)
        except msgspec.ValidationError as error:
            raise UnreadableRun(
                f"{path} holds no facts ({error}); `conformance tables support RUN --format json` "
                "writes such a file"
            ) from error
        if found.format != FORMAT:
            raise UnreadableRun(f"{path} has format {found.format}; this version reads {FORMAT}")
        return found
    return facts(load(path))


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """The same of format 1, which called a rule's factors choices, and of 2: reasons were words."""
    if content.get("format") not in (1, 2) or not isinstance(content.get("implementations"), list):
        return content
    for item in content["implementations"]:
        for one in item.get("configurations", ()) if isinstance(item, dict) else ():
            if isinstance(one, dict):
                one["rule"] = formats.rule(one.get("rule"))
                one["elsewhere"] = formats.reasons(one.get("elsewhere", []))
    return content | {"format": FORMAT}


def latest(runs: list[RunData]) -> list[tuple[RunData, list[str]]]:
    """Of several runs, each with the adapters of which it holds the last answers."""
    holders: dict[str, RunData] = {}
    for run in runs:
        for adapter, about in run.adapters.items():
            if adapter not in holders or not about.failure:
                holders[adapter] = run
    return [
        (run, [adapter for adapter, holder in holders.items() if holder is run]) for run in runs
    ]


def together(runs: list[RunData]) -> Facts:
    """The facts of several runs: each adapter's from the last one that has it."""
    items: list[ImplementationFacts] = []
    said: list[str] = []
    for run, adapters in latest(runs):
        found = facts(run)
        items += [item for item in found.implementations if item.adapter in adapters]
        said.append(f"{found.run} ({', '.join(sorted(adapters))})" if said else found.run)
    return Facts(FORMAT, "; later ".join(said), sorted(items, key=lambda item: item.adapter))


def facts(run: RunData) -> Facts:
    """Everything that tables tell of a run."""
    groups = groups_of(run)
    claimed = run.cells[run.cells.relation == "claimed"] if len(run.cells) else run.cells
    cells = dict(list(claimed.groupby("implementation"))) if len(claimed) else {}
    found = []
    for adapter, about in sorted(run.adapters.items()):
        for item in about.description.implementations if about.description else ():
            own = [group for group in groups.get(adapter, []) if group.implementation == item.name]
            found.append(
                implementation(
                    item,
                    adapter,
                    about.version,
                    own,
                    cells.get(item.name, claimed[:0]),
                    about.missing or item.gaps.get("device", ""),
                )
            )
    return Facts(FORMAT, provenance(run), found)


def groups_of(run: RunData) -> dict[str, list[StoredGroup]]:
    """Each adapter's groups.  Raises UnreadableRun for a run that does not know their rules."""
    every = [group for groups in run.groups.values() for group in groups]
    if not run.groups or any(group.rule is UNSET for group in every):
        raise UnreadableRun(
            f"{run.folder} was written before runs kept rules and defaults; run again"
        )
    return run.groups


def implementation(
    item: Implementation,
    adapter: str,
    version: str,
    groups: list[StoredGroup],
    cells: pandas.DataFrame,
    missing: str,
) -> ImplementationFacts:
    """One implementation from its description, groups and claimed cells."""
    return ImplementationFacts(
        name=item.name,
        adapter=adapter,
        version=version,
        family=item.family,
        claims=item.claims,
        options=["+".join(sorted(features)) for features in item.features],
        hyperparameters=item.hyperparameters,
        dtypes=list(item.dtypes),
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
        configurations=[configuration(group, cells) for group in groups],
        missing=missing,
        undriven=item.undriven,
    )


def configuration(group: StoredGroup, cells: pandas.DataFrame) -> Configuration:
    """One group with what its claimed cells came to."""
    if len(cells):
        cells = cells[(cells.features == group.features) & (cells.device == group.device)]
    verdict = str(of_many(cells.verdict) if len(cells) else Verdict.undocumented)
    bad = cells[cells.deviates > 0] if len(cells) else cells
    rules = [str(cause) for cause in (Cause.rule, Cause.partly, Cause.unexplained)]
    return Configuration(
        group.features,
        group.device,
        group.followed,
        verdict,
        departs=distinct(bad.why) if len(bad) else [],
        elsewhere=reasons(bad[~bad.cause.isin(rules)]) if len(bad) else [],
        partly=distinct(bad[bad.cause == str(Cause.partly)].why) if len(bad) else [],
    )


def reasons(bad: pandas.DataFrame) -> list[Reason]:
    """Why these cells deviate, each reason once."""
    return distinct_reasons(zip(*(bad[name] for name in REASON), strict=True))


def distinct(words: Iterable[str]) -> list[str]:
    """Each once, in the order in which they came."""
    return list(dict.fromkeys(words))


def documented(cells: pandas.DataFrame) -> str:
    """Whether the constructor's defaults are the documented ones."""
    bad = cells[cells.verdict == DEVIATES]
    if cells.empty:
        return ""
    return "; ".join(dict.fromkeys(bad.why)) if len(bad) else "yes"


def held(cells: pandas.DataFrame) -> list[HeldIn]:
    """How hyperparameters were held where that had to be known, by dtype."""
    cells = cells[cells.verdict == str(Verdict.representation)]
    found = {
        HeldIn(str(dtype), what, format_)
        for dtype, said in zip(cells.dtype, cells.held, strict=True)
        for what, _, format_ in (word.partition("=") for word in said.split("; ") if word)
    }
    return sorted(found, key=lambda item: (item.what, item.dtype, item.format))


def as_json(found: Facts) -> str:
    """The file that :func:`read` reads, an implementation a line."""
    content = visible_content(msgspec.to_builtins(found))
    lines = ",\n".join(msgspec.json.encode(item).decode() for item in content["implementations"])
    run = msgspec.json.encode(content["run"]).decode()
    return f'{{"format":{FORMAT},"run":{run},"implementations":[\n{lines}\n]}}\n'
