"""The commands: each is imported when it is used, and ``--help`` reads its first line only."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Where each command stands: a function, or an app that holds further commands.
PLACES = {
    "run": "running:run",
    "merge": "running:merge",
    "report": "reporting:report",
    "ci": "gating:ci",
    "diff": "comparing:diff",
    "history": "history:history",
    "repro": "reproducing:repro",
    "reproduce": "reporting:reproduce",
    "verify": "verifying:verify",
    "audit": "auditing:audit_",
    "translate": "translating:translate_",
    "certify": "certifying:certify_",
    "sweep": "sweeping:sweep_",
    "worst": "sweeping:worst_",
    "power": "power:power",
    "identify": "identifying:identify_",
    "primitives": "measuring:primitives",
    "bench": "timing:bench_",
    "list": "listing:list_",
    "doctor": "listing:doctor",
    "equivalence": "equivalence:equivalence_",
    "tables": "tables:app",
    "env": "environment:app",
    "golden": "golden:app",
    "vectors": "vectors:app",
    "expectations": "expecting:app",
    "adapter": "adapter:app",
    "certificate": "certifying:app",
}


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
        return TyperCommand(cmd_name, help=first_line(PLACES[cmd_name]))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command itself, with what is left of the line."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name).commands[name] if name else command, rest


def first_line(place: str) -> str:
    """What a command says of itself, read from its module without importing it."""
    module, member = place.split(":")
    text = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == member:
            return (ast.get_docstring(node) or "").partition("\n\n")[0]
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.targets[0]) == member
        ):
            given = {item.arg: item.value for item in node.value.keywords}
            return str(ast.literal_eval(given["help"]))
    raise LookupError(f"{module}.py has no {member}")


def group(**choices: Any) -> typer.Typer:
    """The command line without commands."""
    empty = typer.Typer(
        name="conformance",
        help="Do optimizer implementations compute what their documentation says?",
        epilog="Exit codes: 0 as expected · 1 unexpected verdicts · 2 usage · 3 run incomplete · "
        "70 unforeseen, with a file that has the traceback",
        no_args_is_help=True,
        rich_markup_mode="rich",
        add_completion=False,
        pretty_exceptions_enable=False,
        **choices,
    )
    empty.callback()(lambda: None)
    return empty


def loaded(*names: str) -> Any:
    """The command line with these commands, imported; with all of them where none is named."""
    whole = group()
    for name in names or PLACES:
        module, member = PLACES[name].split(":")
        found = getattr(importlib.import_module(f"{__package__}.{module}"), member)
        if isinstance(found, typer.Typer):
            whole.add_typer(found, name=name)
        else:
            whole.command(name)(found)
    return typer.main.get_command(whole)


app = group(cls=Commands)
