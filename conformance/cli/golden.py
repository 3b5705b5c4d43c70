"""``conformance golden``: results from a machine that we do not have, such as one with MATLAB."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from optimizer_conformance.adapters.golden_file import GoldenFile, GoldenFileError
from optimizer_conformance.cli.console import UsageError, console, print_json
from optimizer_conformance.cli.progress import Bars
from optimizer_conformance.cli.running import ending
from optimizer_conformance.questions.golden import exchange as golden
from optimizer_conformance.questions.golden.behaviours import behaviours
from optimizer_conformance.reports.paragraphs import Words, things

app = typer.Typer(
    help="Golden vectors: ask somebody else's MATLAB, and judge what it answered.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command(epilog="Example: conformance golden prepare for-matlab")
def prepare(
    folder: Annotated[Path, typer.Argument(help="made if it is not there")],
    draws: Annotated[
        int, typer.Option(help="draws of hyperparameters for each function, class and mode", min=1)
    ] = 3,
    seed: Annotated[int, typer.Option(help="of the cases")] = 0,
) -> None:
    """Write the script and its questions, for a machine with MATLAB."""
    try:
        count = golden.prepare(folder, draws=draws, seed=seed)
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {error.strerror}") from error
    words = Words(console)
    words.say(f"{folder}: {golden.SCRIPT.name} and {golden.QUESTIONS} with {count} cases")
    words.say("In MATLAB, in that folder:")
    words.command("golden_vectors")
    words.say("Then here:")
    words.command(f"conformance golden judge {folder / 'answers.golden'}")


@app.command(epilog="Example: conformance golden behaviour for-matlab/answers.golden")
def behaviour(
    file: Annotated[Path, typer.Argument(help="what the script wrote: answers.golden")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """Which readings of MATLAB's pages the recorded functions follow.

    Exits 1 when an answer fits no reading.
    """
    found = behaviours(opened(file))
    if as_json:
        print_json([asdict(item) | {"documented": item.documented} for item in found])
    else:
        rows = [
            (item.question, item.answer, "; ".join(item.readings) or Text("none", style="red"))
            for item in found
        ]
        things(console, ("question", "answer", "reading of the page"), rows)
        if lost := sum(not item.documented for item in found):
            Words(console).say(f"{lost} of {len(found)} answers fit no reading of the page")
    raise typer.Exit(0 if all(item.documented for item in found) else 1)


def opened(file: Path) -> GoldenFile:
    """The file's content; what is wrong with it is a usage error."""
    try:
        return golden.answered(file)
    except (GoldenFileError, UnicodeDecodeError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}; `conformance golden prepare FOLDER` begins"
        ) from error


@app.command(epilog="Example: conformance golden judge for-matlab/answers.golden")
def judge(
    file: Annotated[Path, typer.Argument(help="what the script wrote: answers.golden")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="run folder; default runs/<time>")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
) -> None:
    """Judge recorded answers against the documents, like a running implementation.

    `conformance report` shows the run folder again.
    """
    opened(file)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    with Bars(quiet=as_json) as bars:
        outcome = golden.judged(file, out or Path("runs") / stamp, listener=bars)
    ending(outcome, as_json)
