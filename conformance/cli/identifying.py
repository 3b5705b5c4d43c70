"""``conformance identify``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from conformance.cli.console import UsageError, console, errors, print_json, suggestion
from conformance.identification import Identification, Unidentifiable, identify
from conformance.identification.inquiry import MOST_STEPS
from conformance.identification.survey import followed, survey
from conformance.subject import Subject, SubjectError, subject
from reference.numbers import PRECISIONS
from reports.terminal import escape


def identify_(
    target: Annotated[
        str,
        typer.Argument(help="implementation (torch:RMSprop) or target (mine.py:MyAdam)"),
    ] = "",
    hyperparameters: Annotated[
        list[str] | None,
        typer.Argument(help="name=value: hyperparameters that are not to be varied"),
    ] = None,
    with_: Annotated[
        str, typer.Option("--with", help="options to switch on, such as centered,momentum")
    ] = "",
    all_: Annotated[
        bool, typer.Option("--all", help="every set of options that it declares")
    ] = False,
    dtype: Annotated[str, typer.Option("--dtype", help=", ".join(PRECISIONS))] = "",
    device: Annotated[str, typer.Option("--device", help="where it runs; the first it has")] = "",
    seed: Annotated[int, typer.Option("--seed", help="of the gradients")] = 0,
    max_steps: Annotated[
        int, typer.Option("--max-steps", help="the most steps that it is made to take")
    ] = MOST_STEPS,
    every: Annotated[
        bool,
        typer.Option("--every", help="all implementations that fit TARGET as a glob, in a table"),
    ] = False,
    run: Annotated[
        Path | None, typer.Option("--run", help="with --every: the run whose rules are expected")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """What does this optimizer compute? No documentation is read, only steps are taken.

    Without --with it is asked in its plain form and with all of its options at once. Exits with 1
    when a formula is outside the family of RMSProp and Adam.

    [bold]Examples[/]

      conformance identify torch:RMSprop

      conformance identify tensorflow:keras.RMSprop --with centered,momentum

      conformance identify torch:AdamW --with weight_decay learning_rate=0.01 --json

      conformance identify --every 'torch:*' --run runs/20261120T190000.000
    """
    if every:
        surveyed(target or "*", run, max_steps=max_steps, seed=seed, as_json=as_json)
    if not target:
        raise UsageError("name an implementation or a target; `conformance list` shows them")
    given = dict(assignment(word) for word in hyperparameters or ())
    if max_steps < 1:
        raise UsageError(f"--max-steps {max_steps}: at least one step is needed")
    try:
        with (
            errors.status(f"{target}: starting", spinner="dots") as status,
            subject(target, device=device) as asked,
        ):
            found = []
            for features in chosen(asked, with_, all_=all_):
                status.update(f"{target}: {' + '.join(features) or 'plain form'}")
                found.append(
                    identify(
                        asked,
                        features=features,
                        dtype=known_dtype(asked, dtype),
                        seed=seed,
                        max_steps=max_steps,
                        hyperparameters=given,
                    )
                )
    except (SubjectError, Unidentifiable) as error:
        raise UsageError(str(error)) from error
    if as_json:
        content = [item.content() for item in found]
        print_json(content[0] if len(content) == 1 else content)
    else:
        for item in found:
            show(item)
    raise typer.Exit(1 if any(item.verdict == "outside the family" for item in found) else 0)


def surveyed(
    pattern: str, run: Path | None, *, max_steps: int, seed: int, as_json: bool
) -> NoReturn:
    """Identify every implementation that fits; exit with 1 where one is told wrongly."""
    rules = followed(run) if run else {}
    rows = []
    with errors.status(pattern, spinner="dots") as status:
        for row in survey((pattern,), rules, status.update, max_steps=max_steps, seed=seed):
            rows.append(row)
            if not as_json:
                console.print(
                    f"{row.implementation:44} {row.features or 'plain':36} {row.grade:12} "
                    f"{row.expected:6} {row.steps:4} steps {row.seconds:6.1f} s  {row.remark}",
                    markup=False,
                    soft_wrap=True,
                )
    count = Counter(row.grade for row in rows)
    if as_json:
        print_json({"rows": [asdict(row) for row in rows], "grades": count})
    else:
        console.print(", ".join(f"{number} {grade}" for grade, number in count.most_common()))
    raise typer.Exit(1 if count["wrong"] else 0)


def assignment(word: str) -> tuple[str, str]:
    """``name=value``, the value a decimal."""
    name, equals, value = word.partition("=")
    try:
        float(value)
    except ValueError:
        equals = ""
    if not equals:
        raise UsageError(f"{word!r} is no hyperparameter: write name=value, such as decay=0.9")
    return name, value


def chosen(asked: Subject, with_: str, *, all_: bool) -> list[tuple[str, ...]]:
    """The sets of options to ask about."""
    declared = [tuple(sorted(options)) for options in asked.implementation.features]
    if all_:
        return declared
    if with_:
        wanted = tuple(sorted(name for name in with_.split(",") if name))
        if wanted not in declared:
            known = ["+".join(options) or "plain" for options in declared]
            raise UsageError(
                f"{asked.name} has no {' + '.join(wanted)}{suggestion('+'.join(wanted), known)}"
            )
        return [wanted]
    return list(dict.fromkeys((min(declared, key=len), max(declared, key=len))))


def known_dtype(asked: Subject, dtype: str) -> str:
    """A dtype that the subject has."""
    if dtype and dtype not in asked.implementation.dtypes:
        has = ", ".join(asked.implementation.dtypes)
        raise UsageError(f"{asked.name} has no {dtype}; it has {has}")
    return dtype


def show(found: Identification) -> None:
    """The formula, the factor table, and what it took."""
    asked = " + ".join(found.features) or "plain form"
    console.print(f"\n[bold]{escape(found.subject)}[/], {asked}: [bold]{found.verdict}[/]")
    console.print(escape(found.why), soft_wrap=True)
    for text, latex in zip(found.formula, found.latex, strict=True):
        console.print(f"    {escape(text)}    [dim]{escape(latex)}[/]", soft_wrap=True)
    if found.factors:
        table = Table("factor", "value", "otherwise", "off by bounds", "experiment", "step")
        for row in found.factors:
            told = (row.rival, f"{row.separation:.3g}", str(row.experiment), str(row.step))
            table.add_row(row.name, row.value, *(told if row.experiment else ("", "", "", "")))
        console.print(table)
    for item in found.ambiguous:
        console.print(f"{item.factor}: {' or '.join(item.values)}: {item.reason}", soft_wrap=True)
    for note in found.notes:
        console.print(escape(note), soft_wrap=True)
    if found.verdict != "outside the family":
        names = ", ".join(found.nearest_variants[:6])
        console.print(f"documented as: {names}{departing(found)}", soft_wrap=True)
    for number, experiment in enumerate(found.experiments, start=1):
        console.print(f"experiment {number}: {experiment}", soft_wrap=True)
    console.print(f"{found.steps} steps, {found.seconds:.1f} s")


def departing(found: Identification) -> str:
    """In what the nearest document differs."""
    return f" (nearest; {found.departure})" if found.departure else ""
