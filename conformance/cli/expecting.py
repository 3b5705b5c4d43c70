"""``conformance expectations``: check the files of known deviations, and bring them up to date."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from optimizer_conformance.cli.codes import USAGE
from optimizer_conformance.cli.console import UsageError, console, errors, print_json
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.expectations import gate
from optimizer_conformance.expectations.check import review
from optimizer_conformance.expectations.ledger import FOLDER, ledger
from optimizer_conformance.expectations.update import Proposal, propose
from optimizer_conformance.reports import model, terminal
from optimizer_conformance.reports.text import escape

app = typer.Typer(
    help="Known deviations: which are expected, of what size, and why.", no_args_is_help=True
)
Folder = Annotated[Path, typer.Option("--folder", help="the files, one an adapter")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Incomplete = Annotated[
    bool, typer.Option("--incomplete", help="also take a run that was interrupted")
]


@app.command(epilog="Exit codes: 0 in order · 1 problems · 2 usage · 3 the run is incomplete")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="files to check; all of --folder when none is named")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="also hold this run against the files")
    ] = None,
    folder: Folder = FOLDER,
    incomplete: Incomplete = False,
    as_json: Json = False,
) -> None:
    """Check files without running anything, or also against a run that is there.

    [bold]Examples[/]

      conformance expectations check

      conformance expectations check conformance/expectations/torch.toml

      conformance expectations check --run runs/20261120T190000.000
    """
    paths = list(files or sorted(known(folder).glob("*.toml")))
    for path in paths:
        if not path.is_file():
            raise UsageError(f"{path} is no file; name expectations files, such as torch.toml")
    today = date.today()
    problems = [problem for path in paths for problem in review(path, today)]
    found = []
    # A file that cannot be read cannot be held against a run: it is a problem already.
    if run and not any(problem.entry == "" for problem in problems):
        found = gate.held_against(model.load(run, incomplete=incomplete), known(folder), today)
    failing = any(problem.level == "error" for problem in problems)
    unreadable = any(problem.level == "error" and not problem.entry for problem in problems)
    code = USAGE if unreadable else max(gate.exit_code(found), int(failing))
    if as_json:
        print_json(
            {
                "exit_code": code,
                "problems": msgspec.to_builtins(problems),
                "findings": msgspec.to_builtins(found),
            }
        )
        raise typer.Exit(code)
    for problem in problems:
        colour = "red" if problem.level == "error" else "yellow"
        place = f"{problem.file}:{problem.line}"
        text = f"{problem.entry} {problem.message}".strip()
        errors.print(
            f"[{colour}]{problem.level}:[/] {escape(place)}: {escape(text)}",
        )
    terminal.findings(found, errors)
    if not code:
        held = f"; {escape(run)} is as they expect" if run else ""
        files_ = f"{len(paths)} file{'s' * (len(paths) != 1)}"
        console.print(f"[green]In order[/]: {files_}{held}")
    raise typer.Exit(code)


@app.command(
    epilog="Exit codes: 0 nothing to change, or written · 1 a change is proposed · 2 usage"
)
def update(
    run: Annotated[Path, typer.Argument(help="run folder")],
    write_: Annotated[bool, typer.Option("--write", help="make the change")] = False,
    folder: Folder = FOLDER,
    incomplete: Incomplete = False,
    as_json: Json = False,
) -> None:
    """Propose, as a diff, the change after which this run would be as expected.

    Entries keep their comments, reasons and links. New ones have TODO for a reason, which
    `conformance expectations check` refuses until somebody says why.

    [bold]Examples[/]

      conformance expectations update runs/20261120T190000.000

      conformance expectations update runs/… --write
    """
    data = model.load(run, incomplete=incomplete)
    proposals = proposed(data, known(folder))
    if write_:
        for proposal in proposals:
            write(proposal.path, proposal.after.encode())
    code = int(bool(proposals) and not write_)
    if as_json:
        content = [
            {"file": str(item.path), "changes": item.changes, "diff": item.diff}
            for item in proposals
        ]
        print_json({"exit_code": code, "written": write_, "proposals": content})
        raise typer.Exit(code)
    for proposal in proposals:
        if not write_:
            typer.echo(proposal.diff, nl=False)
        for change in proposal.changes:
            errors.print(f"{escape(proposal.path.name)}: {escape(change)}")
    if not proposals:
        console.print("[green]Nothing to change[/]")
    elif not write_:
        errors.print("nothing is written yet; --write makes the change")
    raise typer.Exit(code)


def proposed(data: model.RunData, folder: Path) -> list[Proposal]:
    """One proposal for each file that would change."""
    found = []
    for name, about in data.adapters.items():
        book = ledger(name, folder)
        book.versions = about.versions
        whole = gate.is_whole(about, data.provenance) and bool(about.devices)
        cells = gate.cells_of(data, name)
        proposal = propose(folder / f"{name}.toml", cells, book, stale=whole)
        if proposal.changes:
            found.append(proposal)
    return found


def known(folder: Path) -> Path:
    """A folder that exists."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; --folder takes one with a file an adapter")
    return folder
