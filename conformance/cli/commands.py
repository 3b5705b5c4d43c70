"""The commands: each is imported when it is used, and ``--help`` reads its first line only."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

# Where each command stands, by what people want: a function, or an app that holds more commands.
GROUPS = {
    "Ask about an optimizer": {
        "audit": "auditing:audit_",
        "identify": "identifying:identify_",
        "translate": "translating:translate_",
        "certify": "certifying:certify_",
        "certificate": "certifying:app",
        "repro": "reproducing:repro",
        "sweep": "sweeping:sweep_",
        "worst": "sweeping:worst_",
    },
    "Compare implementations with documents": {
        "run": "running:run",
        "report": "reporting:report",
        "diff": "comparing:diff",
        "compare": "branching:compare_",
        "merge": "running:merge",
        "history": "history:history",
        "equivalence": "equivalence:equivalence_",
        "tables": "tables:app",
    },
    "Check documents, data and this tool": {
        "verify": "verifying:verify",
        "reproduce": "reporting:reproduce",
        "list": "listing:list_",
        "vectors": "vectors:app",
        "golden": "golden:app",
        "power": "power:power",
        "primitives": "measuring:primitives",
        "bench": "timing:bench_",
    },
    "In CI": {
        "ci": "gating:ci",
        "expectations": "expecting:app",
    },
    "Set up": {
        "doctor": "doctoring:doctor",
        "env": "environment:app",
        "adapter": "adapter:app",
    },
}
PLACES = {name: place for group in GROUPS.values() for name, place in group.items()}
# Where a function's docstring begins, and an app's help.
OF_FUNCTION = r'^def NAME\(.*?\n    """(.*?)"""'
OF_APP = r'^NAME = typer\.Typer\(.*?help="(.*?)"'
PANELS = {name: title for title, group in GROUPS.items() for name in group}


class Commands(TyperGroup):
    """A group that knows its commands by name, and imports the one that is called.

    Contexts and commands are Click's, which Typer brings under one name or another.
    """

    def __init__(self, **attributes: Any) -> None:
        attributes["commands"] = {name: TyperCommand(name) for name in PLACES}
        super().__init__(**attributes)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command's name and first line, as ``--help`` shows them."""
        if cmd_name not in PLACES:
            return None
        return TyperCommand(
            cmd_name, help=first_line(PLACES[cmd_name]), rich_help_panel=PANELS[cmd_name]
        )

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command itself, with what is left of the line."""
        name, command, rest = super().resolve_command(ctx, args)
        if "--help" in rest:
            from optimizer_conformance.cli import narrow  # noqa: PLC0415  # only help needs it

            narrow.whole()
        return name, loaded(name).commands[name] if name else command, rest


def first_line(place: str) -> str:
    """What a command says of itself, found in its module's text: no module is read whole."""
    module, member = place.split(":")
    text = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    for pattern in (OF_FUNCTION, OF_APP):
        if found := re.search(pattern.replace("NAME", member), text, re.MULTILINE | re.DOTALL):
            return inspect.cleandoc(found[1]).partition("\n\n")[0].replace("\n", " ")
    raise LookupError(f"{module}.py has no {member}")


def group(**choices: Any) -> typer.Typer:
    """The command line without commands."""
    empty = typer.Typer(
        name="conformance",
        help="Do optimizer implementations compute what their documentation says?",
        epilog="Exit codes: 0 as expected · 1 unexpected verdicts · 2 usage · 3 run incomplete · "
        "70 unforeseen, with a file that has the traceback",
        no_args_is_help=True,
        invoke_without_command=True,
        rich_markup_mode="rich",
        add_completion=False,
        pretty_exceptions_enable=False,
        **choices,
    )
    empty.callback()(whatever_command)
    return empty


def whatever_command(
    version: Annotated[
        bool, typer.Option("--version", help="print the version and leave", is_eager=True)
    ] = False,
) -> None:
    """What stands before a command."""
    if version:
        from importlib import metadata  # noqa: PLC0415 - nothing else needs it

        typer.echo(f"optimizer-conformance {metadata.version('optimizer-conformance')}")
        raise typer.Exit


def loaded(*names: str) -> Any:
    """The command line with these commands, imported; with all of them where none is named."""
    from optimizer_conformance.cli.answering import answering  # noqa: PLC0415 - not for --help

    whole = group()
    for name in names or PLACES:
        module, member = PLACES[name].split(":")
        found = getattr(importlib.import_module(f"{__package__}.{module}"), member)
        if isinstance(found, typer.Typer):
            for one in found.registered_commands:
                one.callback = answering(one.callback) if one.callback else None
            whole.add_typer(found, name=name, rich_help_panel=PANELS[name])
        else:
            whole.command(name, rich_help_panel=PANELS[name])(answering(found))
    found = typer.main.get_command(whole)
    for _, command in every(found):
        command.help = unbroken(command.help or "")
    return found


def every(group: Any, name: str = "conformance") -> Iterator[tuple[str, Any]]:
    """Each command below a group, by the words that call it."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from every(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def unbroken(text: str) -> str:
    """Paragraphs whose lines are broken by the terminal, not by the width of a source file."""
    return "\n\n".join(part.replace("\n", " ") for part in text.split("\n\n"))


app = group(cls=Commands)
