"""``conformance bench``: what the tool costs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from optimizer_conformance.cli.console import UsageError, console, errors, print_json
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.bench import matlab, oracle, page, record, run, starts
from optimizer_conformance.questions.bench.measure import Measure
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports import sheets
from optimizer_conformance.workers import environments

PARTS = ("starts", "oracle", "arrays", "matlab", "worker", "runs", "compiled", "sweeps", "memory")


def bench_(
    only: Annotated[str, typer.Option(help=f"glob over the parts: {', '.join(PARTS)}")] = "*",
    repeats: Annotated[int, typer.Option(min=1, help="measurements of each; medians count")] = 5,
    against: Annotated[
        Path | None, typer.Option(help="measurements kept by --out: say which ratios have grown")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="file: .json keeps them, .md is a page")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Time the tool's own work beside something that is measured in the same run.

    What can be compared between machines is the ratios. With --against it says which of them have
    grown by more than a quarter and by more than they spread; that is a warning, not a failure.

    [bold]Examples[/]

    conformance bench

    conformance bench --only 'oracle' --repeats 20 --json

    conformance bench --out today.json --against docs/performance.json
    """
    chosen = [part for part in PARTS if fnmatch(part, only)]
    if not chosen:
        raise UsageError(f"no part is called {only!r}{suggestion(only, PARTS)}")
    earlier = kept(against) if against else None
    measures = []
    for part in chosen:
        with errors.status(f"measuring: {part}"):
            measures += list(measured(part, repeats))
    found = record.Measurements(record.here(), measures)
    if out:
        write(out, as_text(found, out.suffix).encode())
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        sheets.show(page.tables(measures), console)
    for item in record.grown(earlier, measures) if earlier else ():
        errors.print(
            f"[yellow]slower[/] {item.measure.key}: {item.measure.judged:.2f} times "
            f"{item.measure.beside}, before {item.before.judged:.2f}"
        )


def as_text(found: record.Measurements, ending: str) -> str:
    """Markdown for a file that ends so, else JSON."""
    if ending == ".md":
        return page.markdown(found)
    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"


def kept(path: Path) -> record.Measurements:
    """Measurements of an earlier run.  Raises UsageError for a file that holds none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=record.Measurements)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"{path} holds no measurements ({error}); --out writes them") from error


def measured(part: str, repeats: int) -> Iterator[Measure]:
    """One part; those that need a compiler or PyTorch say so where there is none."""
    environment = environments.locate("torch")
    python = environment.python if environment.complete else None
    if part in ("sweeps", "memory", "runs", "oracle") and python is None:
        errors.print(f"{part}: `conformance env create torch` makes what it needs")
    compiler = importlib.util.find_spec("numba") is not None
    if part in ("compiled", "sweeps", "memory"):
        if not compiler:
            errors.print(f"{part}: pip install 'optimizer-conformance[sweep]' brings what it needs")
        elif part == "compiled" or python:
            from optimizer_conformance.questions.bench import sweeps  # noqa: PLC0415 - compilers

            ways: dict[str, Callable[[], Iterator[Measure]]] = {
                "compiled": lambda: sweeps.fused(oracle.RULES, repeats),
                "sweeps": lambda: sweeps.sweeps(repeats),
                "memory": sweeps.memory,
            }
            yield from ways[part]()
        return
    plain: dict[str, Callable[[], Iterator[Measure]]] = {
        "starts": lambda: starts.starts(repeats),
        "oracle": lambda: oracle.oracles(python, repeats),
        "arrays": lambda: oracle.arrays(repeats),
        "matlab": lambda: matlab.calls(repeats),
        "worker": lambda: run.round_trips(repeats),
        "runs": lambda: run.runs(("numpy", "torch") if python else ("numpy",)),
    }
    yield from plain[part]()
