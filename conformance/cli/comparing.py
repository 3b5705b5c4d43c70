"""``conformance diff``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli.console import UsageError, console, print_json
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports import diff as difference
from optimizer_conformance.reports import model

FORMATS = ("terminal", "markdown", "json")


def diff(
    a: Annotated[Path, typer.Argument(help="run folder, the earlier one")],
    b: Annotated[Path, typer.Argument(help="run folder, the later one")],
    by: Annotated[
        str, typer.Option("--by", help="group by " + ", ".join(difference.BY))
    ] = "implementation",
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            help="exit 1 where cells changed (added and removed ones too), where one is worse, or "
            "where any moved: " + ", ".join(difference.GATES),
        ),
    ] = "",
    across: Annotated[
        str, typer.Option("--across", help="'device': pair cells whatever device they ran on")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="also against documents that are not an implementation's")
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="also take runs that were interrupted")
    ] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help=", ".join(FORMATS))] = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """Compare two runs cell by cell.

    A cell is changed where its verdict, its reason or its first divergence is another one, and
    shifted where only its score or its bits did.

    [bold]Examples[/]

      conformance diff runs/before runs/after

      conformance diff runs/before runs/after --by version --fail-on worse

      conformance diff runs/cpu runs/cuda --across device --format markdown
    """
    for given, known in (
        (by, difference.BY),
        (fail_on or difference.GATES[0], difference.GATES),
        (across or "device", ("device",)),
        (format_, FORMATS),
    ):
        if given not in known:
            raise UsageError(f"{given!r} is none of these{suggestion(given, known)}")
    first, second = (model.load(folder, incomplete=incomplete) for folder in (a, b))
    found = difference.compare(first, second, others=everything, across=across)
    failing = bool(fail_on) and found.fails(fail_on)
    if as_json or format_ == "json":
        print_json({"exit_code": int(failing), **difference.content(found, by)})
    elif format_ == "markdown":
        typer.echo(difference.render(found, by), nl=False)
    else:
        difference.show(found, by, console)
        words = ", ".join(f"{count} {name}" for name, count in found.counts().items() if count)
        console.print(f"[bold]{words or 'no cells'}[/]")
    raise typer.Exit(int(failing))
