"""``conformance reproduce --book``: the book's training losses among those of many seeds."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer

from optimizer_conformance.cli.console import console, plainly, print_json
from optimizer_conformance.questions.verify import book
from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.scripts import ScriptError
from optimizer_conformance.reference.airfoil import DataUnavailable
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers.environments import EnvironmentFailure


def reproduce(data: Path | None, *, seeds: int, rows: int, as_json: bool) -> NoReturn:
    """Print both distributions; exit 1 where a documented loss lies outside.

    ``data`` is the path of the airfoil data, if one was given.
    """
    try:
        with Context(say=plainly) as context:
            found = book.distributions(context, data=data, seeds=seeds, rows=rows)
    except (DataUnavailable, ScriptError) as error:
        raise RunError(str(error)) from error
    except Missing as error:
        raise EnvironmentFailure(str(error)) from error
    if as_json:
        print_json([item._asdict() | {"holds": item.holds} for item in found])
    else:
        for item in found:
            mark = "[green]among them[/]" if item.holds else "[red]outside[/]"
            console.print(f"{item.path}, {escape(str(item))}: {mark}")
    raise typer.Exit(0 if all(item.holds for item in found) else 1)
