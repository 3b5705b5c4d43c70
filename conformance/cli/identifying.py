"""``conformance identify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from optimizer_conformance.cli.auditing import values_of
from optimizer_conformance.cli.console import UsageError, console, errors, print_json
from optimizer_conformance.cli.interpreting import interpreting, print_answer
from optimizer_conformance.cli.running import option
from optimizer_conformance.questions.identify import Identification, Unidentifiable, identify
from optimizer_conformance.questions.identify.search import MOST_STEPS, PREFERRED
from optimizer_conformance.questions.identify.survey import Row, followed, invented, survey
from optimizer_conformance.reference.decimals import by_meaning, decimal, pairs
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers.configuration import offered
from optimizer_conformance.workers.subject import Subject, subject

OUTSIDE = 1
Many = list[str] | None


@interpreting
def identify_(
    target: Annotated[
        str,
        typer.Argument(help="implementation (torch:RMSprop) or target (mine.py:MyAdam)"),
    ] = "",
    values: Annotated[
        Many, typer.Argument(help="NAME=VALUE: a hyperparameter that is not varied")
    ] = None,
    features: Annotated[
        str, option("--features", help="options to switch on: centered,momentum")
    ] = "",
    all_: Annotated[bool, option("--all", help="every set of options that it has")] = False,
    dtype: Annotated[str, option("--dtype", help=", ".join(PREFERRED))] = "",
    device: Annotated[str, option("--device", help="where it runs; the first it has")] = "",
    seed: Annotated[int, option("--seed", help="of the gradients")] = 0,
    max_steps: Annotated[
        int, option("--max-steps", help="the most steps that it is made to take")
    ] = MOST_STEPS,
    kind: Annotated[str, option("--kind", help="of a target, as `conformance audit` has it")] = "",
    map_: Annotated[
        Many, option("--map", help="OWN=NAME: what one of a target's arguments is called here")
    ] = None,
    every: Annotated[
        bool, option("--every", help="all implementations that fit TARGET as a glob, in a table")
    ] = False,
    run: Annotated[
        Path | None, option("--run", help="with --every: the run whose rules are expected")
    ] = None,
    synthetic: Annotated[
        int, option("--synthetic", help="so many optimizers drawn at random, in a table")
    ] = 0,
    as_json: Annotated[bool, option("--json", help="print JSON")] = False,
) -> None:
    """What does this optimizer compute? No documentation is read: it is only made to take steps.

    Without --features it is asked in its plain form and with most of its options at once. Exits
    with 1 when no rule that is known explains the steps, or a step does not give the same twice.

    [bold]Examples[/]

      conformance identify torch:RMSprop

      conformance identify tensorflow:keras.RMSprop --features centered,momentum

      conformance identify mine.py:update learning_rate=0.01 --json

      conformance identify --every 'torch:*' --run runs/20261120T190000.000
    """
    if max_steps < 1:
        raise UsageError(f"--max-steps {max_steps}: at least one step is needed")
    if every or synthetic:
        rules = followed(run) if run else {}
        rows = survey((target or "*",), rules, max_steps=max_steps, seed=seed)
        surveyed(invented(synthetic, seed) if synthetic else rows, as_json=as_json)
    if not target:
        raise UsageError("name an implementation or a target; `conformance list` shows them")
    mapping, given = pairs(map_ or ()), values_of(values)
    options = {name: value for name, value in given.items() if name not in HYPERPARAMETERS}
    found: list[Identification] = []
    try:
        with (
            errors.status(f"{target}: starting") as status,
            subject(
                target,
                device=device,
                kind=kind,
                mapping=mapping,
                options=options,
            ) as asked,
        ):
            fixed = canonical(asked, given)
            for options_on in chosen(asked, features, all_=all_):
                status.update(f"{target}: {' + '.join(options_on) or 'plain form'}")
                answer = identify(
                    asked,
                    features=options_on,
                    dtype=known_dtype(asked, dtype),
                    seed=seed,
                    max_steps=max_steps,
                    hyperparameters=known_values(asked, options_on, fixed),
                )
                found.append(answer)
    except Unidentifiable as error:
        told(found, as_json=as_json)
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(OUTSIDE) from error
    if as_json:
        first, *others = (item.content() for item in found)
        print_answer({**first, "others": others})
    told(found, as_json=as_json)
    raise typer.Exit(OUTSIDE if any(not item.rules for item in found) else 0)


def told(found: Iterable[Identification], *, as_json: bool) -> None:
    """What was found, once nothing turns on the terminal any more."""
    for answer in found if not as_json else ():
        answer.show(console)


def canonical(asked: Subject, given: Mapping[str, Any]) -> dict[str, str]:
    """The hyperparameters among the values, by canonical names: a target has names of its own."""
    arguments = asked.signature.arguments
    own = {arguments.get(name, name): name for name in HYPERPARAMETERS}
    meant = by_meaning(given, own)
    return {name: decimal(name, meant[name]) for name in meant if name in HYPERPARAMETERS}


def known_values(
    asked: Subject, features: tuple[str, ...], fixed: dict[str, str]
) -> dict[str, str]:
    """The values for one set of options; each must be an argument that it takes."""
    takes = asked.implementation.hyperparameters
    for name in fixed:
        if name not in takes:
            raise UsageError(f"{asked.name} takes no {name}{suggestion(name, takes)}")
    has = offered(asked.implementation, features)
    return {name: text for name, text in fixed.items() if name in has}


def chosen(asked: Subject, named: str, *, all_: bool) -> list[tuple[str, ...]]:
    """The sets of options to ask about."""
    declared = [tuple(sorted(options)) for options in asked.implementation.features]
    if all_:
        return declared
    if named:
        wanted = tuple(sorted(name.strip() for name in named.replace("+", ",").split(",")))
        if wanted not in declared:
            known = ["+".join(options) for options in declared if options]
            hint = f"; it has {', '.join(known)}" if known else "; it has the plain form alone"
            raise UsageError(f"{asked.name} has no {'+'.join(wanted)}{hint}")
        return [wanted]
    return list(dict.fromkeys((min(declared, key=len), max(declared, key=len))))


def known_dtype(asked: Subject, dtype: str) -> str:
    """A real dtype that the subject has."""
    has = [name for name in asked.implementation.dtypes if name in PREFERRED]
    if dtype and dtype not in has:
        raise UsageError(f"{asked.name} is not asked in {dtype}, but in {', '.join(has)}")
    return dtype


def surveyed(rows: Iterable[Row], *, as_json: bool) -> NoReturn:
    """A line for each identification as it comes; exit with 1 where one is told wrongly or not.

    What was told before an interruption is shown all the same.
    """
    kept: list[Row] = []
    try:
        with errors.status("asking"):
            for row in rows:
                kept.append(row)
                if not as_json:
                    console.print(
                        f"{row.implementation:44} {row.features or 'plain':36} {row.grade:12} "
                        f"{row.expected:6} {row.steps:4} steps {row.seconds:6.1f} s  {row.remark}",
                        markup=False,
                    )
    finally:
        count = Counter(row.grade for row in kept)
        if as_json:
            print_json({"rows": [asdict(row) for row in kept], "grades": count})
        elif kept:
            console.print(", ".join(f"{number} {grade}" for grade, number in count.most_common()))
    if not kept:
        raise UsageError("nothing fits; `conformance list implementations` shows what can run")
    raise typer.Exit(OUTSIDE if count["wrong"] or count["not told"] else 0)
