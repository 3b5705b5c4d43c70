"""``conformance sweep``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from optimizer_conformance.cli.console import UsageError, console, errors, print_json
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.cli.stopping import insist
from optimizer_conformance.questions.sweep import page, record, worst
from optimizer_conformance.questions.sweep.slices import BITS, KINDS
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.verdicts import DEVIATES
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
    gradients of float32 take minutes. Exits with 1 where some result deviates,
    or is left open.

    [bold]Examples[/]

      conformance sweep torch:RMSprop

      conformance sweep 'torch:Adam\\[fused]' --beside torch:Adam --out sweep-adam

      conformance sweep torch:RMSprop --slice pairs --dtype bfloat16

      conformance sweep 'torch:Adam\\[fused]' --dtype bfloat16 --shard 1/64
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
    bar = moving_bar(as_json)

    def progress(done: int, size: int, words: str) -> None:
        insist()
        bar.update(moving, completed=done, total=size, description=words)

    try:
        with bar:
            moving = bar.add_task("", total=None)
            found = sweep.sweep(
                implementation,
                hyperparameters or (),
                request,
                device=device,
                earlier=earlier,
                progress=progress,
                save=lambda sofar: save(out, sofar),
            )
    except SubjectError as error:
        raise UsageError(str(error)) from error
    if as_json:
        typer.echo(record.text(found), nl=False)
    else:
        for line in page.lines(found):
            Words(console).line(line)
    raise typer.Exit(1 if found.deviating or found.unjudged else 0)


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
    if folder is not None:
        write(folder / record.FILE, record.text(found))


@interpreting
def worst_(
    implementation: Annotated[str, typer.Argument(help="implementation, such as torch:RMSprop")],
    hyperparameters: Annotated[
        list[str] | None, typer.Argument(help="name=value; its own defaults stand for the rest")
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", help=", ".join(PRECISIONS))] = "float32",
    against: Annotated[
        str, typer.Option("--against", help="documented variant; without it the one it claims")
    ] = "",
    steps: Annotated[int, typer.Option("--steps", min=1, max=64, help="of a trajectory")] = 8,
    generations: Annotated[
        int, typer.Option("--generations", min=1, help="of 512 trajectories each")
    ] = 60,
    seed: Annotated[int, typer.Option("--seed", help="of what is tried")] = 0,
    device: Annotated[str, typer.Option("--device", help="where it runs; the first it has")] = "",
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", help="file of trajectories: tried first, and the worst added"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Search for the trajectories whose results lie furthest from the exact ones.

    For what is too large to go through: several steps, float64. What is found is the largest seen,
    and no proof. Exits with 1 where some result deviates.

    [bold]Examples[/]

      conformance worst torch:Adam --dtype float64

      conformance worst jax:optax.rmsprop lr=0.01 --corpus worst.json
    """
    known(dtype, PRECISIONS, "dtype")
    try:
        earlier = worst.read(corpus) if corpus else []
    except (OSError, record.MalformedSweep) as error:
        raise UsageError(str(error)) from error
    bar = moving_bar(as_json)
    try:
        with bar:
            moving = bar.add_task("", total=None)
            found = worst.worst(
                implementation,
                hyperparameters or (),
                against=against,
                dtype=dtype,
                steps=steps,
                generations=generations,
                seed=seed,
                device=device,
                corpus=earlier,
                progress=lambda done, size, words: bar.update(
                    moving, completed=done, total=size, description=words
                ),
            )
    except SubjectError as error:
        raise UsageError(str(error)) from error
    if corpus:
        write(corpus, worst.text(worst.merged(earlier, found)))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        for line in page.worst_lines(found):
            Words(console).line(line)
    raise typer.Exit(1 if found.trajectories[0].verdict == DEVIATES else 0)


def moving_bar(hidden: bool) -> Progress:
    """One bar, with how long it will take."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=hidden or not errors.is_terminal,
    )


def write(path: Path, text: str) -> None:
    """Put a text in the place of what stood there, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        coming = path.with_name(f".{path.name}")
        coming.write_text(text, encoding="utf-8")
        coming.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
