"""``conformance translate``."""

from __future__ import annotations

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
from optimizer_conformance.cli.interpreting import interpreting, print_answer
from optimizer_conformance.cli.names import known_adapters
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.translate import STEPS, report, translate
from optimizer_conformance.questions.translate.table import survey
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers.environments import ADAPTERS


@interpreting
def translate_(
    hyperparameters: Annotated[
        list[str] | None,
        typer.Argument(help="name=value of the first; its own defaults stand for the rest"),
    ] = None,
    first: Annotated[
        str, typer.Option("--from", help="implementation or target that is to be imitated")
    ] = "",
    second: Annotated[str, typer.Option("--to", help="the one that is to imitate it")] = "",
    dtype: Annotated[str, typer.Option("--dtype", help=", ".join(PRECISIONS))] = "float32",
    steps: Annotated[
        int, typer.Option("--steps", help="how long the drift is followed where nothing does it")
    ] = STEPS,
    table: Annotated[
        bool, typer.Option("--table", help="instead: every implementation to every rule, as a page")
    ] = False,
    adapter: Annotated[
        list[str] | None, typer.Option("--adapter", help="of the table: only these; default all")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="file for the table; .json beside it")
    ] = None,
    code: Annotated[
        Path | None,
        typer.Option("--code", help="file for the wrapper that does it where no setting does"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Which hyperparameters make the second do what the first does?

    Both are run to find out which rule they follow, whatever their documents say. Where the rules
    can be made the same, that is proved with SymPy, the second is run with the translated
    hyperparameters, and its steps are judged against the first one's rule. Where they cannot, the
    reason is told, with a witness, the nearest setting, and how far they drift apart. Exits with 1
    where hyperparameters alone do not do it.

    [bold]Examples[/]

      conformance translate --from jax:optax.adam --to torch:Adam b2=0.99

      conformance translate --from torch:RMSprop --to octave:rmspropupdate

      conformance translate --from mindspore:nn.Adam --to torch:Adam --json

      conformance translate --table --adapter torch --adapter jax --out pairs.md
    """
    if table:
        survey_(known_adapters(adapter or ()) or tuple(ADAPTERS), out, as_json=as_json)
        return
    for given, what in ((first, "--from"), (second, "--to")):
        if not given:
            raise UsageError(
                f"{what} is missing: conformance translate --from tensorflow:keras.RMSprop "
                "--to torch:RMSprop learning_rate=0.01"
            )
    if dtype not in PRECISIONS:
        raise UsageError(f"unknown dtype {dtype!r}{suggestion(dtype, PRECISIONS)}")
    if steps < 1:
        raise UsageError(f"--steps {steps}: at least one step is needed")
    with errors.status(f"{first}: starting", spinner="dots") as status:
        found = translate(
            first,
            second,
            hyperparameters or (),
            dtype=dtype,
            steps=steps,
            progress=lambda text: status.update(escape(text)),
        )
    if code is not None and found.code:
        write(code, found.code.encode())
    if as_json:
        print_answer(found.content())
    else:
        found.show(console)
    raise typer.Exit(0 if found.proved else 1)


def survey_(adapters: tuple[str, ...], out: Path | None, *, as_json: bool) -> None:
    """All pairs: a page, and JSON with every witness."""
    with errors.status("starting", spinner="dots") as status:
        atlas = survey(adapters, progress=lambda text: status.update(escape(text)))
    if out is not None:
        write(out, report.markdown(atlas).encode())
        write(out.with_suffix(".json"), json_text(report.content(atlas)).encode())
    elif as_json:
        print_json(report.content(atlas))
    else:
        typer.echo(report.markdown(atlas))
