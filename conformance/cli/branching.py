"""``conformance compare``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.cli.interpreting import print_answer
from optimizer_conformance.questions.compare.comparison import BranchComparison, compare
from optimizer_conformance.questions.compare.page import comment, excuse, tell
from optimizer_conformance.questions.compare.sources import (
    CompareError,
    adapter_of,
    folder_of,
    side,
)
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.environments import EnvironmentFailure
from optimizer_conformance.workers.interpreters import Wish
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.pythons import NoInterpreter

CHANGED, INCOMPLETE = 1, 3
FORMATS = ("terminal", "markdown", "json")


def compare_(
    head: Annotated[
        str,
        typer.Option(
            "--head", help="the change: a requirement, a wheel, a folder, or FOLDER@REVISION"
        ),
    ],
    base: Annotated[
        str, typer.Option("--base", help="what it is compared with; the adapter's environment")
    ] = "",
    adapter: Annotated[
        str, typer.Option("--adapter", "-a", help="who drives it; told from what is compared")
    ] = "",
    implementation: Annotated[
        list[str] | None,
        typer.Option("--implementation", "-i", help="only those that fit this glob, torch:Adam*"),
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="quick, default or full")] = "quick",
    python: Annotated[
        str, typer.Option("--python", help="what folders lie over, and what wheels go into")
    ] = "",
    index_url: Annotated[str, typer.Option(help="where pip looks for a requirement")] = "",
    pre: Annotated[bool, typer.Option("--pre", help="requirements take pre-releases")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="folder that keeps both runs and the comment")
    ] = None,
    scripts: Annotated[
        bool, typer.Option("--scripts/--no-scripts", help="whether reproducers are sought")
    ] = True,
    format_: Annotated[str, typer.Option("--format", "-f", help=", ".join(FORMATS))] = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """What a change does to which optimizer, in words: base against branch.

    The Python files of a folder lie over the environment: nothing is built. Only implementations
    that changed code can reach are run, on both sides. Exits 0 where nothing changed or the change
    brings an optimizer to its document, 1 where something else changed, 3 where a side did not run.

    [bold]Examples[/]

      conformance compare --head ./optax

      conformance compare --base ./optax@main --head ./optax --format markdown

      conformance compare --base 'torch==2.12.0' --head 'torch==2.13.0' --json
    """
    if format_ not in FORMATS:
        raise UsageError(f"unknown format {format_!r}{suggestion(format_, FORMATS)}")
    try:
        with errors.status("starting") as status, tempfile.TemporaryDirectory() as scratch:

            def say(line: str) -> None:
                status.update(escape(line))

            name = adapter_of((head, base), adapter)
            wish = Wish(python, (), index_url, pre)
            host = interpreters.find(python or name)
            before = side(base, name, host, wish, say)
            after = side(head, name, over(base, before.interpreter.path, host), wish, say)
            folder = out or Path(scratch) / "compared"
            found = compare(
                before,
                after,
                name,
                folder,
                profile=profile,
                scripts=scripts,
                say=say,
                implementations=tuple(implementation or ()),
            )
    except (CompareError, NoInterpreter) as error:
        raise UsageError(str(error)) from error
    except (EnvironmentFailure, WorkerError) as error:
        keep(out, excuse(name, base or "the pinned release", head, str(error)))
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(INCOMPLETE) from error
    keep(out, comment(found))
    code = INCOMPLETE if found.failed else 0 if found.clean else CHANGED
    show(found, "json" if as_json else format_, code)
    raise typer.Exit(code)


def keep(out: Path | None, text: str) -> None:
    """Write the comment, where a folder was named."""
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "comment.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error


def over(base: str, python: Path, host: Path) -> Path:
    """What a folder lies over: the base where that was installed, else the environment."""
    return host if not base or folder_of(base) is not None else python


def show(found: BranchComparison, format_: str, code: int) -> None:
    """Print it."""
    if format_ == "json":
        print_answer({"exit_code": code, **found.to_dict()})
    elif format_ == "markdown":
        typer.echo(comment(found), nl=False)
    else:
        tell(found, Words(console))
