"""``conformance report`` and ``conformance reproduce``."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optimizer_conformance.cli import losses
from optimizer_conformance.cli.console import UsageError, console, errors, json_text, print_json
from optimizer_conformance.expectations import gate
from optimizer_conformance.questions import attempted, stated
from optimizer_conformance.reference import examples
from optimizer_conformance.reference.digits import DataError
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
    web,
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
FORMATS = ("terminal", *RENDER, "parquet")
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
    run: Annotated[Path | None, typer.Argument(help="run folder; the last of runs/")] = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """Show a run again, in any format; with --gate also decide.

    [bold]Examples[/]

      conformance report

      conformance report runs/20261120T190000.000 --long

      conformance report runs/… --format html --output report.html

      conformance report runs/after --format html --out report --against runs/before

      conformance report runs/… --bundle reports --gate
    """
    chosen = "json" if as_json else format_
    if chosen == "html" and output is not None and not output.suffix:
        site(run or last_run(), output, against, incomplete=incomplete)
        return
    only_of_a_site(against)
    if chosen not in FORMATS:
        raise UsageError(f"unknown format {chosen!r}; known are {', '.join(FORMATS)}")
    if chosen == "parquet" and output is None:
        raise UsageError("--format parquet is a binary file: name it with --output")
    data = model.load(run or last_run(), incomplete=incomplete)
    if bundle_ is not None:
        bundle(data, bundle_)
    elif chosen == "parquet":
        assert output is not None
        write(output, model.parquet_bytes(data))
    elif chosen != "terminal":
        rendered = RENDER[chosen](data)
        if output is None:
            typer.echo(rendered, nl=False)
        else:
            write(output, rendered.encode())
    elif not gate_ and output is None:
        rules, tried = stated.rules_of(data), attempted.lines(data)
        terminal.show(data, console, rules=rules, tried=tried, long=long)
    elif output is not None:
        write(output, as_terminal(data, long=long).encode())
    if output is not None and bundle_ is None:
        console.print(f"wrote {escape(output)}", soft_wrap=True)
    if gate_:
        decide(data)


def last_run() -> Path:
    """The run folder in ``runs`` that was begun last.  Raises UsageError where there is none."""
    found = [path.parent for path in Path("runs").glob("*/provenance.json")]
    if not found:
        raise UsageError("runs/ holds no run: name a run folder, or make one: `conformance run`")
    return max(found, key=lambda folder: (folder / "provenance.json").stat().st_mtime)


def as_terminal(data: model.RunData, *, long: bool) -> str:
    """What a pipe gets."""
    there = Console(file=io.StringIO(), highlight=False, emoji=False)
    rules, tried = stated.rules_of(data), attempted.lines(data)
    terminal.show(data, there, rules=rules, tried=tried, long=long)
    assert isinstance(there.file, io.StringIO)
    return there.file.getvalue()


def only_of_a_site(against: Path | None) -> None:
    """Whether an earlier run was named where it says nothing."""
    if against is not None:
        raise UsageError("--against is for a site: give --format html --out DIR as well")


def site(run: Path, target: Path, against: Path | None, *, incomplete: bool) -> None:
    """Write the report as a site that opens without a server."""
    from optimizer_conformance.questions import exhibits  # noqa: PLC0415 - only a site needs it

    data = model.load(run, incomplete=incomplete)
    earlier = model.load(against, incomplete=incomplete) if against else None
    folder(target)
    files = web.write(data, target, exhibits.exhibits(data), earlier)
    console.print(f"wrote {len(files)} files; open {escape(target / 'index.html')}", soft_wrap=True)


def bundle(data: model.RunData, target: Path) -> None:
    """Write what CI takes from a run into a folder."""
    folder(target)
    for name, kind in BUNDLE.items():
        write(target / name, RENDER[kind](data).encode())
    console.print(f"wrote {', '.join(BUNDLE)} to {escape(target)}", soft_wrap=True)


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


def folder(path: Path) -> None:
    """Make a folder where there is none."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}; give another folder") from error


def write(path: Path, written: bytes) -> None:
    """Write a whole file or none."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(written)
        os.replace(partial, path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error


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
