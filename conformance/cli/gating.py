"""``conformance ci``: everything that a pipeline needs, in one command."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli import running
from optimizer_conformance.cli.console import console
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.cli.names import known_adapters
from optimizer_conformance.cli.publishing import loaded, site
from optimizer_conformance.cli.reporting import RENDER, bundle
from optimizer_conformance.expectations.ledger import FOLDER
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.workers import environments, interpreters


@interpreting
def ci(
    adapter: Annotated[
        list[str] | None, typer.Option("--adapter", "-a", help="only this adapter")
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="quick, default or full")] = "quick",
    expectations: Annotated[
        Path, typer.Option("--expectations", help="folder of the files of known deviations")
    ] = FOLDER,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="folder for the run and its reports")
    ] = Path("conformance-report"),
    install: Annotated[
        bool, typer.Option("--install/--no-install", help="make the adapters' environments first")
    ] = True,
    page: Annotated[
        str,
        typer.Option("--page", help="where OUT/site will be published: every report leads there"),
    ] = "",
) -> None:
    """Make environments, run, write every report, and exit as the run does.

    Under GitHub Actions also: a step summary, annotations, and the outputs `exit-code` and
    `folder`. What frameworks print is kept from being taken for a command to the runner.

    [bold]Examples[/]

      conformance ci --adapter torch --expectations expectations

      conformance ci --adapter torch --with ./dist/torch-2.14.0-….whl

      conformance ci --adapter torch --page https://example.org/report
    """
    here = interpreters.current()
    names = interpreters.served(known_adapters(adapter or ()), here) or tuple(environments.ADAPTERS)
    code = 0
    with quoted():
        if install and here is None:
            for name in names:
                try:
                    environments.create(name, say=console.print)
                except environments.EnvironmentFailure as error:
                    console.print(str(error), markup=False)
        try:
            running.run(
                adapter=list(names) if adapter else None,
                profile=profile,
                expectations=expectations,
                out=out / "run",
            )
        except typer.Exit as ended:
            code = ended.exit_code
        data = loaded([out / "run"], incomplete=True, page=page)
        bundle(data, out)
        if page:
            site([out / "run"], out / "site", None, incomplete=True)
    if in_actions():
        typer.echo(RENDER["annotations"](data), nl=False)
        append("GITHUB_STEP_SUMMARY", RENDER["summary"](data))
        append("GITHUB_OUTPUT", f"exit-code={code}\nfolder={out}\n")
    raise typer.Exit(code)


def in_actions() -> bool:
    """Whether GitHub Actions reads standard output."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def quoted() -> Iterator[None]:
    """Lines that the runner prints and does not obey, until a word that nobody can guess."""
    if not in_actions():
        yield
        return
    word = secrets.token_hex(16)
    typer.echo(f"::stop-commands::{word}")
    try:
        yield
    finally:
        typer.echo(f"::{word}::")


def append(variable: str, text: str) -> None:
    """Add to the file that the runner names in a variable; nothing where it names none."""
    path = os.environ.get(variable)
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RunError(f"{variable} ({path}) cannot be written: {error.strerror}") from error
