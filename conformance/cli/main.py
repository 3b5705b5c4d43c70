"""``conformance``: the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys

from optimizer_conformance.cli import codes
from optimizer_conformance.cli.commands import app
from optimizer_conformance.cli.stopping import stoppable


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
        with stoppable():
            found = app(standalone_mode=False)
    except SystemExit as end:
        # Typer ends like this where the reader of our output went away, as `| head` does.
        gone = type(sys.stdout).__name__ == "PacifyFlushWrapper"
        found = codes.EXPECTED if gone else end.code
    except BaseException as error:  # noqa: BLE001 - the one place where everything ends
        found, message = codes.ending(error)
        codes.say(message)
    if found == codes.ABORTED:  # Typer has caught the interrupt itself
        codes.say("interrupted")
        return codes.INCOMPLETE
    return found if isinstance(found, int) else codes.EXPECTED


__all__ = ["app", "main"]
