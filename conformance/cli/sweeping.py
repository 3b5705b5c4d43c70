"""``conformance sweep``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from optimizer_conformance.cli.console import UsageError, console, errors, suggestion
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.questions.sweep import page, record
from optimizer_conformance.questions.sweep.slices import BITS, KINDS
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers.subject import SubjectError


@interpreting
def sweep_(
    implementation: Annotated[str, typer.Argument(help="implementation, such as torch:RMSprop")],
    hyperparameters: Annotated[
        list[str] | None, typer.Argument(help="name=value; its own defaults stand for the rest")
    ] = None,
    slice_: Annotated[
        str, typer.Option("--slice", "-s", help=f"what is gone through: {', '.join(KINDS)}")
    ] = "first",
    dtype: Annotated[str, typer.Option("--dtype", help=", ".join(BITS))] = "float32",
    against: Annotated[
        str, typer.Option("--against", help="documented variant; without it the one it claims")
    ] = "",
    beside: Annotated[
        list[str] | None,
        typer.Option("--beside", help="another implementation, compared bit by bit"),
    ] = None,
    parameter: Annotated[
        float | None, typer.Option("--parameter", help="before the step; 0 without it")
    ] = None,
    varying: Annotated[
        str, typer.Option("--state", help="which state `pairs` goes through; squares first")
    ] = "",
    device: Annotated[str, typer.Option("--device", help="where it runs; the first it has")] = "",
    shard: Annotated[str, typer.Option("--shard", help="a part of the slice, such as 1/4")] = "1/1",
    block: Annotated[int, typer.Option("--block", min=0, help="elements at a time; 0: 2^20")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="folder for sweep.json; the same command goes on there"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Step every value that an input can have, and judge each result.

    A sample shows the largest error that was seen; a whole slice proves which is largest. All 2^32
    gradients of float32 take minutes. Exits with 1 where some result deviates.

    [bold]Examples[/]

      conformance sweep torch:RMSprop

      conformance sweep torch:Adam[fused] --beside torch:Adam --out sweep-adam

      conformance sweep torch:RMSprop --slice pairs --dtype bfloat16

      conformance sweep numpy:d2l.scratch learning_rate=0.01 decay=0.9 epsilon=1e-6 --shard 1/64
    """
    if importlib.util.find_spec("numba") is None:
        raise UsageError("sweeps are compiled: pip install 'optimizer-conformance[sweep]'")
    from optimizer_conformance.questions.sweep import sweep  # noqa: PLC0415 - compilers are slow

    known(slice_, KINDS, "slice")
    known(dtype, BITS, "dtype")
    part, parts = share(shard)
    request = sweep.SweepRequest(
        slice_, dtype, against, parameter, varying, tuple(beside or ()), part, parts, block
    )
    earlier = kept(out)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=as_json or not errors.is_terminal,
    )
    try:
        with bar:
            moving = bar.add_task("", total=None)
            found = sweep.sweep(
                implementation,
                hyperparameters or (),
                request,
                device=device,
                earlier=earlier,
                progress=lambda done, size, words: bar.update(
                    moving, completed=done, total=size, description=words
                ),
                save=lambda sofar: save(out, sofar),
            )
    except SubjectError as error:
        raise UsageError(str(error)) from error
    if as_json:
        typer.echo(record.text(found), nl=False)
    else:
        for line in page.lines(found):
            console.print(escape(line), soft_wrap=True)
    raise typer.Exit(1 if found.deviating else 0)


def known(word: str, among: Iterable[str], what: str) -> None:
    """Raise UsageError for a word that is not among these."""
    if word not in among:
        raise UsageError(f"unknown {what} {word!r}{suggestion(word, among)}")


def share(text: str) -> tuple[int, int]:
    """``2/4`` as numbers.  Raises UsageError for what is no part of a whole."""
    part, _, parts = text.partition("/")
    if part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts):
        return int(part), int(parts)
    raise UsageError(f"--shard {text!r}: write a part of a number of parts, such as 1/4")


def kept(folder: Path | None) -> record.Sweep | None:
    """What an interrupted sweep left in its folder."""
    if folder is None or not (folder / record.FILE).exists():
        return None
    try:
        return record.read(folder / record.FILE)
    except OSError as error:
        raise UsageError(f"{folder / record.FILE} cannot be read: {error.strerror}") from error
    except record.MalformedSweep as error:
        raise UsageError(str(error)) from error


def save(folder: Path | None, found: record.Sweep) -> None:
    """Put what has been found so far in the place of what stood there."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        coming = folder / f".{record.FILE}"
        coming.write_text(record.text(found), encoding="utf-8")
        coming.replace(folder / record.FILE)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
