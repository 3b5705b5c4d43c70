"""Signals that ask a command to end, and those that were ignored when it was started."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys

import pytest

from optimizer_conformance.cli.stopping import insist, stoppable

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A command that is sent a signal while it is at work.
SCRIPT = """
import os, sys
from optimizer_conformance.cli import listing, main
number = int(sys.argv.pop())
listing.adapters = lambda pattern: [] if os.kill(os.getpid(), number) else []
main()
"""


def sent(number, handler):
    """How `list` ends that was started with ``handler`` and is sent the signal ``number``."""
    before = signal.signal(number, handler)
    try:
        words = [sys.executable, "-c", SCRIPT, "list", "adapters", str(int(number))]
        return subprocess.run(words, capture_output=True, text=True, check=False)
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", STOPPING, ids=lambda number: number.name)
def test_a_command_that_is_asked_to_end_says_so_and_exits_with_3(number):
    done = sent(number, signal.SIG_DFL)
    assert (done.returncode, done.stderr) == (3, "error: interrupted\n")


@pytest.mark.parametrize("number", STOPPING, ids=lambda number: number.name)
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(number):
    done = sent(number, signal.SIG_IGN)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("interruptible")
def test_a_signal_whose_exception_is_swallowed_is_heard_later():
    with stoppable():
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            insist()
    with stoppable():
        insist()
