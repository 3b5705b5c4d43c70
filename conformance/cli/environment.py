"""``conformance env``: make, list and remove the adapters' environments."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from optimizer_conformance.cli.console import UsageError, console, print_json
from optimizer_conformance.cli.names import known_adapter, known_adapters
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports.paragraphs import things
from optimizer_conformance.workers import environments

app = typer.Typer(
    help="The virtual environments that frameworks run in, one an adapter.", no_args_is_help=True
)

Adapters = Annotated[list[str] | None, typer.Argument(help="adapters; all when none is named")]
Doomed = Annotated[list[str] | None, typer.Argument(help="adapters, or names that `env list` has")]


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
            console.print(f"{name}: {made.folder}")
        except environments.EnvironmentFailure as error:
            failures.append(str(error))
    if failures:
        raise environments.EnvironmentFailure("; ".join(failures))


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Every environment on this machine, and whether it is whole."""
    found = environments.existing()
    if as_json:
        print_json([shown(item) for item in found])
        return
    if not found:
        console.print("none yet; `conformance env create` makes them")
        return
    rows = [
        (item.adapter, ": ".join(filter(None, [item.state, item.detail])), str(item.folder))
        for item in found
    ]
    things(console, ("adapter", "state", "folder"), rows)
    for state in dict.fromkeys(item.state for item in found):
        console.print(f"{state}: {environments.STATES[state]}")


def shown(item: environments.Found) -> dict[str, object]:
    """One environment for machines."""
    return {
        "adapter": item.adapter,
        "state": item.state,
        "detail": item.detail,
        "current": item.state == "current",
        "folder": str(item.folder),
    }


@app.command(
    epilog="Examples: conformance env remove torch · conformance env remove timm@0.9.16 · "
    "conformance env remove --outdated --yes"
)
def remove(
    adapters: Doomed = None,
    outdated: Annotated[
        bool,
        typer.Option(
            "--outdated",
            help="only those of this interpreter that no requirements file asks for, and what "
            "unfinished makings left",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Delete environments: shows which, and asks.

    Another Python's, and what `history` and --with have made, are never outdated; the latter have
    names of their own in `conformance env list`.
    """
    there = environments.existing()
    names = named(adapters or (), there)
    if not names and not outdated:
        raise UsageError("name the adapters, or give --outdated")
    doomed = [item for item in there if is_meant(item, names, outdated)]
    for item in doomed:
        console.print(f"{item.adapter}: {item.folder} ({item.state})")
    if not doomed:
        console.print("there is none to delete")
    elif not yes and not confirmed(len(doomed)):
        raise UsageError("nothing was deleted; --yes deletes without asking")
    for item in doomed:
        environments.remove(item.folder)
        console.print(f"removed {item.folder}")


def named(names: Iterable[str], there: list[environments.Found]) -> tuple[str, ...]:
    """Adapters, and environments that are no adapter's: each must exist."""
    own = {item.adapter for item in there} - {*environments.ADAPTERS}
    for name in names:
        if name not in own | {*environments.ADAPTERS} and not name.endswith(".py"):
            known = (*environments.ADAPTERS, *sorted(own))
            raise UsageError(f"unknown adapter or environment {name!r}{suggestion(name, known)}")
    return tuple(name if name in own else known_adapter(name) for name in names)


def is_meant(item: environments.Found, names: tuple[str, ...], outdated: bool) -> bool:
    """Whether an environment is one of those that were named."""
    if names and item.adapter not in names:
        return False
    if outdated:
        return item.state in ("outdated", "unfinished")
    # An adapter's name means this Python's environment; any other name has one meaning.
    return item.state != "other" or item.adapter not in environments.ADAPTERS


def confirmed(count: int) -> bool:
    """Whether whoever sits before the terminal wants it; nobody is asked through a pipe."""
    return sys.stdin.isatty() and typer.confirm(f"delete {count}?")
