"""``conformance primitives``: what a device's roots, divisions and powers are off by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.devices.budgets import (
    FRAMEWORKS,
    Measured,
    content,
    measure,
)
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports.paragraphs import things
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.environments import EnvironmentFailure


@interpreting
def primitives(
    frameworks: Annotated[list[str], typer.Argument(help=", ".join(FRAMEWORKS))],
    device: Annotated[str, typer.Option("--device", help="such as cuda:0")] = "cpu",
    every: Annotated[
        int, typer.Option("--every", min=1, help="take each so-manieth number; 1: all of float32")
    ] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="file for JSON lines")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON lines")] = False,
) -> None:
    """Measure the largest error of roots, reciprocals, quotients, powers and exponentials.

    Beside each stands what the bound charges for it (`docs/verdicts.md`). Exits with 1 where a
    result is further off than that.

    [bold]Examples[/]

      conformance primitives torch --device cuda:0

      conformance primitives numpy jax --every 997 --json
    """
    for name in frameworks:
        if name not in FRAMEWORKS:
            raise UsageError(f"unknown framework {name!r}{suggestion(name, FRAMEWORKS)}")
    found: list[Measured] = []
    with errors.status("measuring") as status:
        for name in frameworks:
            place = environments.locate(name)
            if not place.complete:
                raise EnvironmentFailure(f"{name}: {place.absence}")
            for one in measure(name, device, place.python, every):
                status.update(f"{one.name}: {one.primitive}, {one.dtype}")
                found.append(one)
    lines = "".join(json.dumps(content(one)) + "\n" for one in found)
    if out is not None:
        write(out, lines.encode())
    if as_json:
        typer.echo(lines, nl=False)
    else:
        things(console, HEADS, [row(one) for one in found])
    raise typer.Exit(int(not all(one.within and not one.failed for one in found)))


def row(one: Measured) -> tuple[str | Text, ...]:
    """One primitive."""
    charged = "–" if one.charged is None else str(one.charged)
    return (
        f"{one.name} {one.primitive} {one.dtype}",
        f"{one.values:,}",
        Text(str(one.failed), style="red") if one.failed else f"{one.ulp:.3f}",
        Text(f"{one.roundings:.3f}", style="green" if one.within else "red"),
        f"{charged} ({one.profile})",
        one.flushes,
    )


HEADS = ("primitive", "values", "ulp", "roundings", "charged", "subnormals")
