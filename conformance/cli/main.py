"""``conformance``: the commands, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from optimizer_conformance.cli import (
    adapter,
    auditing,
    certifying,
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
from optimizer_conformance.cli.console import UsageError, errors
from optimizer_conformance.expectations.ledger import ExpectationError
from optimizer_conformance.questions.verify.document import ClaimFileError
from optimizer_conformance.reports.model import UnreadableRun
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.terminal import escape
from optimizer_conformance.workers.environments import EnvironmentFailure
from optimizer_conformance.workers.process import WorkerError

USAGE, INCOMPLETE = 2, 3
ABORTED = 130  # 128 and the number of SIGINT, as shells and Typer have it

app = typer.Typer(
    name="conformance",
    help="Do optimizer implementations compute what their documentation says?",
    epilog="Exit codes: 0 as expected · 1 unexpected verdicts · 2 usage · 3 run incomplete",
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
    """The console script: one clear line for every foreseeable error."""
    try:
        app()
    except (UsageError, ClaimFileError, ExpectationError, UnreadableRun) as error:
        fail(str(error), USAGE)
    except (EnvironmentFailure, RunError, WorkerError) as error:
        fail(str(error), INCOMPLETE)
    except KeyboardInterrupt:
        fail("interrupted", INCOMPLETE)
    except SystemExit as end:
        if end.code == ABORTED:  # Typer has caught the interrupt itself
            fail("interrupted", INCOMPLETE)
        raise
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()


def fail(message: str, code: int) -> NoReturn:
    errors.print(f"[red]error:[/] {escape(message)}", soft_wrap=True)
    sys.exit(code)


__all__ = ["app", "main"]
