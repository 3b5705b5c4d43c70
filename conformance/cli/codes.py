"""What a command ends with: every exception's exit code and one line, decided here alone.

A command itself chooses between :data:`EXPECTED` and :data:`UNEXPECTED` alone.  Whatever is raised
ends here; what nobody has foreseen leaves its traceback in a file and has a code of its own, so
that it can never be taken for unexpected verdicts.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path

from optimizer_conformance.cli.console import errors
from optimizer_conformance.reports.text import visible

EXPECTED, UNEXPECTED, USAGE, INCOMPLETE = 0, 1, 2, 3
ABORTED = 130  # 128 and the number of SIGINT, as shells and Typer have it
UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h
LONGEST = 4000  # characters of one line; texts of others were cut before
PACKAGE = __name__.partition(".")[0]

# By the names of the exceptions of this package: their modules need not be imported for it.
FORESEEN = {
    # What was asked for makes no sense, or a file that was named cannot be used.
    "AuditError": USAGE,
    "ClaimFileError": USAGE,
    "CompareError": USAGE,
    "CoveredError": USAGE,
    "DataError": USAGE,
    "ExpectationError": USAGE,
    "GoldenFileError": USAGE,
    "HyperparameterError": USAGE,
    "MalformedCertificate": USAGE,
    "MalformedSweep": USAGE,
    "NoRecipeError": USAGE,
    "NotShownError": USAGE,
    "NothingThereError": USAGE,
    "SubjectError": USAGE,
    "TargetError": USAGE,
    "Unidentifiable": USAGE,
    "UnknownFramework": USAGE,
    "UnreadableRun": USAGE,
    "UsageError": USAGE,
    "VectorError": USAGE,
    # What was asked for could not be done here and now.
    "Absent": INCOMPLETE,
    "AgentLost": INCOMPLETE,
    "DataUnavailable": INCOMPLETE,
    "EnvironmentFailure": INCOMPLETE,
    "FrameError": INCOMPLETE,
    "InterpreterLacks": INCOMPLETE,
    "Missing": INCOMPLETE,
    "NotComputed": INCOMPLETE,
    "NoInterpreter": INCOMPLETE,
    "ProtocolBreach": INCOMPLETE,
    "RunError": INCOMPLETE,
    "ScriptError": INCOMPLETE,
    "WorkerError": INCOMPLETE,
}
# Of the machine: nothing is wrong with the question, nor with this program.
SHORT = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE,
    errno.ENFILE, errno.EAGAIN,
}  # fmt: skip

# Python's own words, in a RuntimeError, where the system has no room for the stack of a thread.
NO_THREAD = "can't start new thread"

# Of a name that somebody gave.
NO_NAME = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}


def ending(error: BaseException) -> tuple[int, str]:  # noqa: PLR0911 - one a kind
    """The exit code of an exception, and the line that is said."""
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return INCOMPLETE, "interrupted"
    if callable(words := getattr(error, "format_message", None)):  # Click's, or Typer's copy of it
        return USAGE, f"{words().rstrip('. ')}; {helped(error)}" if words().strip() else ""
    for kind in type(error).__mro__:
        if kind.__module__.partition(".")[0] == PACKAGE and kind.__name__ in FORESEEN:
            return FORESEEN[kind.__name__], str(error)
    if isinstance(error, MemoryError) or str(error) == NO_THREAD:
        return (
            INCOMPLETE,
            "this machine, or the limit of this process, has too little memory for it",
        )
    if isinstance(error, OSError) and error.errno in SHORT:
        return INCOMPLETE, f"{error.filename or 'the system'}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in NO_NAME:
        return USAGE, f"{str(error.filename or 'a file')[-80:]}: {error.strerror}"
    return UNFORESEEN, f"unforeseen: {type(error).__name__}: {error}; {kept(error)}"


def helped(error: BaseException) -> str:
    """What shows how a command is called."""
    context = getattr(error, "ctx", None)
    return f"`{context.command_path if context else 'conformance'} --help` shows how"


def one_line(text: str) -> str:
    """A message as one line that neither steers a terminal nor fills it."""
    line = visible(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}… ({len(line):,} characters)"


def kept(error: BaseException) -> str:
    """Write the traceback of an unforeseen error into a file; where it is."""
    now = datetime.now(UTC)
    about = (
        f"{now:%Y-%m-%d %H:%M:%S} UTC, Python {platform.python_version()}, {platform.platform()}\n"
        f"{sys.argv}\n\n"
    )
    try:
        folder = log_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"unforeseen-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        lines = "".join(traceback.format_exception(error))
        path.write_text(about + lines, encoding="utf-8", errors="backslashreplace")
    except (OSError, MemoryError, RecursionError):
        return "its traceback could not be kept"
    return f"please report {path}, which has the traceback"


def log_folder() -> Path:
    """Where tracebacks go; with ``CONFORMANCE_CACHE``, beside the environments."""
    if base := os.environ.get("CONFORMANCE_CACHE"):
        return Path(base) / "log"
    import platformdirs  # noqa: PLC0415 - help and lists need no folder

    return platformdirs.user_log_path("optimizer-conformance")


class Threads:
    """What was raised in a thread and caught by nobody; a context manager that listens."""

    def __enter__(self) -> list[BaseException]:
        self.before = threading.excepthook
        found: list[BaseException] = []

        def heard(happened: threading.ExceptHookArgs) -> None:
            if happened.exc_value is not None and not isinstance(happened.exc_value, SystemExit):
                found.append(happened.exc_value)

        threading.excepthook = heard
        return found

    def __exit__(self, *_: object) -> None:
        threading.excepthook = self.before


def say(message: str) -> None:
    """One line on standard error; nothing where help was printed instead."""
    if message:
        from optimizer_conformance.reports.paragraphs import Words  # noqa: PLC0415 - rarely needed

        Words(errors).say(one_line(message), start="error: ", style="red", styled=6, indent=2)
