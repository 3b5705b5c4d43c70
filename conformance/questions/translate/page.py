"""A translation as people read it: in a terminal, in a notebook, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from optimizer_conformance.reports.text import escape

if TYPE_CHECKING:
    from optimizer_conformance.questions.translate.result import Side, Translation


def show(found: Translation, console: Console) -> None:
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
    console.print(f"[bold {colour}]{found.words}[/]")
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
        show_runs(found, console)
    if found.witness:
        show_witness(found, console)
    if found.drift:
        show_drift(found, console)
    if found.alternatives:
        console.print(f"[bold]does the same:[/] {escape(', '.join(found.alternatives))}")
    if found.code:
        show_code(found, console)


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


def show_runs(found: Translation, console: Console) -> None:
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


def show_witness(found: Translation, console: Console) -> None:
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


def show_drift(found: Translation, console: Console) -> None:
    """How far they part."""
    table = Table(
        "step", "largest relative difference", "median", "largest in ulp", title="drift", box=None
    )
    for row in found.drift:
        table.add_row(str(row.step), f"{row.relative:.2g}", f"{row.median:.2g}", f"{row.ulp:.2g}")
    console.print(table)


def show_code(found: Translation, console: Console) -> None:
    """The wrapper, and what came of running it."""
    console.print("[bold]the first one's rule in the second one's framework[/]")
    console.print(found.code, markup=False, soft_wrap=True)
    if found.unchecked:
        console.print(f"[yellow]not run:[/] {escape(found.unchecked)}", soft_wrap=True)
        return
    worst = max((run.score for run in found.checked), default=0.0)
    verdicts = ", ".join(dict.fromkeys(run.verdict for run in found.checked))
    console.print(
        f"run in {len(found.checked)} cases: {verdicts}; largest score {worst:.3f} of the bound"
    )
