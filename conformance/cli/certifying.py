"""``conformance certify`` and ``conformance certificate check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.cli.interpreting import interpreting, print_answer
from optimizer_conformance.questions.certify import Certificate, certify, check
from optimizer_conformance.questions.certify.page import FORMATS, render
from optimizer_conformance.questions.certify.record import MalformedCertificate, read
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import escape, typeset
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.subject import Absent, SubjectError

INCOMPLETE = 3
app = typer.Typer(help="Certificates that were issued.", no_args_is_help=True)


@interpreting
def certify_(
    implementation: Annotated[str, typer.Argument(help="implementation or target")],
    hyperparameters: Annotated[
        list[str] | None, typer.Argument(help="name=value; its own defaults stand for the rest")
    ] = None,
    against: Annotated[
        str, typer.Option("--against", help="documented variant, or another implementation")
    ] = "",
    dtype: Annotated[
        list[str] | None, typer.Option("--dtype", help="only these: " + ", ".join(PRECISIONS))
    ] = None,
    device: Annotated[str, typer.Option("--device", help="where it runs; the first it has")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file to write")] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="also write a page: name.md or name.html")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the certificate")] = False,
) -> None:
    """Write down how an implementation compares with a rule, so that others can run it again.

    The certificate holds what was compared, the largest error that was seen and, for formats of
    sixteen bits, the largest over every finite gradient; versions, hashes, and what all that does
    not say. Exits with 1 where it deviates: the certificate then says so.

    [bold]Examples[/]

      conformance certify torch:AdamW --against torch-adamw-weight-decay -o a.json

      conformance certify jax:optax.adam --against torch:Adam --page adam.html

      conformance certificate check a.json
    """
    if not against:
        raise UsageError(
            "--against is missing: a variant (`conformance list variants`) or an implementation"
        )
    for name in dtype or ():
        if name not in PRECISIONS:
            raise UsageError(f"unknown dtype {name!r}{suggestion(name, PRECISIONS)}")
    if page is not None and page.suffix not in FORMATS:
        raise UsageError(f"{page}: a page ends in {' or '.join(FORMATS)}")
    try:
        with errors.status(f"{implementation}: starting", spinner="dots") as status:
            found = certify(
                implementation,
                against,
                hyperparameters or (),
                dtypes=dtype or (),
                device=device,
                progress=lambda text: status.update(escape(text)),
            )
    except Absent:
        raise
    except SubjectError as error:
        raise UsageError(str(error)) from error
    if out is not None:
        write(out, found.text())
    if page is not None:
        write(page, render(found, page.suffix))
    if as_json:
        typer.echo(found.text(), nl=False)
    else:
        show(found)
    raise typer.Exit(0 if found.statement.conforms else 1)


@app.command("check")
@interpreting
def check_(
    file: Annotated[Path, typer.Argument(help="certificate to run again")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Run a certificate again: does everything come to the same?

    Exits with 0 where every case has the same bits and verdict, 1 where something differs, 2 where
    the file is no certificate or was changed, 3 where the implementation cannot run here.

    [bold]Examples[/]

      conformance certificate check a.json

      conformance certificate check a.json --json
    """
    try:
        certificate = read(foreign.content(file))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except MalformedCertificate as error:
        raise UsageError(f"{file}: {error}") from error
    try:
        with errors.status("starting", spinner="dots") as status:
            found = check(certificate, progress=lambda text: status.update(escape(text)))
    except MalformedCertificate as error:
        raise UsageError(f"{file}: {error}") from error
    except SubjectError as error:
        raise WorkerError("error", f"cannot run here: {error}") from error
    if as_json:
        print_answer(
            {
                "same": found.same,
                "cases": found.cases,
                "differences": [vars(item) for item in found.differences],
                "circumstances": [vars(item) for item in found.circumstances],
            }
        )
    else:
        for item in found.circumstances:
            console.print(f"[yellow]{escape(item.what)}[/]: was {item.then}, is {item.now}")
        for item in found.differences:
            console.print(
                f"[red]{item.what}[/] of {escape(item.case)}: was {item.then}, is {item.now}",
            )
        what = "the same" if found.same else f"{len(found.differences)} differences"
        console.print(f"[bold]{found.cases} cases run again: {what}[/]")
    raise typer.Exit(0 if found.same else 1)


def write(path: Path, text: str) -> None:
    """A file, or a clear line."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def show(found: Certificate) -> None:
    """For people."""
    statement = found.statement
    colour, verb = ("green", "conforms to") if statement.conforms else ("red", "deviates from")
    words = Words(console)
    words.say(f"{statement.implementation} {verb} {statement.against.name}", style=f"bold {colour}")
    for line in statement.against.formula:
        words.say(typeset(line), start="     ", indent=7)
    for item in found.evidence:
        score, ulp = ("∞" if x is None else f"{x:.3g}" for x in (item.score, item.ulp))
        results = item.elements * item.steps
        words.say(
            f"{item.kind}: {item.verdict}, {results:,} results, at most {score} of the bound, "
            f"{ulp} ulp",
            start="  ",
            indent=4,
        )
        words.say(item.case, start="    ", style="dim", whole=True)
    words.say(found.seen)
    words.say(found.proved)
    for line in found.attempts:
        words.say(line, indent=2)
