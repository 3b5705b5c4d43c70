"""``conformance repro``: a deviating cell as a short script for its framework alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from optimizer_conformance.cases.case import parse
from optimizer_conformance.cli.console import (
    UsageError,
    console,
    errors,
)
from optimizer_conformance.cli.interpreting import interpreting, print_answer
from optimizer_conformance.cli.names import known_adapters
from optimizer_conformance.cli.publishing import folder as made_folder
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.repro.cells import deviations, found_in
from optimizer_conformance.questions.repro.checking import ScriptRun, check
from optimizer_conformance.questions.repro.collection import Collection, CollectionEntry
from optimizer_conformance.questions.repro.deviation import Deviation, NothingThereError
from optimizer_conformance.questions.repro.evidence import NotShownError
from optimizer_conformance.questions.repro.recipes import NoRecipeError
from optimizer_conformance.questions.repro.reproducer import Reproducer, reproduce
from optimizer_conformance.questions.repro.script import StandaloneScript, issue, script
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.text import escape
from optimizer_conformance.workers.subject import Absent, SubjectError, subject

NOTHING, CANNOT = 1, 3  # exit codes: it agrees or does not show; it cannot be written


@interpreting
def repro(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="IMPLEMENTATION CASE, as a report prints them, or a cell's KEY"),
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="take variant, regime and reason from this run")
    ] = None,
    variant: Annotated[
        str, typer.Option("--variant", "-v", help="judge against this; default: what it claims")
    ] = "",
    regime: Annotated[
        str, typer.Option("--regime", help="the parameter; default: the first that deviates")
    ] = "",
    as_issue: Annotated[
        bool, typer.Option("--issue", help="print the Markdown text of an upstream issue")
    ] = False,
    checked: Annotated[
        bool, typer.Option("--check", help="run the script in the adapter's environment as well")
    ] = False,
    everything: Annotated[
        Path | None, typer.Option("--all", help="every deviating cell of this run; needs --out")
    ] = None,
    adapter: Annotated[
        list[str] | None, typer.Option("--adapter", "-a", help="with --all: only this adapter")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="file to write; with --all, a folder")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Shrink a deviation to the smallest case that shows it, and write a script for upstream.

    The script needs the framework alone. It exits with 1 while the deviation shows and with 0 when
    it no longer does, so that `git bisect run` takes it. (`conformance reproduce` is another
    command: it runs the documents' own examples.)

    With --all, one script stands for each cause; an interrupted command goes on where it stopped.

    Exit codes: 0 written, and shown if checked · 1 nothing deviates, or a script does not show it ·
    2 usage · 3 no script can be written.

    [bold]Examples[/]

      conformance repro 'torch:Adam\\[fused]' 'adam/float32/…/9c0b' --check

      conformance repro 3f9ac04be1d2 --run runs/20261120T190000.000 --issue

      conformance repro --all runs/20261120T190000.000 --out reproducers --check
    """
    if everything is not None:
        if what or run or out is None:
            raise UsageError("--all takes RUN and --out FOLDER, and no implementation or case")
        together(everything, out, known_adapters(adapter or ()), as_issue, checked, as_json)
    one = asked(what or [], run, variant, regime)
    try:
        alone(one, out, as_issue, checked, as_json)
    except Absent:
        raise
    except SubjectError as error:
        raise UsageError(str(error)) from error
    except NothingThereError as error:
        errors.print(escape(str(error)))
        raise typer.Exit(NOTHING) from error
    except (NotShownError, NoRecipeError) as error:
        raise RunError(str(error)) from error


def asked(what: list[str], run: Path | None, variant: str, regime: str) -> Deviation:
    """The deviation that the arguments name."""
    words = [word for text in what for word in text.split()]
    if variant and variant not in VARIANTS:
        raise UsageError(f"no variant {variant!r}{nearest.variants(variant, VARIANTS)}")
    if len(words) == 1 and run is not None and ":" not in words[0]:
        found = [item for item in deviations(run) if item.key == words[0]]
        if not found:
            raise UsageError(f"{run} has no deviating cell with the key {words[0]!r}")
        return found[0]
    if len(words) != 2:
        raise UsageError(
            "give an implementation and a case, as a report prints them, or a cell's key and --run"
        )
    implementation, text = words
    try:
        case = parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if run is None:
        return Deviation(implementation, case, variant, regime)
    return found_in(run, implementation, case, variant, regime)


def alone(
    one: Deviation, out: Path | None, as_issue: bool, checked: bool, as_json: bool
) -> NoReturn:
    """One reproducer, to standard output or a file."""
    with errors.status("starting") as status, subject(one.implementation, device=one.device) as it:
        made = reproduce(it, one, say=lambda what: status.update(escape(what)))
        text = script(made)
        status.update("running the script")
        tested = check(made, text) if checked else None
    shown = issue(made, text, tested.output if tested else "") if as_issue else text.text
    if out is not None:
        write(out, shown.encode())
    if as_json:
        print_answer(content(made, text, tested))
    elif out is None:
        typer.echo(shown, nl=False)
    else:
        why = f": {escape(made.why)}" if made.why else ""
        console.print(f"wrote {escape(out)}{why}")
    if tested is not None and not as_json:
        outcome = (
            "[green]it shows what it says[/]" if tested.shown else f"[red]{escape(tested.wrong)}[/]"
        )
        errors.print(outcome)
    raise typer.Exit(NOTHING if tested and tested.wrong else 0)


def content(
    made: Reproducer, text: StandaloneScript, tested: ScriptRun | None
) -> dict[str, object]:
    """What JSON holds of one."""
    proof = made.evidence
    return {
        "implementation": made.subject.name,
        "variant": made.variant.identifier,
        "why": made.why,
        "kind": made.sign.kind,
        "case": vars(made.case),
        "evidence": vars(proof) if proof else None,
        "asked": made.tried,
        "script": text.text,
        "shown": tested.shown if tested else None,
        "wrong": tested.wrong if tested else "",
    }


def together(
    run: Path,
    out: Path,
    adapters: tuple[str, ...],
    as_issue: bool,
    checked: bool,
    as_json: bool,
) -> NoReturn:
    """Every distinct deviation of a run, into a folder."""
    made_folder(out)
    collection = Collection(run, out, issues=as_issue, checked=checked)
    with errors.status("reading the run") as status:

        def say(done: int, total: int, what: str) -> None:
            status.update(escape(f"{done} of {total}: {what}"))

        try:
            collection.collect(adapters, say)
        except KeyboardInterrupt:
            raise RunError(
                f"interrupted: {len(collection.entries)} deviations are done, in {out}; the same "
                "command goes on"
            ) from None
    entries = collection.entries
    if as_json:
        print_answer(
            {"folder": str(out), **collection.figures(), "entries": list(map(vars, entries))}
        )
    else:
        summary(entries, collection.figures(), out)
    raise typer.Exit(NOTHING if any(entry.failed for entry in entries) else 0)


def summary(entries: list[CollectionEntry], figures: dict[str, int], out: Path) -> None:
    """The figures, and what could not be done."""
    for entry in entries:
        if entry.failed:
            console.print(
                f"[red]failed:[/] {escape(entry.implementation)} against {escape(entry.variant)} "
                f"({escape(entry.why)}): {escape(entry.failed)}",
            )
    words = ", ".join(f"{count} {name}" for name, count in figures.items())
    console.print(f"{words}; {escape(out / 'index.md')} lists them")
