"""``conformance history``."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli.console import (
    UsageError,
    console,
    errors,
    json_text,
    print_json,
)
from optimizer_conformance.cli.progress import Bars
from optimizer_conformance.cli.running import known_profile
from optimizer_conformance.questions.history.editions import edition
from optimizer_conformance.questions.history.frameworks import (
    KNOWN,
    Framework,
    UnknownFramework,
    framework,
    frameworks,
    releases,
)
from optimizer_conformance.questions.history.growth import Gardener, Growth, release_in
from optimizer_conformance.questions.history.record import (
    HistoryRecord,
    ReleaseFolder,
    record,
    root,
    selection_of,
)
from optimizer_conformance.questions.history.timeline import Timeline
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports import diff
from optimizer_conformance.reports import history as report
from optimizer_conformance.reports.paragraphs import things
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers.interpreters import Interpreter, Wish
from optimizer_conformance.workers.pythons import NoInterpreter

FORMATS = ("terminal", "markdown", "html", "json")


def history(
    name: Annotated[
        str, typer.Argument(metavar="FRAMEWORK", help="see --list; or any adapter")
    ] = "",
    more: Annotated[
        list[str] | None, typer.Argument(metavar="VERSIONS", help="further releases", hidden=True)
    ] = None,
    versions: Annotated[
        list[str] | None,
        typer.Option("--versions", help="releases: 0.2.0 0.2.8, or with commas"),
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="quick, default or full")] = "quick",
    seed: Annotated[int, typer.Option("--seed", help="of the cases")] = 0,
    only: Annotated[
        bool, typer.Option("--only", help="show these releases, not all that are kept")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="also show what is the same in every release")
    ] = False,
    python: Annotated[
        list[str] | None,
        typer.Option(
            "--python",
            help="an interpreter that has a release (a program, a virtual environment's folder, "
            "an adapter's environment), or 3.9=/usr/bin/python3.9 to make environments with",
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", help="a release in an environment made of this: ./x.whl, ./dir"),
    ] = None,
    index_url: Annotated[str, typer.Option(help="where pip looks for --with")] = "",
    pre: Annotated[bool, typer.Option("--pre", help="--with takes pre-releases")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="folder of the histories; default in the cache")
    ] = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="delete each environment once its release was run")
    ] = False,
    fail_on: Annotated[
        str,
        typer.Option("--fail-on", help="exit 1 where a step changed: " + ", ".join(diff.GATES)),
    ] = "",
    list_: Annotated[
        bool, typer.Option("--list", help="which frameworks, and which releases are kept")
    ] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help=", ".join(FORMATS))] = "terminal",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="write to this file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """What changed between releases of a framework, cell by cell and in words.

    Each release gets an environment of its own and the same cases. What was run is kept: the next
    time only releases that are new are run, and all that are kept are shown. A release is run again
    when the suite has changed. Exits with 3 when a release could not be run.

    [bold]Examples[/]

      conformance history optax --versions 0.1.5 0.2.3 0.2.8

      conformance history optax --versions 0.2.4

      conformance history torch --python torch --python ~/nightly/bin/python

      conformance history torch --with ./dist/torch-2.14.0a0-….whl

      conformance history optax --format html -o optax.html

      conformance history --list
    """
    format_ = "json" if as_json else format_
    for given, known in ((format_, FORMATS), (fail_on or diff.GATES[0], diff.GATES)):
        if given not in known:
            raise UsageError(f"{given!r} is none of these{suggestion(given, known)}")
    if list_ or not name:
        listed(keep, as_json)
        return
    try:
        chosen = framework(name)
        hosts = hosted(chosen, python or [], Wish("", tuple(with_ or ()), index_url, pre))
        asked = releases([*(versions or ()), *(more or ()), *hosts])
    except (UnknownFramework, NoInterpreter) as error:
        raise UsageError(str(error)) from error
    selection = selection_of(chosen, known_profile(profile), seed)
    kept = record(chosen, selection, keep)
    quiet = format_ != "terminal"
    with Bars(quiet=quiet) as bar:
        grown = Gardener(
            chosen,
            selection,
            kept,
            bar,
            pythons=dict(parsed(text) for text in python or () if "=" in text),
            hosts=hosts,
            discard=discard,
            say=lambda line: errors.print(escape(line)),
        ).grow(asked)
    timeline = gathered(chosen.name, kept, asked if only else [])
    if not timeline.editions and not grown.failed:
        raise UsageError(f"nothing is kept of {name} yet; give releases: --versions A B C")
    output(timeline, grown, format_, out, everything=everything)
    if grown.failed:
        raise typer.Exit(3)
    failing = bool(fail_on) and any(step.fails(fail_on) for step in timeline.steps)
    raise typer.Exit(int(failing))


def hosted(framework: Framework, pythons: list[str], wish: Wish) -> dict[str, Interpreter]:
    """The releases that are there already: in interpreters that are named, or made of wishes.

    Beside requirements an interpreter without a version is what they are installed for.
    """
    places = [text for text in pythons if "=" not in text]
    if (wish.index_url or wish.pre) and not wish.requirements:
        raise UsageError("--index-url and --pre say how --with is installed; give --with too")
    wishes = [Wish(text) for text in places]
    if wish.requirements:
        if len(places) > 1:
            raise UsageError("--with is installed for one --python; give the others without it")
        wishes = [replace(wish, python="".join(places))]
    found = [item.interpreter(lambda line: errors.print(escape(line))) for item in wishes]
    return {release_in(host, framework): host for host in found if host}


def parsed(text: str) -> tuple[str, Path]:
    """``3.9=/path/to/python``."""
    version, _, path = text.partition("=")
    if version not in KNOWN or not path:
        raise UsageError(
            f"{text!r} names no interpreter; give VERSION=PATH with one of {', '.join(KNOWN)}"
        )
    if not Path(path).is_file():
        raise UsageError(f"--python {text}: there is no such file")
    return version, Path(path)


def gathered(name: str, kept: HistoryRecord, only: list[str]) -> Timeline:
    """The releases that can be compared: whole runs of this version of the suite."""
    places = [place for place in kept.places() if not only or place.version in only]
    old = [place for place in places if place.complete and not place.current]
    stale = [place.version for place in old]
    notes = []
    if stale:
        words = ", ".join(stale)
        notes.append(
            f"{name} {words} {'was' if len(stale) == 1 else 'were'} judged by another version of "
            f"the suite and left out; `conformance history {name} {again(old)}` "
            "runs again what has changed"
        )
    usable = [place for place in places if place.complete and place.current]
    return Timeline(name, tuple(edition(place) for place in usable), tuple(notes))


def again(places: list[ReleaseFolder]) -> str:
    """What names these releases on a command line: a version, or the interpreter that has it."""
    hosts = {place.version: place.release().host for place in places}
    named = [version for version, host in hosts.items() if not host]
    options = [f"--python {shlex.quote(host)}" for host in hosts.values() if host]
    return " ".join([*(["--versions", *named] if named else []), *options])


def output(
    timeline: Timeline, grown: Growth, format_: str, out: Path | None, *, everything: bool
) -> None:
    """Show the history, or write it."""
    if format_ == "terminal" and out is None:
        report.show(timeline, console, everything=everything)
        return
    if format_ == "json":
        text = json_text({"failed": grown.failed, **report.content(timeline)}) + "\n"
    elif format_ == "html":
        text = report.page(timeline, everything=everything)
    else:
        text = report.render(timeline, everything=everything)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}; give another file with --out") from error


def listed(keep: Path | None, as_json: bool) -> None:
    """Which frameworks there are, and what is kept of each."""
    folder = keep or root()
    found: dict[str, dict[str, list[str]]] = {name: {} for name in frameworks()}
    for path in sorted(folder.glob("*/*/")):
        places = HistoryRecord(path).places()
        if places:
            found.setdefault(path.parent.name, {})[path.name] = [
                place.version + ("" if place.complete and place.current else " (to be run again)")
                for place in places
            ]
    if as_json:
        print_json({"folder": str(folder), "frameworks": found})
        return
    rows = [
        (name, driver(name), selection, ", ".join(versions) or "–")
        for name, kept in found.items()
        for selection, versions in (kept or {"–": []}).items()
    ]
    things(console, ("framework", "driven by", "profile and seed", "releases"), rows)
    console.print(f"[dim]kept in {escape(folder)}; any adapter is a framework too[/]")


def driver(name: str) -> str:
    """The adapter of a framework, where there still is one."""
    try:
        return framework(name).adapter
    except UnknownFramework:
        return "–"
