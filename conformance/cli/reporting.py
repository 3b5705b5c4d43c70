"""``conformance report`` and ``conformance reproduce``."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli import losses
from optimizer_conformance.cli.console import (
    Spoken,
    UsageError,
    console,
    errors,
    json_text,
    print_json,
)
from optimizer_conformance.cli.publishing import (
    badges,
    folder,
    last_run,
    loaded,
    serve,
    site,
    write,
)
from optimizer_conformance.expectations import gate
from optimizer_conformance.questions import attempted, stated
from optimizer_conformance.reference import examples
from optimizer_conformance.reference.digits import DataError
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports import (
    badge,
    exported,
    findings,
    html,
    junit,
    markdown,
    model,
    sarif,
    terminal,
    workflow,
)
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.text import escape


def as_json_text(run: model.RunData) -> str:
    """The run as JSON."""
    return json_text(exported.content(run, attempted.content(run))) + "\n"


def as_markdown(run: model.RunData) -> str:
    """The run as Markdown, with the formulas of its rules."""
    return markdown.render(run, stated.rules_of(run))


RENDER: dict[str, Callable[[model.RunData], str]] = {
    "markdown": as_markdown,
    "html": html.render,
    "csv": model.csv,
    "json": as_json_text,
    "junit": junit.render,
    "sarif": sarif.render,
    "badge": badge.render,
    "summary": markdown.brief,
    "annotations": workflow.render,
}
FORMATS = ("terminal", *RENDER, "badges", "parquet")
SERVE = "serve"  # in place of a run folder
# What CI takes from a run: a file each.
BUNDLE = {
    "conformance.html": "html",
    "conformance.junit.xml": "junit",
    "conformance.sarif": "sarif",
    "conformance.badge.json": "badge",
    "conformance.json": "json",
    "summary.md": "summary",
}


def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[serve] [RUN]...",
            help="run folder; the last of runs/. Several are shown as one",
        ),
    ] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help=", ".join(FORMATS))] = "terminal",
    output: Annotated[
        Path | None, typer.Option("--output", "--out", "-o", help="file to write")
    ] = None,
    bundle_: Annotated[
        Path | None,
        typer.Option("--bundle", help="folder to write what CI takes: " + ", ".join(BUNDLE)),
    ] = None,
    gate_: Annotated[
        bool, typer.Option("--gate", help="list what is unexpected, and exit as the run did")
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="also show a run that was interrupted")
    ] = False,
    long: Annotated[
        bool, typer.Option("--long", help="also scores, options and the first case of each")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="of a site: also what changed since this earlier run"),
    ] = None,
    page: Annotated[
        str, typer.Option("--page", help="address of its site: what is written leads there")
    ] = "",
    elements: Annotated[
        list[str] | None,
        typer.Option(
            "--elements",
            help="of a site: compute each element of this implementation's cells again; a glob",
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", help="of `report serve`; 0: any that is free")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """Show a run again, in any format; with --gate also decide.

    [bold]serve[/] answers on this machine alone, fills in cells while the run goes on, and computes
    every element of a cell when asked.

    [bold]Examples[/]

      conformance report

      conformance report runs/20261120T190000.000 --long

      conformance report runs/… --format html --output report.html

      conformance report runs/after -f html --out report --against runs/before

      conformance report serve runs/20261120T190000.000

      conformance report runs/on-cpu runs/on-gpu --format html --out report

      conformance report runs/… --format badges --out badges

      conformance report runs/… -f sarif --page https://example.org -o run.sarif

      conformance report runs/… --bundle reports --gate
    """
    named = list(runs or ())
    if named and str(named[0]) == SERVE:
        serve(*named[1:], port=port)
        return
    chosen = "json" if as_json else format_
    folders = named or [last_run()]
    if chosen == "html" and output is not None and not output.suffix:
        site(folders, output, against, incomplete=incomplete, elements=tuple(elements or ()))
        return
    only_of_a_site(against, elements)
    known_format(chosen, output)
    data = loaded(folders, incomplete=incomplete, page=page)
    if chosen == "badges" and output is not None:
        badges(data, output)
    elif bundle_ is not None:
        bundle(data, bundle_)
    elif output is not None:
        write(output, rendered(chosen, data, long=long))
        console.print(f"wrote {escape(output)}")
    elif chosen != "terminal":
        typer.echo(rendered(chosen, data, long=long).decode(), nl=False)
    elif not gate_:
        rules, tried = stated.rules_of(data), attempted.lines(data, long=long)
        terminal.show(data, console, rules=rules, tried=tried, long=long)
    if gate_:
        decide(data)


def known_format(name: str, output: Path | None) -> None:
    """Whether a format exists, and has a file where it needs one."""
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}{suggestion(name, FORMATS)}")
    if name == "parquet" and output is None:
        raise UsageError("--format parquet is a binary file: name it with --output")
    if name == "badges" and output is None:
        raise UsageError("--format badges is a file an implementation: name a folder with --out")


def rendered(name: str, data: model.RunData, *, long: bool) -> bytes:
    """A format as a file holds it."""
    if name == "parquet":
        return model.parquet_bytes(data)
    return (as_terminal(data, long=long) if name == "terminal" else RENDER[name](data)).encode()


def as_terminal(data: model.RunData, *, long: bool) -> str:
    """What a pipe gets."""
    there = Spoken(file=io.StringIO(), highlight=False, emoji=False)
    rules, tried = stated.rules_of(data), attempted.lines(data, long=long)
    terminal.show(data, there, rules=rules, tried=tried, long=long)
    assert isinstance(there.file, io.StringIO)
    return there.file.getvalue()


def only_of_a_site(against: Path | None, elements: list[str] | None) -> None:
    """Whether something was asked for that only a site has."""
    for name, given in (("against", against), ("elements", elements)):
        if given:
            raise UsageError(f"--{name} is for a site: give --format html --out DIR as well")


def bundle(data: model.RunData, target: Path) -> None:
    """Write what CI takes from a run into a folder."""
    folder(target)
    for name, kind in BUNDLE.items():
        write(target / name, RENDER[kind](data).encode())
    console.print(f"wrote {', '.join(BUNDLE)} to {escape(target)}")


def decide(data: model.RunData) -> None:
    """Say what is unexpected, and leave with the exit code of the run."""
    found = findings.recorded(data)
    if not data.footer:
        found.append(gate.interrupted(data.folder))
    terminal.findings(found, errors)
    code = gate.exit_code(found)
    if not code:
        console.print("[green]As expected[/]")
    raise typer.Exit(code)


def reproduce(
    digits: Annotated[
        bool, typer.Option("--digits", help="also train MATLAB's digit network; takes minutes")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="MathWorks' images as .npz or .mat; else scikit-learn's"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="of the training")] = 0,
    book: Annotated[
        bool, typer.Option("--book", help="only the book's two losses, once a seed")
    ] = False,
    airfoil: Annotated[
        Path | None,
        typer.Option("--airfoil", help="the book's data; else AIRFOIL_DATA, or its address"),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="of the book's training")] = 200,
    rows: Annotated[
        int, typer.Option("--rows", min=100, max=1503, help="of the book's data")
    ] = 1503,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Run the documents' examples and compare what they print, to the printed digit.

    What cannot be obtained here is listed with what it would take. (`conformance repro` is another
    command: it makes a script of a deviation.)

    [bold]Examples[/]

      conformance reproduce

      conformance reproduce --digits

      conformance reproduce --digits --data digits.mat

      conformance reproduce --book --airfoil airfoil_self_noise.dat
    """
    if book:
        losses.reproduce(airfoil, seeds=seeds, rows=rows, as_json=as_json)
    if airfoil is not None:
        raise UsageError("--airfoil is for --book: give both")
    if data is not None and not digits:
        raise UsageError("--data is for --digits: give both")
    results = [*examples.reproduce(), *examples.losses()]
    try:
        results += examples.trained(path=data, seed=seed) if digits else examples.accuracies()
    except DataError as error:
        raise RunError(str(error)) from error
    if as_json:
        print_json([vars(result) | {"matches": result.matches} for result in results])
    else:
        show_examples(results)
    raise typer.Exit(1 if any(result.differs for result in results) else 0)


def show_examples(results: list[examples.Example]) -> None:
    """What differs and what cannot be obtained in full, and a line for each that matches."""
    words = Words(console)
    kinds = {
        "differ": ("bold red", [item for item in results if item.differs]),
        "need something that is not here": (
            "bold yellow",
            [item for item in results if item.needs],
        ),
        "match": ("bold green", [item for item in results if item.matches]),
    }
    for told, (style, members) in kinds.items():
        if members:
            words.say(f"{len(members)} {told}", style=style)
        for item in members:
            words.say(example_line(item), start="  ", indent=4)


def example_line(item: examples.Example) -> str:
    """One example: what its document says, what came out, or what it would take."""
    implied = "" if item.printed else " (not printed: what its numbers come to)"
    told = f"needs {item.needs}" if item.needs else f"obtained {item.obtained}"
    if item.matches and item.obtained == item.documented:
        return f"{item.example}: {item.documented}{implied}"
    return f"{item.example}: documented {item.documented}{implied}, {told}"
