"""A whole run: several adapters side by side, into one run folder."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

import conformance
from conformance import environments, expectations, gate
from conformance.campaign import Campaign, Result
from conformance.expectations import FOLDER
from conformance.oracle import Oracle
from conformance.plan import Selection
from conformance.store import Run
from reports.findings import Finding, Kind

PACKAGES = ("reference", "adapters", "conformance")


class Listener:
    """Hears how a run goes; the CLI draws bars from it.  Calls come from several threads."""

    def progress(self, adapter: str, done: int, total: int, what: str) -> None:
        """``done`` of ``total`` units are finished; ``what`` is running now."""

    def finished(self, result: Result) -> None:
        """One adapter is done."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: everything in which it departs from what is expected."""

    folder: Path
    findings: list[Finding] = field(default_factory=list)

    @property
    def unexpected(self) -> int:
        """Cells that deviate where, or by how much, nothing expects it."""
        loud = (Kind.introduced, Kind.changed)
        return sum(finding.cells for finding in self.findings if finding.kind in loud)

    @property
    def stale(self) -> list[str]:
        """Entries whose deviation has gone, or that fit nothing: ``adapter: entry``."""
        silent = (Kind.gone, Kind.stale)
        found = (f"{item.adapter}: {item.entry}" for item in self.findings if item.kind in silent)
        return sorted(set(found))

    @property
    def missing(self) -> dict[str, str]:
        """Adapters that were asked for and could not run, with the reason."""
        absent = [item for item in self.findings if item.kind is Kind.missing]
        return {item.adapter: item.message.removeprefix(f"{item.adapter}: ") for item in absent}

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before it ended."""
        return any(finding.kind is Kind.interrupted for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """As design.md states them."""
        return gate.exit_code(self.findings)


def conduct(
    selection: Selection,
    folder: Path,
    *,
    requested: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
    jobs: int = 0,
    listener: Listener | None = None,
    commands: dict[str, list[str]] | None = None,
    expected: Path = FOLDER,
) -> Outcome:
    """Run everything that was selected into ``folder``.

    ``requested`` adapters must be able to start, ``required`` ones also to find a device;
    ``commands`` replaces the command that starts an adapter's worker (the tests' fakes);
    ``expected`` is the folder of the expectations files.
    Raises RunError for a folder that cannot be written, ExpectationError for a bad file.
    """
    started, cpu = time.monotonic(), time.process_time()
    names = [
        name for name in selection.adapters or environments.ADAPTERS if selection.reaches(name)
    ]
    # What brings most packages along tends to take longest; that shall not run alone at the end.
    names.sort(key=lambda name: -brought(name))
    campaigns, absent = prepare(names, selection, listener or Listener(), commands or {}, expected)
    conditions = provenance(selection, campaigns)
    run = Run(folder, conditions)
    for name, reason in absent.items():
        run.add(name, [], {"failure": reason})
    results, interrupted = side_by_side(campaigns, jobs, run, listener or Listener())

    failed = {result.adapter: result.failure for result in results if result.failure}
    missing = {name: reason for name, reason in absent.items() if name in requested + required}
    missing |= failed
    missing |= {name: why for name, why in without_device(results) if name in required}
    if not results and absent:
        missing |= absent
    findings = [gate.missing(name, reason) for name, reason in missing.items()]
    if interrupted:
        findings.append(gate.interrupted(folder))
    ledgers = {campaign.adapter: campaign.ledger for campaign in campaigns}
    for result in sorted(results, key=lambda item: item.adapter):
        findings += gate.examine(
            result.adapter,
            result.cells,
            ledgers[result.adapter],
            about=about(result),
            provenance=conditions,
            today=date.today(),
        )
    outcome = Outcome(folder, findings)
    if not interrupted:
        seconds = {
            "wall": time.monotonic() - started,
            "own": time.process_time() - cpu,
            "waited": {result.adapter: result.seconds_waited for result in results},
        }
        run.finish(
            {
                "cells": sum(
                    cell.relation == "claimed" for result in results for cell in result.cells
                ),
                "unexpected": outcome.unexpected,
                "stale": outcome.stale,
                "missing": missing,
                "findings": msgspec.to_builtins(findings),
                "exit_code": outcome.exit_code,
                "seconds": seconds,
            }
        )
    return outcome


def prepare(
    names: list[str],
    selection: Selection,
    listener: Listener,
    commands: dict[str, list[str]],
    expected: Path,
) -> tuple[list[Campaign], dict[str, str]]:
    """A campaign for each adapter that has an environment, and why the others have none."""
    campaigns, absent, oracle = [], {}, Oracle()
    for name in names:
        command = commands.get(name)
        if command is None:
            environment = environments.locate(name)
            if not environment.complete:
                absent[name] = f"no environment yet; `conformance env create {name}` makes it"
                continue
            command = environment.command

        def progress(done: int, total: int, what: str, name: str = name) -> None:
            listener.progress(name, done, total, what)

        ledger = expectations.ledger(name, expected)
        campaigns.append(Campaign(name, command, selection, ledger, progress, oracle))
    return campaigns, absent


def brought(name: str) -> int:
    """How many packages an adapter's environment holds; none for a command of the caller's."""
    return len(environments.locate(name).packages) if name in environments.ADAPTERS else 0


def side_by_side(
    campaigns: list[Campaign], jobs: int, run: Run, listener: Listener
) -> tuple[list[Result], bool]:
    """Run campaigns, ``jobs`` at a time; an interrupt keeps what is done."""
    results: list[Result] = []
    stop = threading.Event()
    interrupted = False
    with ThreadPoolExecutor(max_workers=jobs or os.cpu_count() or 1) as pool:
        waiting: set[Future[Result]] = set()
        for campaign in campaigns:
            campaign.stop = stop
            waiting.add(pool.submit(campaign.run))
        while waiting:
            try:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt:
                interrupted = True
                stop.set()
                continue
            for future in done:
                result = future.result()
                results.append(result)
                run.add(result.adapter, result.cells, about(result))
                listener.finished(result)
    return results, interrupted


def without_device(results: list[Result]) -> Iterator[tuple[str, str]]:
    """Adapters that started and found nothing to run on."""
    for result in results:
        if result.description and not result.description.devices:
            yield result.adapter, result.description.unavailable or "it found no device"


def about(result: Result) -> dict[str, Any]:
    """What is kept of an adapter beside its cells."""
    kept: dict[str, Any] = {
        "failure": result.failure,
        "complete": result.complete,
        "cells": len(result.cells),
    }
    if result.adapter in environments.ADAPTERS:
        kept["packages"] = environments.locate(result.adapter).packages
    if description := result.description:
        kept |= {
            "version": next(iter(description.versions.values()), ""),
            "versions": description.versions,
            "devices": description.devices,
            "flags": description.flags,
            "unavailable": description.unavailable,
            "implementations": [
                {
                    "name": item.name,
                    "claims": item.claims,
                    "gaps": item.gaps,
                    "documentation": item.documentation,
                    "dtypes": item.dtypes,
                }
                for item in description.implementations
            ],
        }
    return kept


def provenance(selection: Selection, campaigns: list[Campaign]) -> dict[str, Any]:
    """What has to be known to run the same again."""
    revision, dirty = git_state()
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "profile": selection.profile,
        "seed": selection.seed,
        "selection": {
            "adapters": selection.adapters,
            "implementations": selection.implementations,
            "variants": selection.variants,
            "dtypes": selection.dtypes,
            "devices": selection.devices,
            "modes": selection.modes,
            "cases": [case.identifier for case in selection.cases],
        },
        "suite": suite_hash(),
        "revision": revision,
        "dirty": dirty,
        "command": sys.argv[1:],
        "reasons": {
            entry.id: f"{entry.reason} ({entry.link})"
            for campaign in campaigns
            for entry in campaign.ledger.entries
        },
    }


def suite_hash() -> str:
    """SHA-256 of everything that decides a verdict."""
    top = Path(conformance.__file__).parent.parent
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((top / package).rglob("*")):
            if path.suffix in (".py", ".toml", ".txt"):
                digest.update(path.relative_to(top).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def git_state() -> tuple[str, bool]:
    """The commit of the checkout that this runs from, and whether it has changes."""
    top = Path(conformance.__file__).parent.parent
    if not (top / ".git").exists():
        return "", False

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(top), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except OSError:
        return "", False
