"""``conformance audit``."""

from __future__ import annotations

import ast
from typing import Annotated, Any

import typer

from optimizer_conformance import Audit, audit
from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.cli.interpreting import interpreting, print_answer
from optimizer_conformance.cli.running import option
from optimizer_conformance.questions.audit.preparation import AuditError
from optimizer_conformance.questions.audit.record import assumed, seen
from optimizer_conformance.reference.decimals import decimal, pairs
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.process import REQUEST_LIMIT

DEVIATES, INCOMPLETE = 1, 3
Many = list[str] | None


@interpreting
def audit_(
    target: Annotated[str, typer.Argument(help="module:object or path/to/file.py:object")],
    values: Annotated[
        Many,
        typer.Argument(help="NAME=VALUE: passed always; a hyperparameter then has this one value"),
    ] = None,
    like: Annotated[
        str, option("--like", help="judge against this variant (`conformance list variants`)")
    ] = "",
    kind: Annotated[
        str, option("--kind", help="torch, optax, keras, mindspore, course, function, …")
    ] = "",
    map_: Annotated[
        Many, option("--map", help="OWN=NAME: what one of its arguments is called here")
    ] = None,
    feature: Annotated[
        Many, option("--feature", help="an option that is on, where --like says none")
    ] = None,
    dtype: Annotated[Many, option("--dtype", help="only this one; default all it takes")] = None,
    profile: Annotated[str, option("--profile", help="audit, quick, default or full")] = "audit",
    seed: Annotated[int, option("--seed", help="of the cases; the default is fixed")] = 0,
    defaults: Annotated[
        bool, option("--defaults/--no-defaults", help="whether its own have to be the document's")
    ] = True,
    deadline: Annotated[
        float, option("--deadline", help="seconds that it may take for one answer")
    ] = REQUEST_LIMIT,
    as_json: Annotated[bool, option("--json", help="print JSON")] = False,
) -> None:
    """Tell the author of an optimizer what it computes, and what is wrong with it.

    Without --like the documented rule that fits best is found. Exits 1 when it deviates from the
    document (or from all of them), raises, hangs or dies; 2 when it cannot be used at all.

    [bold]Examples[/]

      conformance audit mine.py:RMSprop --like torch-rmsprop

      conformance audit mine.py:Adam --python .venv/bin/python --like keras-adam

      conformance audit mine.py:update --map alpha=decay epsilon=1e-7 --json
    """
    mapping, options = pairs(map_ or ()), values_of(values)
    try:
        with errors.status("…") as status:
            found = audit(
                target,
                like,
                python=interpreters.chosen(),
                kind=kind,
                mapping=mapping,
                options=options,
                features=tuple(feature or ()),
                dtypes=tuple(dtype or ()),
                profile=profile,
                seed=seed,
                defaults=defaults,
                limit=deadline,
                progress=lambda what: status.update(escape(f"{target}: {what}")),
            )
    except AuditError as error:
        raise UsageError(str(error)) from error
    if as_json:
        print_answer(found.to_dict())
    else:
        show(found)
    raise typer.Exit(0 if found.conforms else DEVIATES)


def literal(text: str) -> Any:
    """A Python literal, or the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # as it says of hostile text
        return text


def values_of(words: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE words: hyperparameters as decimals, anything else as a literal."""
    return {
        name: decimal(name, text) if name in HYPERPARAMETERS else literal(text)
        for name, text in pairs(words or ()).items()
    }


def show(found: Audit) -> None:
    """The verdict, what is wrong, where it was seen first, and what was tried."""
    words = Words(console)
    first, *rest = seen(found)
    words.say(first, style="bold green" if found.conforms else "bold red", indent=2)
    for texts, style in ((rest, ""), (assumed(found), "dim")):
        for text in texts:
            told = text.lstrip()
            start = text[: len(text) - len(told)]
            words.say(told, start=start, style=style, indent=len(start) + 2)
