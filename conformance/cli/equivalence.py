"""``conformance equivalence``: which implementations can take each other's place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.equivalence.classes import mapped
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.rules import FAMILIES
from optimizer_conformance.reports import classes, equivalence, model, picture, sheets
from optimizer_conformance.reports.classes import Map, Panel
from optimizer_conformance.reports.model import FEATURES

FORMATS = ("terminal", "markdown", "json", "html", "svg")


def equivalence_(
    run: Annotated[
        Path, typer.Argument(help="run folder, or a map that --format json wrote", metavar="RUN")
    ],
    family: Annotated[str, typer.Option("--family", help="rmsprop or adam")] = "",
    options: Annotated[
        str | None,
        typer.Option("--options", help="one set, such as plain or centered+momentum"),
    ] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help=", ".join(FORMATS))] = "terminal",
    output: Annotated[
        Path | None, typer.Option("--output", "--out", "-o", help="file to write")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """Which implementations follow one rule, and for each two rules the case that separates them.

    With the same hyperparameters under the same names. A witness is an element of a case that ran:
    one class answered inside its own rule's bound and outside the other's.

    [bold]Examples[/]

      conformance equivalence runs/20261120T190000.000

      conformance equivalence runs/… --family rmsprop --options plain

      conformance equivalence runs/… --format html -o map.html

      conformance equivalence runs/… --family adam --options plain --format svg
    """
    chosen = "json" if as_json else format_
    if chosen not in FORMATS:
        raise UsageError(f"unknown format {chosen!r}{suggestion(chosen, FORMATS)}")
    found = opened(run).keep(wanted(family, options))
    if not found.panels:
        raise UsageError(f"{run} has no implementation with these options")
    if chosen == "svg" and len(found.panels) > 1:
        raise UsageError("a picture shows one set of options: name --family and --options")
    if chosen == "terminal" and output is None:
        equivalence.show(found, console)
        return
    text = rendered(found, chosen)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write(output, text.encode())


def opened(run: Path) -> Map:
    """The map of a run, or one that was kept."""
    if run.is_file():
        return classes.read(run)
    with errors.status("comparing the rules that were followed"):
        return mapped(model.load(run))


def wanted(family: str, options: str | None) -> Callable[[Panel], bool]:
    """Which panels were asked for."""
    names = set(filter(None, (options or "").removeprefix("plain").split("+")))
    for name, known in ((family, tuple(FAMILIES)), *((n, FEATURES) for n in names)):
        if name and name not in known:
            raise UsageError(f"{name!r} is none of these{suggestion(name, known)}")

    def keep(panel: Panel) -> bool:
        own = set(filter(None, panel.options.split("+")))
        return family in ("", panel.family) and (options is None or own == names)

    return keep


def rendered(found: Map, format_: str) -> str:
    """The map as text; a terminal's is written as Markdown."""
    if format_ == "json":
        return classes.as_json(found)
    if format_ == "html":
        return equivalence.html(found)
    if format_ == "svg":
        return picture.svg(found.panels[0])
    return sheets.markdown(equivalence.TITLE, equivalence.ABOUT, equivalence.sheets(found))
