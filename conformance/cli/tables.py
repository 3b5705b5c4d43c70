"""``conformance tables``: what is known of every implementation, from a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.devices.budgets import read
from optimizer_conformance.questions.devices.page import page
from optimizer_conformance.questions.equivalence.classes import mapped
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.rules import FAMILIES
from optimizer_conformance.reports import (
    classes,
    equivalence,
    facts,
    foreign,
    model,
    picture,
    sheets,
)
from optimizer_conformance.reports import defaults as defaults_table
from optimizer_conformance.reports import support as support_table
from optimizer_conformance.reports.classes import Map
from optimizer_conformance.reports.facts import Facts, ImplementationFacts
from optimizer_conformance.reports.model import FEATURES

FORMATS = ("terminal", "markdown", "json", "html", "csv")
FACTS, MAP = "implementations.json", "equivalence.json"
PICTURES = "assets/equivalence"

app = typer.Typer(
    help="Support matrix and defaults, generated from a run.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Source = Annotated[
    Path, typer.Argument(help="run folder, or a file that --format json wrote", metavar="RUN")
]
Implementations = Annotated[
    list[str] | None, typer.Option("--implementation", "-i", help="glob, such as 'torch:*'")
]
Family = Annotated[str, typer.Option("--family", help="rmsprop or adam")]
Option = Annotated[
    list[str] | None,
    typer.Option("--option", help="only what has it: " + ", ".join(FEATURES)),
]
DType = Annotated[
    list[str] | None, typer.Option("--dtype", help="only what has it, such as bfloat16")
]
Format = Annotated[str, typer.Option("--format", "-f", help=", ".join(FORMATS))]
Output = Annotated[Path | None, typer.Option("--output", "--out", "-o", help="file to write")]
AsJson = Annotated[bool, typer.Option("--json", help="the same as --format json")]


@app.command()
def support(
    run: Source,
    implementation: Implementations = None,
    family: Family = "",
    option: Option = None,
    dtype: DType = None,
    format_: Format = "terminal",
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Options, dtypes, devices, state, the rule followed, how 1-beta is formed, what is missing.

    [bold]Examples[/]

      conformance tables support runs/20261120T190000.000

      conformance tables support runs/… -i 'torch:*' --format markdown

      conformance tables support docs/implementations.json --option centered
    """
    chosen = "json" if as_json else format_
    deliver(support_table, run, picked(implementation, family, option, dtype), chosen, output)


@app.command()
def defaults(
    run: Source,
    implementation: Implementations = None,
    family: Family = "",
    option: Option = None,
    dtype: DType = None,
    format_: Format = "terminal",
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """What each constructor takes where nothing is given, and whether that is what is documented.

    [bold]Examples[/]

      conformance tables defaults runs/20261120T190000.000 --family rmsprop

      conformance tables defaults runs/… -i '*:Adam*' --format csv
    """
    chosen = "json" if as_json else format_
    deliver(defaults_table, run, picked(implementation, family, option, dtype), chosen, output)


@app.command()
def pages(
    runs: Annotated[
        list[Path],
        typer.Argument(help="run folders; a later one replaces its adapters", metavar="RUN"),
    ],
    docs: Annotated[Path, typer.Option(help="folder that holds the pages")] = Path("docs"),
) -> None:
    """Write the pages of the documentation that are made from a run: for this repository.

    The facts are written beside them, so that a test can tell whether the pages say the same.

    [bold]Examples[/]

      conformance tables pages runs/20261120T190000.000

      conformance tables pages runs/all runs/torch-again
    """
    if not docs.is_dir():
        raise UsageError(f"{docs} is no folder; name the one of the pages with --docs")
    with errors.status("comparing the rules that were followed"):
        data = [model.load(run) for run in runs]
        found, map_ = facts.together(data), mapped(*data)
    written = {FACTS: facts.as_json(found), MAP: classes.as_json(map_), **documents(found, map_)}
    (docs / PICTURES).mkdir(parents=True, exist_ok=True)
    for old in set((docs / PICTURES).glob("*.svg")) - {docs / name for name in written}:
        old.unlink()
    for name, text in written.items():
        write(docs / name, text.encode())
    console.print(f"{docs}: {len(written)} files", markup=False)


def documents(found: Facts, map_: Map) -> dict[str, str]:
    """Each page of the documentation that a run makes, and each picture, by path."""
    return {
        "support.md": rendered(support_table, found, "markdown"),
        "defaults.md": rendered(defaults_table, found, "markdown"),
        "equivalence.md": equivalence.markdown(map_, PICTURES),
        **{
            f"{PICTURES}/{panel.slug}.svg": picture.svg(panel)
            for panel in map_.panels
            if len(panel.classes) > 1
        },
    }


def picked(
    patterns: list[str] | None,
    family: str,
    options: list[str] | None,
    dtypes: list[str] | None,
) -> Callable[[ImplementationFacts], bool]:
    """Which implementations are wanted."""
    for name, known in (
        (family, ("", *FAMILIES)),
        *((o, FEATURES) for o in options or ()),
    ):
        if name not in known:
            raise UsageError(f"{name!r} is none of these{suggestion(name, filter(None, known))}")

    def keep(item: ImplementationFacts) -> bool:
        has = {name for listed in item.options for name in listed.split("+")}
        return (
            wanted(item.name, tuple(patterns or ()))
            and family in ("", item.family)
            and set(options or ()) <= has
            and set(dtypes or ()) <= set(item.dtypes)
        )

    return keep


def deliver(
    table: ModuleType,
    run: Path,
    keep: Callable[[ImplementationFacts], bool],
    format_: str,
    output: Path | None,
) -> None:
    """The table in one format, printed or written."""
    if format_ not in FORMATS:
        raise UsageError(f"unknown format {format_!r}{suggestion(format_, FORMATS)}")
    found = facts.read(run).keep(keep)
    if not found.implementations:
        raise UsageError(f"no implementation of {run} is wanted by all of these filters")
    if format_ == "terminal" and output is None:
        sheets.show(table.sheets(found), console)
        return
    text = rendered(table, found, format_)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write(output, text.encode())


def rendered(table: ModuleType, found: Facts, format_: str) -> str:
    """The table as text; a terminal's is written as Markdown."""
    if format_ == "json":
        return facts.as_json(found)
    if format_ == "csv":
        return sheets.comma_separated(table.sheets(found))
    words = f"{table.ABOUT} From a run of {found.run}."
    render = sheets.html if format_ == "html" else sheets.markdown
    return render(table.TITLE, words, table.sheets(found))


@app.command()
def device(
    runs: Annotated[list[Path], typer.Argument(help="run folders of the device", metavar="RUN")],
    primitives: Annotated[
        list[Path] | None, typer.Option("--primitives", help="what `conformance primitives` wrote")
    ] = None,
    host: Annotated[
        list[Path] | None, typer.Option("--host", help="run folder of the same cases on the host")
    ] = None,
    output: Output = None,
) -> None:
    """A device as a Markdown page: what ran, what departs, its primitives, the host beside it.

    [bold]Examples[/]

      conformance tables device runs/cuda --host runs/cpu
    """
    measured = [read(line) for path in primitives or () for line in foreign.text(path).splitlines()]
    beside = [model.load(folder, incomplete=True) for folder in host or ()]
    text = page([model.load(folder, incomplete=True) for folder in runs], measured, beside)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write(output, text.encode())
