"""The page of all commands, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
import typer.cli

from optimizer_conformance.cli.commands import loaded
from optimizer_conformance.expectations.ledger import FOLDER


def pages() -> Iterator[tuple[str, str]]:
    """Path and Markdown."""
    command = loaded()
    context = typer.Context(command, info_name="conformance")
    text = typer.cli.get_docs_for_click(obj=command, ctx=context, name="conformance")
    yield "reference/commands.md", page(whole(text, command))


def whole(text: str, command: Any) -> str:
    """The first paragraph of each command, where Typer cuts off after some words."""
    for name, inner in getattr(command, "commands", {}).items():
        first = " ".join((inner.help or "").split("\n\n")[0].split())
        text = re.sub(
            rf"^\* `{re.escape(name)}`: .*\.\.\.$",
            f"* `{name}`: {first}",
            text,
            count=1,
            flags=re.MULTILINE,
        )
        text = whole(text, inner)
    return text


def page(text: str) -> str:
    """Typer's Markdown with examples as code and without paths of this machine."""
    text = text.replace(str(FOLDER), "conformance/expectations")
    text = text.replace("# `conformance`", "# Commands", 1)
    text = re.sub(r"\[bold\](.*?)\[/\]", r"**\1**:", text)
    # Examples are indented by two: each line a paragraph.
    text = re.sub(r"(?:^ {2,}\S.*\n\n?)+", lambda match: code(match[0]), text, flags=re.MULTILINE)
    return text.replace("Example: conformance", "Example:\n\n    conformance")


def code(lines: str) -> str:
    """Indented lines as one block."""
    found = [line.strip() for line in lines.splitlines() if line.strip()]
    return "\n".join(["```console", *(f"$ {line}" for line in found), "```", "", ""])
