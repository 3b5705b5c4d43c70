"""``conformance doctor``, and what of ``list`` asks workers."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.cases.patterns import reaches, wanted
from optimizer_conformance.cli.console import console, errors, print_json
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.cli.listing import text
from optimizer_conformance.cli.names import known_adapters
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.interpreters import chosen, current
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.sandbox import missing_walls, said


def adapters(pattern: str) -> Iterator[dict[str, Any]]:
    """A row an adapter."""
    for name in environments.ADAPTERS:
        if wanted(name, (pattern,)):
            environment = environments.locate(name)
            yield {
                "adapter": name,
                "environment": "ready" if environment.complete else "missing",
                "requirements": environment.enrolment.pins,
            }


def implementations(pattern: str) -> Iterator[dict[str, Any]]:
    """A row an implementation of every adapter that starts here."""
    for name, found in greetings(name for name in environments.ADAPTERS if reaches(name, pattern)):
        if isinstance(found, Description):
            for item in found.implementations:
                if wanted(item.name, (pattern,)):
                    yield {
                        "implementation": item.name,
                        "claims": item.claims,
                        "options": ["+".join(features) or "plain" for features in item.features],
                        "dtypes": item.dtypes,
                        "devices": item.devices or [item.gaps.get("device", found.unavailable)],
                    }
        elif pattern == "*":
            errors.print(escape(f"{name}: {found}"))


def greetings(names: Iterable[str]) -> list[tuple[str, Description | str]]:
    """Start each adapter's worker, and keep what it says of itself or why it cannot."""

    def greet(name: str) -> tuple[str, Description | str]:
        environment = environments.locate(name)
        if not environment.complete:
            return name, environment.absence
        try:
            with Worker(environment.command) as worker:
                return name, worker.hello()
        except WorkerError as error:
            remedy = f"; `conformance env create --fresh {name}` rebuilds it"
            return name, f"{error}{'' if chosen() else remedy}"

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(greet, names))


def missing(pattern: str) -> Iterator[dict[str, Any]]:
    """A row a public optimizer of an installed framework that no adapter drives."""
    for name, found in greetings(name for name in environments.ADAPTERS if reaches(name, pattern)):
        if isinstance(found, Description):
            release = " ".join(next(iter(found.versions.items()), ()))
            for other in found.others:
                if wanted(f"{name}:{other}", (pattern,)):
                    yield {"adapter": name, "release": release, "no row drives": other}
        elif pattern == "*":
            errors.print(escape(f"{name}: {found}"))


def note(found: Description) -> str:
    """Why nothing runs here, or which implementations do not, and why."""
    reasons: dict[str, list[str]] = {}
    for item in found.implementations if found.devices else ():
        if not item.devices:
            places = ("device", *found.devices)
            why = next((item.gaps[key] for key in places if key in item.gaps), "no reason is given")
            reasons.setdefault(why, []).append(item.name.partition(":")[2])
    return found.unavailable or "; ".join(
        f"not {', '.join(names)}: {why}" for why, names in reasons.items()
    )


@interpreting
def doctor(
    adapter: Annotated[list[str] | None, typer.Argument(help="adapters; all when none")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """What can run here, what cannot, why, and the command that would fix it.

    Exits 3 when an adapter that was named cannot run.
    """
    names = known_adapters(adapter or environments.ADAPTERS)
    rows, broken = [], False
    for name, found in greetings(names):
        runs = isinstance(found, Description) and bool(found.devices)
        broken |= not runs and adapter is not None
        rows.append(
            {
                "adapter": name,
                "runs": runs,
                "versions": found.versions if isinstance(found, Description) else {},
                "devices": found.devices if isinstance(found, Description) else {},
                "implementations": len(found.implementations)
                if isinstance(found, Description)
                else 0,
                "note": note(found) if isinstance(found, Description) else found,
                "others": found.others if isinstance(found, Description) else [],
            }
        )
    if as_json:
        print_json(
            {
                "python": platform.python_version(),
                "cache": str(environments.root()),
                "missing_walls": missing_walls(),
                "adapters": rows,
            }
        )
        raise typer.Exit(3 if broken else 0)
    console.print(f"Python {platform.python_version()} at {sys.executable}")
    console.print(f"environments under {environments.root()}")
    if host := current():
        console.print(f"asked in Python {host.version} at {host.path}")
    if missing := missing_walls():
        console.print(f"walls that are missing here: {said(missing)}")
    else:
        console.print("workers are confined: every wall of docs/sandbox.md stands here")
    show_rows(rows, alone=adapter is not None)
    raise typer.Exit(3 if broken else 0)


def show_rows(rows: list[dict[str, Any]], *, alone: bool) -> None:
    """What can run, what cannot and why, and one line that makes what is not made.

    What no row drives is told of adapters that were named.
    """
    words = Words(console)
    ready = [row for row in rows if row["runs"]]
    absent = [row for row in rows if not environments.locate(row["adapter"]).complete]
    broken = [row for row in rows if not row["runs"] and row not in absent]
    for title, style, members in (
        (f"can run: {len(ready)}", "bold green", ready),
        (f"cannot run: {len(broken)}", "bold red", broken),
    ):
        if members:
            words.say(title, style=style)
        for row in members:
            words.say(described(row), start="  ", indent=4)
            if row["others"] and alone:
                others = ", ".join(row["others"])
                words.say(f"public, and driven by no row: {others}", start="    ", indent=6)
    if absent:
        names = " ".join(str(row["adapter"]) for row in absent)
        if place := chosen():  # nothing is installed there
            words.say(f"{place} lacks what these drive: {len(absent)}", style="bold yellow")
            reasons = [f"{row['adapter']}: {row['note']}" for row in absent]
            for line in reasons if alone else [names]:
                words.say(line, start="  ", indent=4)
            return
        words.say(f"not made: {len(absent)}", style="bold yellow")
        words.command(f"conformance env create {names}")


def described(row: dict[str, Any]) -> str:
    """One adapter: its versions, devices, implementations, and what there is to note."""
    versions = dict(row["versions"])
    own = versions.pop(row["adapter"], "")
    said = [own, text(versions), f"on {', '.join(row['devices'])}" if row["devices"] else ""]
    count = row["implementations"]
    said.append(f"{count} implementation{'s' * (count != 1)}" if row["runs"] else "")
    about = ", ".join(filter(None, said))
    return ": ".join(filter(None, [" ".join(filter(None, [row["adapter"], about])), row["note"]]))
