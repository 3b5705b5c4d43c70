"""``--out`` of the commands that print an answer and write nothing themselves."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from optimizer_conformance.cli.console import UsageError, errors

NAME = "answer_file"
KIND = Annotated[
    Path | None, typer.Option("--out", "-o", help="file to write, instead of printing")
]


def answering(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, which also takes ``--out`` if it has ``--json`` and no file of its own."""
    signature = inspect.signature(command, eval_str=True)
    if "as_json" not in signature.parameters or {NAME, "out", "output"} & {*signature.parameters}:
        return command

    @functools.wraps(command)
    def wrapped(*words: Any, **named: Any) -> Any:
        path = named.pop(NAME, None)
        if path is None:
            return command(*words, **named)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                return command(*words, **named)
        finally:
            if text := said.getvalue():  # where something is wrong with the question, none
                put(path, text)

    own = inspect.Parameter(NAME, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=KIND)
    wrapped.__signature__ = signature.replace(  # type: ignore[attr-defined]  # what inspect reads
        parameters=[*signature.parameters.values(), own]
    )
    wrapped.__annotations__ = {**command.__annotations__, NAME: KIND}
    return wrapped


def put(path: Path, text: str) -> None:
    """Write what would have been printed.  Raises UsageError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    errors.print(f"wrote {path}", markup=False)
