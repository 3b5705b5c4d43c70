"""``conformance env``: make, list and remove the adapters' environments."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from optimizer_conformance.cli.console import UsageError, console, known_adapters, print_json
from optimizer_conformance.workers import environments

app = typer.Typer(
    help="The virtual environments that frameworks run in, one an adapter.", no_args_is_help=True
)

Adapters = Annotated[list[str] | None, typer.Argument(help="adapters; all when none is named")]


@app.command(epilog="Example: conformance env create torch jax")
def create(
    adapters: Adapters = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="rebuild what is already there")] = False,
) -> None:
    """Make environments with venv and pip; what is there already is kept."""
    failures = []
    for name in known_adapters(adapters or environments.ADAPTERS):
        try:
            with console.status(f"{name} …"):
                made = environments.create(name, fresh=fresh, say=console.print)
            console.print(f"{name}: {made.folder}", soft_wrap=True)
        except environments.EnvironmentFailure as error:
            failures.append(str(error))
    if failures:
        raise environments.EnvironmentFailure("; ".join(failures))


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Every environment on this machine."""
    found = [
        {"adapter": adapter, "current": current, "folder": str(folder)}
        for adapter, folder, current in environments.existing()
    ]
    if as_json:
        print_json(found)
        return
    table = Table("adapter", "state", "folder")
    for item in found:
        table.add_row(
            str(item["adapter"]), "current" if item["current"] else "outdated", str(item["folder"])
        )
    console.print(table if found else "none yet; `conformance env create` makes them")


@app.command(epilog="Example: conformance env remove --outdated")
def remove(
    adapters: Adapters = None,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="only those that no requirements file asks for")
    ] = False,
) -> None:
    """Delete environments."""
    names = known_adapters(adapters or ())
    if not names and not outdated:
        raise UsageError("name the adapters, or give --outdated")
    for adapter, folder, current in environments.existing():
        if (adapter in names or not names) and not (outdated and current):
            environments.remove(folder)
            console.print(f"removed {folder}", soft_wrap=True)
