"""``conformance verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cli import sentence_ledger
from optimizer_conformance.cli.console import (
    UsageError,
    console,
    errors,
    plainly,
    print_json,
)
from optimizer_conformance.cli.interpreting import interpreting
from optimizer_conformance.cli.names import known_adapters
from optimizer_conformance.cli.publishing import write
from optimizer_conformance.questions.verify import document, ledger
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.questions.verify.observations import ObservationProposal
from optimizer_conformance.questions.verify.registry import VERDICTS
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports import claims as pages
from optimizer_conformance.reports import model
from optimizer_conformance.reports.claim_records import ClaimLedger, Entry
from optimizer_conformance.reports.paragraphs import Words, things
from optimizer_conformance.reports.text import escape
from optimizer_conformance.reports.verdicts import CLAIM_TONES

Many = list[str] | None


@interpreting
def verify(
    documents: Annotated[Many, typer.Argument(help="documents; all when none is named")] = None,
    format_: Annotated[
        str, typer.Option("--format", "-f", help="table, " + ", ".join(pages.FORMATS))
    ] = "table",
    kind: Annotated[Many, typer.Option("--kind", help=", ".join(document.KINDS))] = None,
    claim: Annotated[Many, typer.Option("--claim", "-c", help="glob over claims")] = None,
    verdict: Annotated[
        Many, typer.Option("--verdict", help="show only: " + ", ".join(VERDICTS))
    ] = None,
    sections: Annotated[
        bool, typer.Option("--sections", help="only list every section with its claims")
    ] = False,
    by_sentence: Annotated[
        bool, typer.Option("--sentences", help="only show which sentences became claims")
    ] = False,
    texts: Annotated[
        Path | None,
        typer.Option(
            "--texts",
            envvar="CONFORMANCE_DOCUMENTS",
            help="with --sentences: folder of the documents' texts, NAME.txt each",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", help="with --sentences: write the counts into this page instead"),
    ] = None,
    require: Annotated[
        Many, typer.Option("--require", help="exit 3 if claims need this adapter and it is missing")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="run folder whose report shall show the ledger")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="file to write")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="propose, as a diff, to keep what was observed")
    ] = False,
    write_: Annotated[bool, typer.Option("--write", help="with --update: make the change")] = False,
) -> None:
    """Decide every claim of the documents by executing something, and print the ledger.

    A claim is confirmed, contradicted, underdetermined (the document allows several readings), or
    not testable here (with what it would take). A contradiction that is not marked as known in
    the document's file exits 1, and so does another value than the one that is kept for this
    version: also where the claim was known to be false, or open.

    [bold]Examples[/]

      conformance verify

      conformance verify mindspore-rmsprop --verdict contradicted

      conformance verify mindspore-rmsprop --update --write

      conformance verify --sentences

      conformance verify --format sarif --out claims.sarif

      conformance verify --run runs/… (a section of that run's HTML report)
    """
    format_ = "json" if as_json else format_
    if format_ not in ("table", *pages.FORMATS):
        raise UsageError(
            f"unknown format {format_!r}{suggestion(format_, ('table', *pages.FORMATS))}"
        )
    chosen = [document.load(name) for name in known(documents, document.names(), "document")]
    kinds = known(kind, document.KINDS, "kind")
    shown = known([word.replace("-", " ") for word in verdict or ()], VERDICTS, "verdict")
    patterns = known_patterns(claim, [item.id for doc in chosen for item in doc.claims])
    required = known_adapters(require or ())
    if write_ and not update:
        raise UsageError("--write goes with --update")
    if page is not None:
        raise typer.Exit(sentence_ledger.put(page, by_sentence=by_sentence))
    if sections or by_sentence:
        as_json = format_ == "json"
        if sections:
            show_sections(chosen, as_json=as_json)
        raise typer.Exit(sentence_ledger.show(chosen, texts, as_json=as_json) if by_sentence else 0)

    def fits(item: Claim) -> bool:
        return item.kind in kinds and wanted(item.id, patterns)

    entries = decided(chosen, fits, quiet=format_ != "table")
    if update:
        raise typer.Exit(keep(ledger.proposals(chosen, entries), make=write_))
    code = ledger.exit_code(entries, required)
    content = ledger.content(chosen, [e for e in entries if e.decision.verdict in shown])
    if run is not None:
        model.load(run, incomplete=True)  # it must be one
        write(run / pages.LEDGER, pages.render(content, "json").encode())
    if format_ == "table":
        show(content, every=bool(documents or claim or verdict))
        closing(entries, code)
        if out is not None:
            write(out, pages.render(content, "json").encode())
    elif out is not None:
        write(out, pages.render(content, format_).encode())
        plainly(f"wrote {out}")
    elif format_ == "json":
        print_json(msgspec.to_builtins(content))
    else:
        typer.echo(pages.render(content, format_), nl=False)
    raise typer.Exit(code)


def keep(proposals: list[ObservationProposal], *, make: bool) -> int:
    """Show the change of what is kept, or make it; 1 where one is only proposed."""
    for proposal in proposals:
        if make:
            proposal.path.parent.mkdir(exist_ok=True)
            write(proposal.path, proposal.after.encode())
            plainly(f"wrote {proposal.path.name}")
        else:
            typer.echo(proposal.diff, nl=False)
    if not proposals:
        console.print("[green]Nothing to change[/]")
    elif not make:
        errors.print("nothing is written yet; --write makes the change")
    return int(bool(proposals) and not make)


def known_patterns(given: Many, identifiers: list[str]) -> tuple[str, ...]:
    """Globs that some claim fits."""
    for pattern in given or ():
        if not any(wanted(name, (pattern,)) for name in identifiers):
            raise UsageError(f"no claim fits {pattern!r}{suggestion(pattern, identifiers)}")
    return tuple(given or ())


def known(given: Many, names: Any, what: str) -> tuple[str, ...]:
    """Names that exist; all where none is given."""
    for name in given or ():
        if name not in names:
            raise UsageError(f"unknown {what} {name!r}{suggestion(name, names)}")
    return tuple(given or names)


def decided(chosen: list[document.Document], fits: Any, *, quiet: bool) -> list[Entry]:
    """All entries, with a bar on a terminal."""
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=errors,
        transient=True,
        disable=quiet or not errors.is_terminal,
    )
    with bar, Context(say=lambda line: None if quiet else plainly(line)) as context:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        return ledger.verify(chosen, context, wanted=fits, progress=progress)


def show(content: ClaimLedger, *, every: bool) -> None:
    """A document's claims: those that call for attention in full, of the others how many.

    Those that are confirmed are told where some were asked for by name: ``every``.
    """
    words = Words(console)
    for about in content.documents:
        rows = [row for row in content.claims if row.document == about.name]
        if not rows:
            continue
        words.blank()
        words.say(about.title, style="bold")
        for verdict in CLAIM_TONES:
            own = [row for row in rows if row.decision.verdict == verdict]
            tell(verdict, own, words, every=every)
    if not every:
        words.blank()
        words.say("What is confirmed in a document: conformance verify NAME", style="dim")


def tell(verdict: str, rows: list[Entry], words: Words, *, every: bool) -> None:
    """Claims of one verdict."""
    tone = CLAIM_TONES[verdict].terminal
    if rows:
        words.say(f"{len(rows)} {verdict}", start="  ", style=tone)
    for row in rows:
        if verdict == "confirmed" and row.status == "expected" and not every:
            continue
        known = " (known)" if row.expected == verdict == "contradicted" else ""
        note = "" if row.status == "expected" else f" ({row.status})"
        words.say(f"{row.id}{known}{note}: {row.statement}", start="    ", indent=6)
        if details := pages.details(row):
            words.say(details, start="      ", style="dim", indent=6)


def closing(entries: list[Entry], code: int) -> None:
    """The counts, and what the exit code says."""
    counts = {v: sum(e.decision.verdict == v for e in entries) for v in VERDICTS}
    words = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    console.print(f"\n{len(entries)} claims: {words or 'nothing was selected'}")
    for entry in entries:
        if entry.status != "expected":
            told = entry.kept if entry.status == "changed" else entry.decision.observed
            errors.print(
                f"[red]{entry.status}:[/] {entry.document} {entry.id}: {entry.decision.verdict}, "
                f"{escape(told)}\n  {escape(entry.statement)}",
            )
    if new := [entry for entry in entries if entry.new]:
        versions = ", ".join(sorted({entry.decision.version for entry in new}))
        errors.print(
            f"[yellow]not kept yet:[/] {len(new)} observations of {escape(versions)}; "
            "`conformance verify --update` shows them",
        )
    for need in sorted({e.decision.needs for e in entries if e.decision.missing}):
        errors.print(f"[yellow]not asked:[/] {escape(need)}")
    if code == 0:
        console.print("[green]As expected[/]")


def show_sections(chosen: list[document.Document], *, as_json: bool) -> None:
    """Every section of every document with its claims, or why there are none."""
    rows = [(doc.name, section) for doc in chosen for section in doc.sections]
    if as_json:
        print_json(
            [
                {
                    "document": name,
                    "section": section.heading,
                    "claims": section.claims,
                    "none": section.none,
                }
                for name, section in rows
            ]
        )
        return
    things(
        console,
        ("section", "document", "claims"),
        [
            (section.heading, name, ", ".join(section.claims) or f"none: {section.none}")
            for name, section in rows
        ],
    )
