"""The pages of the library: what its modules offer, from signatures and docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

# What others may build on; everything else may change.
MODULES = {
    "optimizer_conformance": "Ask about an optimizer",
    "optimizer_conformance.reference.matlab": "MATLAB's two functions",
    "optimizer_conformance.reference.rules": "The formulas",
    "optimizer_conformance.reference.variants": "The documented variants",
    "optimizer_conformance.workers.subject": "Implementations, asked by steps",
    "optimizer_conformance.adapters.kit": "For an adapter",
    "optimizer_conformance.adapters.offer": "The rows of an adapter",
    "optimizer_conformance.adapters.protocol": "Messages between harness and worker",
}

# Defaults that have no text of their own.
UNSHOWN = r"<factory>|<function .*? at 0x[0-9a-f]+>"


def pages() -> Iterator[tuple[str, str]]:
    """Path and Markdown: one page for all."""
    parts = [
        "# Library",
        "",
        "Public functions and classes, as their signatures and docstrings say.",
    ]
    for name, what in MODULES.items():
        module = importlib.import_module(name)
        found = list(members(module))
        if found:
            parts += ["", f"## {name}", "", f"{what}. {prose(module)}"]
            for label, value in found:
                parts += ["", f"### {label}", "", *member(label, value)]
    yield "reference/library.md", "\n".join(parts) + "\n"


def members(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What a module offers: ``__all__``, or the public functions and classes that it defines."""
    names = getattr(module, "__all__", None)
    for name in names or sorted(vars(module), key=lambda name: line(getattr(module, name))):
        value = getattr(module, name)
        own = names or getattr(value, "__module__", "") == module.__name__
        if (
            own
            and not name.startswith("_")
            and (inspect.isfunction(value) or inspect.isclass(value))
        ):
            yield name, value


def line(value: Any) -> int:
    """Where it stands in its file."""
    try:
        return inspect.getsourcelines(value)[1]
    except (OSError, TypeError):
        return 0


def member(name: str, value: Any) -> Iterator[str]:
    """Signature and words of one function or class."""
    try:
        signature = str(inspect.signature(value))
    except (TypeError, ValueError):
        signature = ""
    kind = "class" if inspect.isclass(value) else "def"
    yield "```python"
    yield f"{kind} {name}{wrapped(signature)}"
    yield "```"
    yield ""
    yield prose(value)


def wrapped(signature: str) -> str:
    """A long signature with one parameter a line."""
    # Annotations are kept as texts; a default that is a text keeps its quotes.
    signature = re.sub(UNSHOWN, "…", signature)
    signature = re.sub(r"(: |-> )(?:'([^']*)'|\"([^\"]*)\")", r"\1\2\3", signature)
    if len(signature) <= 80 or not signature.startswith("("):
        return signature
    inside, _, result = signature[1:].rpartition(")")
    parts = re.split(r", (?=[*\w]+(?::|=|,|$))", inside)
    return "(\n" + "".join(f"    {part},\n" for part in parts) + ")" + result


def prose(value: Any) -> str:
    """A docstring as Markdown: aligned lists become tables of two columns."""
    text = inspect.getdoc(value) or ""
    parts = [paragraph(part) for part in re.split(r"\n\s*\n", text)]
    return "\n\n".join(parts).replace("``", "`")


def paragraph(text: str) -> str:
    """One paragraph; lines in two columns, a name and words, are a list."""
    lines = text.splitlines()
    if text.startswith(">>>"):
        return "\n".join(["```pycon", *lines, "```"])
    if text.startswith("    "):
        return "\n".join(["```python", *(row[4:] for row in lines), "```"])
    if items := columns(lines):
        return "\n".join(f"- **{name}**: {words}" for name, words in items)
    return re.sub(r":(?:mod|class|func|data):`([^`]+)`", r"`\1`", text)


def columns(lines: list[str]) -> list[tuple[str, str]]:
    """Names and their words; nothing where a line is not of that kind."""
    head = re.match(r"\S.{0,40}?[^.\s]\s{2,}(?=\S)", lines[0]) if lines else None
    if not head:
        return []
    items: list[tuple[str, str]] = []
    for row in lines:
        name, words = row[: head.end()].strip(), row[head.end() :]
        if not name:
            items[-1] = (items[-1][0], f"{items[-1][1]} {words}")
        elif row[head.end() - 1] == " ":
            items.append((name, words))
        elif long := re.match(r"(\S+)\s+(\S.*)", row):  # a name that is wider than its column
            items.append((long[1], long[2]))
        else:
            return []
    return items
