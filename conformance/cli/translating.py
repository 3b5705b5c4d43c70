"""``conformance translate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

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
from optimizer_conformance.questions.translate import STEPS, Translation, report, translate
from optimizer_conformance.questions.translate.result import OUTCOMES, Side
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
        show(found)
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


def show(found: Translation) -> None:
    """For people."""
    for side, what in ((found.first, "from"), (found.second, "to")):
        console.print(
            f"[bold]{what}[/] {escape(side.implementation)}: {rule(side)}", soft_wrap=True
        )
        for line in side.formula:
            console.print(f"     {escape(line)}")
        if side.departs:
            console.print(f"     [yellow]not what it documents:[/] {escape(side.departs)}")
    colour = "green" if found.proved else "yellow"
    console.print(f"[bold {colour}]{OUTCOMES[found.outcome]}[/]")
    if found.reason:
        console.print(f"  {escape(found.reason)}", soft_wrap=True)
    console.print(numbers(found))
    for name, values in found.schedules.items():
        console.print(f"  {name} of steps 1, 2, …: {', '.join(values)}, …", soft_wrap=True)
    for name, value in found.state.items():
        console.print(f"  before the first step: {name} = {value} in every element")
    if found.formulas and found.proved and not found.varying:
        console.print("  [yellow]only while the learning rate does not change[/]")
    if found.runs:
        show_runs(found)
    if found.witness:
        show_witness(found)
    if found.drift:
        show_drift(found)
    if found.alternatives:
        console.print(f"[bold]does the same:[/] {escape(', '.join(found.alternatives))}")
    if found.code:
        show_code(found)


def rule(side: Side) -> str:
    """What it was found to compute."""
    if not side.formula:
        return "follows no rule that was found"
    if side.rule:
        return f"follows the rule of {side.rule}"
    return "follows a rule that no document states"


def numbers(found: Translation) -> Table:
    """Both settings beside each other."""
    told = "second" if found.proved or found.outcome == "state" else "second, nearest"
    table = Table("hyperparameter", "first", told, "is", box=None, padding=(0, 2))
    for name in sorted({*found.given, *found.hyperparameters}):
        table.add_row(
            name,
            found.given.get(name, "–"),
            found.hyperparameters.get(name, "–"),
            escape(found.formulas.get(name, "")),
        )
    for name in sorted({*found.features, *found.options} - set(found.given)):
        on = ["true" if name in options else "–" for options in (found.features, found.options)]
        table.add_row(name, *on, "")
    return table


def show_runs(found: Translation) -> None:
    """What the second did with the translated hyperparameters."""
    worst = max(found.runs, key=lambda run: run.score)
    elements = sum(run.elements for run in found.runs)
    console.print(
        f"  run: {elements} elements and steps in {len(found.runs)} cases, {found.dtype}; "
        f"largest score {found.score:.3f} of the bound ({escape(worst.case.split('/')[2])}), "
        f"largest distance {found.ulp:.3g} ulp",
        soft_wrap=True,
    )
    for run in found.runs:
        bound = "" if run.bound == "first" else ", within the bound of the second one's own rule"
        console.print(f"    {run.verdict:15} {escape(run.case)}{bound}", soft_wrap=True)


def show_witness(found: Translation) -> None:
    """The numbers with which anybody can see that they differ."""
    seen = found.witness
    assert seen is not None
    console.print("[bold]witness[/]")
    console.print(
        f"  parameter {seen.parameter!r}, gradients {', '.join(map(repr, seen.gradients))}"
    )
    console.print(
        f"  first {seen.first!r}, second {seen.second!r} ({seen.ulp:.3g} ulp from the first one's "
        "rule)",
        soft_wrap=True,
    )


def show_drift(found: Translation) -> None:
    """How far they part."""
    table = Table(
        "step", "largest relative difference", "median", "largest in ulp", title="drift", box=None
    )
    for row in found.drift:
        table.add_row(str(row.step), f"{row.relative:.2g}", f"{row.median:.2g}", f"{row.ulp:.2g}")
    console.print(table)


def show_code(found: Translation) -> None:
    """The wrapper, and what came of running it."""
    console.print("[bold]the first one's rule in the second one's framework[/]")
    typer.echo(found.code)
    if found.unchecked:
        console.print(f"[yellow]not run:[/] {escape(found.unchecked)}", soft_wrap=True)
        return
    worst = max((run.score for run in found.checked), default=0.0)
    verdicts = ", ".join(dict.fromkeys(run.verdict for run in found.checked))
    console.print(
        f"run in {len(found.checked)} cases: {verdicts}; largest score {worst:.3f} of the bound"
    )
