"""``conformance adapter``: for those who write one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from optimizer_conformance.cli.codes import UNEXPECTED
from optimizer_conformance.cli.console import UsageError, console
from optimizer_conformance.cli.interpreting import interpreting, print_answer
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.adapter_check import check_adapter
from optimizer_conformance.workers.implementation_check import CheckReport, Complaint
from optimizer_conformance.workers.interpreters import chosen
from optimizer_conformance.workers.process import Worker, command_for

app = typer.Typer(help="For authors of adapters.", no_args_is_help=True)

Words = Annotated[
    list[str],
    typer.Argument(help="an adapter's name, a module FILE.py, or a command that starts a worker"),
]


@app.callback()
def group() -> None:
    """For authors of adapters."""


@app.command(
    epilog="Examples: conformance adapter check torch · conformance adapter check mine.py · "
    "conformance adapter check -- node worker.mjs .  (paths are those of this folder)",
    context_settings={"ignore_unknown_options": True},
)
@interpreting
def check(
    worker: Words,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Tell an adapter's author what is wrong with it.

    Asks nothing about formulas: whether the description is true, bits survive, sessions are apart,
    state is restored, options and hyperparameters do something, and errors stay errors.
    Exits 1 when something is wrong, 3 when the worker cannot be used at all.
    """
    with Worker(command(worker)) as process, console.status("…") as status:
        found = check_adapter(process, lambda name: status.update(escape(name)))
    if as_json:
        print_answer(
            {
                "adapter": found.description.adapter,
                "checks": found.checks,
                "complaints": [vars(item) for item in found.complaints],
                "notes": [vars(item) for item in found.notes],
            }
        )
    else:
        show(found)
    raise typer.Exit(UNEXPECTED if found.complaints else 0)


def command(words: list[str]) -> list[str]:
    """What starts the worker that was meant; it runs in another folder, so paths are made whole.

    Raises UsageError for one word that is neither an adapter, nor a file, nor a program.
    """
    if len(words) > 1:
        return [whole(word) for word in words]
    (word,) = words
    if word in environments.ADAPTERS:
        return environments.create(word).command
    if word.endswith(".py"):
        if not Path(word).is_file():
            raise UsageError(f"{word} does not exist")
        return command_for(str(Path(word).resolve()), chosen() or Path(sys.executable))
    if Path(word).is_file():
        return [whole(word)]
    raise UsageError(f"no adapter {word!r}{suggestion(word, environments.ADAPTERS)}")


def whole(word: str) -> str:
    """The absolute path of what exists here, and any other word as it is."""
    try:
        return str(Path(word).absolute()) if Path(word).exists() else word
    except (OSError, ValueError):  # no name of a file
        return word


def show(found: CheckReport) -> None:
    """Complaints and notes by implementation, and one line at the end."""
    for title, items in (("wrong", found.complaints), ("declared of upstream", found.notes)):
        merged: dict[tuple[str, str], list[str]] = {}
        for item in items:
            merged.setdefault((item.implementation, item.message), []).append(where(item))
        for (name, message), places in merged.items():
            console.print(
                f"{title}: {escape(name or found.description.adapter)} "
                f"({escape('; '.join(filter(None, places)) or 'as a whole')}): {escape(message)}",
            )
    count = len(found.description.implementations)
    verdict = f"{len(found.complaints)} wrong" if found.complaints else "nothing wrong"
    if not count and not found.complaints:
        verdict = f"nothing to check: {found.description.unavailable}"
    console.print(
        escape(
            f"{found.description.adapter}: {count} implementations, {found.checks} checks, "
            f"{verdict}"
        ),
    )


def where(item: Complaint) -> str:
    """The configuration of a complaint."""
    return item.configuration
