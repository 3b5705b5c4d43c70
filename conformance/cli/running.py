"""``conformance run``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.protocol import ITEM_SIZE
from conformance.campaign import Result
from conformance.cases import MODES, PROFILES, Case, parse
from conformance.cli.console import (
    UsageError,
    console,
    errors,
    known_adapters,
    print_json,
    suggestion,
)
from conformance.cli.reporting import content
from conformance.expectations import FOLDER
from conformance.patterns import wanted
from conformance.plan import Selection
from conformance.session import Listener, Outcome, conduct
from reference.variants import VARIANTS
from reports import model, terminal

Many = list[str] | None


def option(*names: str, help: str) -> typer.models.OptionInfo:  # noqa: A002 - typer's own word
    """A typer option that may stand beside its default."""
    info: typer.models.OptionInfo = typer.Option(*names, help=help)
    return info


def run(
    adapter: Annotated[Many, option("--adapter", "-a", help="only this adapter")] = None,
    implementation: Annotated[
        Many, option("--implementation", "-i", help="glob, such as 'torch:RMSprop*'")
    ] = None,
    variant: Annotated[
        Many, option("--variant", "-v", help="judge against these only: glob, such as 'keras*'")
    ] = None,
    dtype: Annotated[Many, option("--dtype", help="float16, bfloat16, float32 or float64")] = None,
    device: Annotated[Many, option("--device", help="glob, such as 'cuda:*'")] = None,
    mode: Annotated[Many, option("--mode", help="what a case does: " + ", ".join(MODES))] = None,
    case: Annotated[
        Many, option("--case", help="run this case again, as a report prints it")
    ] = None,
    profile: Annotated[str, option("--profile", help="quick, default or full")] = "default",
    seed: Annotated[int, option("--seed", help="of the cases; the default is fixed")] = 0,
    out: Annotated[
        Path | None, option("--out", "-o", help="run folder; default runs/<time>")
    ] = None,
    require: Annotated[
        Many, option("--require", help="exit 3 unless this adapter runs on some device")
    ] = None,
    expectations: Annotated[
        Path, option("--expectations", help="folder of the files of known deviations")
    ] = FOLDER,
    jobs: Annotated[int, option("--jobs", "-j", help="adapters at a time; 0: one a core")] = 0,
    as_json: Annotated[bool, option("--json", help="print JSON instead of tables")] = False,
) -> None:
    """Compare implementations with the reference, element by element.

    Options may be repeated. Everything is kept in the run folder; `conformance report` shows it
    again. Ctrl-C keeps what is done.

    [bold]Examples[/]

      conformance run --profile quick

      conformance run --adapter torch --variant 'keras*'

      conformance run -i 'tensorflow:keras.*' --dtype float32 --json
    """
    selection = Selection(
        adapters=known_adapters([*(adapter or ()), *(require or ())] if adapter else ()),
        implementations=tuple(implementation or ()),
        variants=known_globs(variant, "variant", tuple(VARIANTS)),
        dtypes=known_globs(dtype, "dtype", tuple(ITEM_SIZE)),
        devices=tuple(device or ()),
        modes=known_globs(mode, "mode", tuple(MODES)),
        cases=tuple(parsed(text) for text in case or ()),
        profile=known_profile(profile),
        seed=seed,
    )
    required = known_adapters(require or ())
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    folder = out or Path("runs") / stamp
    with Bars(quiet=as_json) as bars:
        outcome = conduct(
            selection,
            folder,
            requested=known_adapters(adapter or ()),
            required=required,
            jobs=jobs,
            listener=bars,
            expected=known_folder(expectations),
        )
    data = model.load(folder, incomplete=True)
    if as_json:
        print_json(reporting_content(data, outcome))
    else:
        terminal.show(data, console)
        closing(outcome, data)
    if not outcome.exit_code and selection_empty(data):
        raise UsageError(
            "nothing was selected: no implementation fits these filters; see `conformance list`"
        )
    raise typer.Exit(outcome.exit_code)


def selection_empty(data: model.RunData) -> bool:
    """Whether filters left nothing although adapters could run."""
    ready = [about for about in data.adapters.values() if about.get("devices")]
    return data.cells.empty and bool(ready)


def reporting_content(data: model.RunData, outcome: Outcome) -> dict[str, object]:
    """What --json prints."""
    return {
        "exit_code": outcome.exit_code,
        "folder": str(outcome.folder),
        "missing": outcome.missing,
        "stale": outcome.stale,
        **content(data),
    }


def known_globs(given: Many, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns of which each must fit something."""
    for pattern in given or ():
        if not any(wanted(name, (pattern,)) for name in known):
            raise UsageError(f"no {what} fits {pattern!r}{suggestion(pattern, known)}")
    return tuple(given or ())


def known_folder(folder: Path) -> Path:
    """A folder that exists: in one that does not, every deviation would be unexpected."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; --expectations takes one with a file an adapter")
    return folder


def known_profile(name: str) -> str:
    """The name of a profile that exists."""
    if name not in PROFILES:
        raise UsageError(f"unknown profile {name!r}{suggestion(name, PROFILES)}")
    return name


def parsed(text: str) -> Case:
    """The case of an identifier; what is wrong with it is a usage error."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def closing(outcome: Outcome, data: model.RunData) -> None:
    """The last lines: each departure from what is expected, or that there is none."""
    terminal.findings(outcome.findings, errors)
    if outcome.exit_code == 0:
        known = int((data.cells.expectation != "").sum()) if len(data.cells) else 0
        console.print(
            f"[green]As expected[/]{f': {known} deviating cells are known' * bool(known)}"
        )


class Bars(Listener):
    """A progress bar an adapter on a terminal, a line an adapter elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.bars = Progress(
            TextColumn("{task.fields[adapter]:>11}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=errors,
            transient=True,
            disable=quiet or not errors.is_terminal,
        )
        self.tasks: dict[str, int] = {}

    def __enter__(self) -> Bars:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def progress(self, adapter: str, done: int, total: int, what: str) -> None:
        """Move the adapter's bar."""
        if adapter not in self.tasks:
            self.tasks[adapter] = self.bars.add_task(what, adapter=adapter, total=total)
            if not self.quiet and not errors.is_terminal:
                errors.print(f"{adapter}: {total} cases")
        self.bars.update(
            self.bars.task_ids[self.tasks[adapter]], completed=done, total=total, description=what
        )

    def finished(self, result: Result) -> None:
        """Say so where there are no bars."""
        if not self.quiet and not errors.is_terminal:
            errors.print(f"{result.adapter}: done, {os.linesep.join([result.failure]) or 'ok'}")
