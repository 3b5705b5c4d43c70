"""``--python``, ``--with``, ``--index-url``, ``--pre`` and ``--network``: the same in every command
that asks."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from optimizer_conformance.cli.console import UsageError, errors, print_json
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers import sandbox
from optimizer_conformance.workers.interpreters import Wish, standing_in
from optimizer_conformance.workers.pythons import NoInterpreter

PYTHON = "--python"
OPTIONS: dict[str, tuple[Any, Any]] = {
    "python": (
        Annotated[
            str,
            typer.Option(
                PYTHON,
                help="ask in this interpreter: a program, a virtual environment's folder, an "
                "adapter's environment, or a version",
            ),
        ],
        "",
    ),
    "with_": (
        Annotated[
            list[str] | None,
            typer.Option(
                "--with",
                help="ask in an environment made of this: torch==2.11.0, ./x.whl, ./dir",
            ),
        ],
        None,
    ),
    "index_url": (Annotated[str, typer.Option(help="where pip looks for --with")], ""),
    "network": (
        Annotated[
            bool, typer.Option("--network", help="let workers use the network, which is shut")
        ],
        False,
    ),
    "pre": (Annotated[bool, typer.Option("--pre", help="--with takes pre-releases")], False),
}


def print_answer(content: dict[str, Any]) -> None:
    """What workers were asked, as JSON; with it which walls were missing around them."""
    print_json({**content, "missing_walls": sandbox.missing_walls()})


def interpreting(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that also takes these options; its workers run where they say."""

    @functools.wraps(command)
    def wrapped(*words: Any, **named: Any) -> Any:
        given = {name: named.pop(name, default) for name, (_, default) in OPTIONS.items()}
        requirements = tuple(given["with_"] or ())
        if (given["index_url"] or given["pre"]) and not requirements:
            raise UsageError("--index-url and --pre say how --with is installed; give --with too")
        wish = Wish(given["python"], requirements, given["index_url"], given["pre"])
        try:
            found = wish.interpreter(lambda line: errors.print(escape(line)))
        except NoInterpreter as error:
            raise UsageError(str(error)) from error
        if missing := sandbox.missing_walls():
            errors.print(f"not confined here: {sandbox.said(missing)}")
        with standing_in(found), sandbox.networked(allowed=given["network"]):
            return command(*words, **named)

    signature = inspect.signature(command, eval_str=True)
    own = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in OPTIONS.items()
    ]
    wrapped.__signature__ = signature.replace(  # type: ignore[attr-defined]  # what inspect reads
        parameters=[*signature.parameters.values(), *own]
    )
    kinds = {name: kind for name, (kind, _) in OPTIONS.items()}
    wrapped.__annotations__ = {**command.__annotations__, **kinds}
    return wrapped
