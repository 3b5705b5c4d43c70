"""``conformance power``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cli import claim_power, situation_power
from optimizer_conformance.cli.console import (
    UsageError,
    console,
    errors,
    json_text,
    print_json,
)
from optimizer_conformance.cli.running import known_globs, known_profile, option
from optimizer_conformance.questions.power import analysis, paging, report
from optimizer_conformance.questions.power.tasks import tasks
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.store import RunError

Many = list[str] | None


def power(
    what: Annotated[
        str,
        typer.Argument(
            help="rules: wrong rules and rewritings; claims: what the claims of documents speak of"
        ),
    ] = "rules",
    variant: Annotated[
        Many, option("--variant", "-v", help="only rules that fit: glob, such as 'matlab*'")
    ] = None,
    dtype: Annotated[
        Many,
        option("--dtype", help=f"{', '.join(analysis.EVERY_DTYPE)}; without it the real ones"),
    ] = None,
    profile: Annotated[
        str, option("--profile", help="whose cases: quick, default or full")
    ] = "default",
    quick: Annotated[bool, option("--quick", help="a few rules, in under a minute")] = False,
    details: Annotated[bool, option("--details", help="also a line for each rule")] = False,
    out: Annotated[
        Path | None,
        option(
            "--out",
            "-o",
            help="also write power.md and power.json here; what was measured is kept there task by "
            "task, and the same command goes on after an interruption",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        option("--page", help="put the figures into this page, between its two marks"),
    ] = None,
    jobs: Annotated[int, option("--jobs", "-j", help="processes; 0: one a core")] = 0,
    situations: Annotated[
        bool,
        option("--situations", help="optimizers that are right but for one situation, told or not"),
    ] = False,
    as_json: Annotated[bool, option("--json", help="print JSON instead of tables")] = False,
) -> None:
    """Measure the verdicts: which wrong rules they tell, and whether they blame correct code.

    Wrong rules are built from the pipeline and carried out in working precision, as are legal
    rewritings of the right ones. Tolerances of other test suites decide on the same data. Exits
    with 1 when a wrong rule passes without a reason or correct code is blamed.

    With [bold]--situations[/] an optimizer is right but for one situation (after 500 steps, in a
    matrix, after a checkpoint): each of `conformance list situations` has to tell it.

    Of [bold]claims[/] the measured thing is `conformance verify`: what a claim speaks of is changed
    in one respect after the other, and some claim has to notice each. Exits with 1 when none does.

    [bold]Examples[/]

      conformance power --quick

      conformance power --variant 'matlab*' --dtype float32 --details

      conformance power --out power --page docs/power.md

      conformance power claims --out claims.md

      conformance power --situations --quick
    """
    if what not in ("rules", "claims"):
        raise UsageError(f"unknown {what!r}{suggestion(what, ('rules', 'claims'))}")
    if what == "claims":
        raise typer.Exit(claim_power.measure(out=out, as_json=as_json))
    if page is not None and not paging.marked(page):
        raise UsageError(
            f"{page} has no lines {paging.BEGIN} and {paging.END} to put figures between"
        )
    if situations:
        raise typer.Exit(situation_power.measure(quick=quick, as_json=as_json, page=page))
    patterns = known_globs(variant, "variant", tuple(VARIANTS))
    if quick and not patterns:
        patterns = analysis.QUICK
    known_globs(dtype, "dtype", analysis.EVERY_DTYPE)
    among = analysis.EVERY_DTYPE if dtype else analysis.DTYPES
    dtypes = tuple(name for name in among if wanted(name, tuple(dtype or ())))
    rules = analysis.rules(
        lambda name: wanted(name, patterns), squares=not set(dtypes) <= set(analysis.DTYPES)
    )
    sizes = dict.fromkeys(dtypes, analysis.QUICK_SIZE) if quick else analysis.SIZES
    work = list(tasks(list(rules), dtypes, known_profile(profile), sizes))
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=errors,
        transient=True,
        disable=as_json or not errors.is_terminal,
    )
    if jobs < 0:
        raise UsageError(f"--jobs {jobs}: give a number of processes, or 0 for one a core")
    with bar:
        moving = bar.add_task("", total=len(work))
        found = analysis.conduct(
            work,
            rules,
            jobs=jobs or os.cpu_count() or 1,
            progress=lambda done, total, what: bar.update(
                moving, completed=done, total=total, description=what
            ),
            folder=out,
        )
    if out is not None:
        write(found, out)
    if page is not None:
        paging.put(page, found)
    if as_json:
        print_json(analysis.content(found))
    else:
        report.show(found, console, details=details)
    raise typer.Exit(1 if found.unexplained or found.alarms else 0)


def write(found: analysis.Power, folder: Path) -> None:
    """Both files; JSON as the option prints it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "power.md").write_text(report.markdown(found), encoding="utf-8")
        (folder / "power.json").write_text(json_text(analysis.content(found)), encoding="utf-8")
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}") from error
