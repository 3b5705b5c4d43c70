"""``conformance bench``: what the oracle costs."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from optimizer_conformance.cli.console import console, errors, print_json
from optimizer_conformance.questions import bench, matlab_bench
from optimizer_conformance.workers import environments


def bench_(
    repeats: Annotated[int, typer.Option(min=1, help="Measurements; the smallest counts.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time the bound and balls beside PyTorch's own step, and commands beside an empty program.

    What can be compared between machines is the ratios, measured in the same run.

    Then the verdict on a step of a million elements that came as arrays, and MATLAB's functions
    in Python, as a ratio to the bare NumPy expression.

    [bold]Examples[/]

    conformance bench

    conformance bench --repeats 20 --json
    """
    environment = environments.locate("torch")
    python = environment.python if environment.complete else None
    if python is None:
        errors.print("no ratios: `conformance env create torch` makes what they need")
    with errors.status("measuring"):
        starts = list(bench.starts(repeats))
        costs = list(bench.measure(python, repeats))
        steps = list(bench.arrays(repeats))
        calls = list(matlab_bench.measure(repeats))
        loops, sweeps = compiled(python, repeats)
    if as_json:
        found: dict[str, Any] = {
            "starts": [asdict(start) for start in starts],
            "costs": [asdict(cost) | {"met": cost.met} for cost in costs],
            "steps": [asdict(step) | {"met": step.met} for step in steps],
            "calls": [asdict(call) | {"ratio": call.ratio, "met": call.met} for call in calls],
            "fused": [asdict(loop) for loop in loops],
            "sweeps": [asdict(item) | {"ratio": item.ratio} for item in sweeps],
        }
        print_json(found)
        return
    table = Table("command", "CPU seconds", "times `python -c pass`")
    for start in starts:
        table.add_row(start.command, f"{start.seconds:.2f}", f"{start.ratio:,.1f}")
    console.print(table)
    table = Table("rule", "number system", "ns an element-step", "aim", "times torch's step")
    for cost in costs:
        table.add_row(
            cost.rule,
            cost.system,
            f"[{'green' if cost.met else 'yellow'}]{cost.nanoseconds:,.0f}[/]",
            f"{cost.aim:,.0f}",
            "–" if cost.ratio is None else f"{cost.ratio:,.1f}",
        )
    console.print(table)
    table = Table("step judged from arrays", "elements", "CPU seconds", "aim")
    for step in steps:
        colour = "green" if step.met else "yellow"
        row = f"[{colour}]{step.seconds:.2f}[/]", f"{step.aim:.0f}"
        table.add_row(step.rule, f"{step.elements:,}", *row)
    console.print(table)
    table = Table("function", "on", "us an array", "bare NumPy", "times", "aim")
    for call in calls:
        colour = "green" if call.met else "yellow"
        table.add_row(
            call.function,
            call.form,
            f"{call.microseconds:.1f}",
            f"{call.bare:.1f}",
            f"[{colour}]{call.ratio:.1f}[/]",
            f"{matlab_bench.AIM:.0f}",
        )
    console.print(table)
    if loops:
        console.print(fused_table(loops))
    if sweeps:
        console.print(sweep_table(sweeps))


def compiled(python: Path | None, repeats: int) -> tuple[list[Any], list[Any]]:
    """What compiled loops and sweeps cost, where there is a compiler, and PyTorch to sweep."""
    if importlib.util.find_spec("numba") is None:
        errors.print("no sweeps: pip install 'optimizer-conformance[sweep]' brings what they need")
        return [], []
    from optimizer_conformance.questions.sweep import cost  # noqa: PLC0415 - compilers are slow

    loops = list(cost.fused(bench.RULES, repeats))
    return loops, list(cost.sweeps(repeats)) if python else []


def fused_table(loops: list[Any]) -> Table:
    """Nanoseconds an element, and what divisions and roots alone take."""
    table = Table("rule, compiled", "bound", "with verdicts", "its divisions and roots alone")
    for loop in loops:
        alone = f"{loop.floor:.1f} ({loop.divisions} and {loop.roots})"
        table.add_row(loop.rule, f"{loop.bound:.1f}", f"{loop.judged:.1f}", alone)
    return table


def sweep_table(sweeps: list[Any]) -> Table:
    """Nanoseconds an element by the wall clock."""
    table = Table("sweep of", "ns an element", "stepping alone", "times", "copy of its memory")
    for item in sweeps:
        table.add_row(
            item.implementation,
            f"{item.sweep:.1f}",
            f"{item.bare:.1f}",
            f"{item.ratio:.2f}",
            f"{item.copy:.1f}",
        )
    return table
