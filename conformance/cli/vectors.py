"""``conformance vectors``: cases with proved enclosures as data, and answers to them."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from optimizer_conformance.cases.case import PROFILES
from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cli.console import UsageError, console, errors, print_json
from optimizer_conformance.cli.running import known_globs, known_profile
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.vectors.check import Line, checked, files
from optimizer_conformance.questions.vectors.export import MODES, SIZE, STEPS, Amount, exported
from optimizer_conformance.questions.vectors.format import VectorError, text
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.terminal import coloured, number
from optimizer_conformance.reports.text import escape
from optimizer_conformance.reports.verdicts import ORDER, Tone

app = typer.Typer(
    help="Frozen vectors: what a rule gives, proved, as JSON for projects in any language.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Many = list[str] | None


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="made if it is not there")],
    variant: Annotated[
        Many, typer.Option("--variant", "-v", help="glob, such as 'keras*'; default: all")
    ] = None,
    dtype: Annotated[Many, typer.Option("--dtype", help="default: float32 and float64")] = None,
    mode: Annotated[Many, typer.Option("--mode", help="default: " + ", ".join(MODES))] = None,
    profile: Annotated[
        str, typer.Option("--profile", help=f"how many cases: {', '.join(PROFILES)}")
    ] = "quick",
    seed: Annotated[int, typer.Option("--seed", help="of the cases")] = 0,
    size: Annotated[int, typer.Option("--size", help="elements a kind of gradients", min=1)] = SIZE,
    steps: Annotated[int, typer.Option("--steps", help="at most", min=1)] = STEPS,
) -> None:
    """Write a file a rule: inputs as bits, exact enclosures, and the interval that is accepted.

    The same version always writes the same bytes. docs/vectors.md explains the format,
    docs/vectors.schema.json is its JSON schema.

    [bold]Examples[/]

      conformance vectors export vectors -v 'optax-rmsprop*' --dtype float32

      conformance vectors export vectors --mode trajectory --profile default
    """
    globs = known_globs(variant, "variant", tuple(VARIANTS))
    dtypes = chosen(dtype, "dtype", tuple(PRECISIONS)) if dtype else ("float32", "float64")
    modes = chosen(mode, "mode", MODES) if mode else MODES
    amount = Amount(known_profile(profile), seed, size, steps)
    rules = [item for name, item in sorted(VARIANTS.items()) if wanted(name, globs)]
    written = 0
    with errors.status("") as status:
        for item in rules:
            status.update(escape(item.identifier))
            content = exported(item, dtypes, modes, amount)
            if content.cases:
                write(folder / f"{item.identifier}.json", text(content))
                written += 1
    if not written:
        raise UsageError("no case fits: the profile draws none in these dtypes and modes")
    console.print(f"{folder}: {written} files", markup=False)


def chosen(given: Many, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the known names that fit."""
    globs = known_globs(given, what, known)
    return tuple(name for name in known if wanted(name, globs))


def write(path: Path, content: str) -> None:
    """A whole file or none."""
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(content, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another folder") from error


@app.command()
def check(
    place: Annotated[Path, typer.Argument(help="a file or a folder of answers or of vectors")],
    everything: Annotated[
        bool, typer.Option("--all", help="show every line, not only what is wrong")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """Judge answers with the verdicts of `conformance run`; compute vectors again and compare.

    Exits with 1 when an answer deviates, or when a vector is not what it should be.

    [bold]Examples[/]

      conformance vectors check answers.json

      conformance vectors check vectors
    """
    oracle = Oracle()
    lines: list[Line] = []
    try:
        with errors.status("") as status:
            for path in files(place):
                status.update(escape(path))
                lines += checked(path, oracle)
    except VectorError as error:
        raise UsageError(str(error)) from error
    bad = [line for line in lines if line.bad]
    if as_json:
        found = [asdict(line) | {"path": str(line.path)} for line in lines]
        print_json({"exit_code": int(bool(bad)), "lines": found})
        raise typer.Exit(int(bool(bad)))
    show(lines if everything else bad)
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.verdict] = counts.get(line.verdict, 0) + 1
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    console.print(f"{len(lines)} vectors checked: {words or 'there are none'}")
    raise typer.Exit(int(bool(bad)))


def spoken(line: Line) -> str:
    """Its verdict in colour; of a vector it is no verdict on an answer, but the same or not."""
    if line.verdict in ORDER:
        return coloured(line.verdict)
    tone = Tone.bad if line.bad else Tone.good
    return f"[{tone.terminal}]{line.verdict}[/]"


def show(lines: list[Line]) -> None:
    """A line a line, and its case below."""
    for line in lines:
        about = f"{line.system}, {line.variant}, {line.parameter}".rstrip(", ")
        score = "" if math.isnan(line.score) else f", score {number(line.score)}"
        why = f": {line.why}" if line.why else ""
        console.print(f"{spoken(line)} {escape(about)}{score}{escape(why)}")
        console.print(f"  [dim]{escape(line.case or line.path)}[/]")
