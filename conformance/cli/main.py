"""``conformance``: the commands, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys

import typer

from optimizer_conformance.cli import (
    adapter,
    auditing,
    certifying,
    codes,
    comparing,
    environment,
    equivalence,
    expecting,
    gating,
    golden,
    history,
    identifying,
    listing,
    power,
    reporting,
    reproducing,
    running,
    tables,
    timing,
    translating,
    vectors,
    verifying,
)

app = typer.Typer(
    name="conformance",
    help="Do optimizer implementations compute what their documentation says?",
    epilog="Exit codes: 0 as expected · 1 unexpected verdicts · 2 usage · 3 run incomplete · "
    "70 unforeseen, with a file that has the traceback",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(running.run)
app.command("merge")(running.merge)
app.command("report")(reporting.report)
app.command("ci")(gating.ci)
app.command("diff")(comparing.diff)
app.command("history")(history.history)
app.command("repro")(reproducing.repro)
app.command("reproduce")(reporting.reproduce)
app.command("verify")(verifying.verify)
app.command("audit")(auditing.audit_)
app.command("translate")(translating.translate_)
app.command("certify")(certifying.certify_)
app.command("power")(power.power)
app.command("identify")(identifying.identify_)
app.command("bench")(timing.bench_)
app.command("list")(listing.list_)
app.command("doctor")(listing.doctor)
app.command("equivalence")(equivalence.equivalence_)
app.add_typer(tables.app, name="tables")
app.add_typer(environment.app, name="env")
app.add_typer(golden.app, name="golden")
app.add_typer(vectors.app, name="vectors")
app.add_typer(expecting.app, name="expectations")
app.add_typer(adapter.app, name="adapter")
app.add_typer(certifying.app, name="certificate")


def main() -> None:
    """The console script: one line and an exit code for whatever is raised."""
    with codes.Threads() as threads:
        code = ended()
    if threads and code in (codes.EXPECTED, codes.UNEXPECTED):
        code, message = codes.ending(threads[0])
        codes.say(message)
    sys.exit(code)


def ended() -> int:
    """Run the command; its exit code."""
    try:
        app()
    except SystemExit as end:
        if end.code == codes.ABORTED:  # Typer has caught the interrupt itself
            codes.say("interrupted")
            return codes.INCOMPLETE
        return end.code if isinstance(end.code, int) else codes.USAGE * bool(end.code)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
    except BaseException as error:  # noqa: BLE001 - the one place where everything ends
        code, message = codes.ending(error)
        codes.say(message)
        return code
    return codes.EXPECTED


__all__ = ["app", "main"]
