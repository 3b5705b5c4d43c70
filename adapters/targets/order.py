"""What a worker is told of a target, and what may be wrong with one."""

from __future__ import annotations

import signal
import sys
import threading
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from optimizer_conformance.adapters.packing import msgspec

if sys.version_info < (3, 9):  # noqa: UP036 - as in adapters.protocol
    globals().update(list=typing.List, dict=typing.Dict)  # noqa: UP006

LONGEST = 200  # characters of what was raised


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The optimizer that is meant, and how.

    place     a module, or the path of a file ``.py``; empty: the object is at hand already
    object    its name there, dots included
    kind      one of :data:`adapters.targets.kinds.KINDS`; empty: recognised
    family    ``rmsprop`` or ``adam``; empty: recognised by its hyperparameters
    mapping   its own arguments to canonical names
    options   what is always passed, by its own or by canonical names; a canonical name that it does
              not take says what value is built in
    features  options that are always on, switched by an argument or built in
    claims    documented variants that it is held against, without the suffixes of options
    paths     where its imports are looked for before anywhere else
    limit     seconds that a trial may take; 0: any
    """

    place: str
    object: str
    kind: str = ""
    family: str = ""
    mapping: dict[str, str] = {}
    options: dict[str, Any] = {}
    features: list[str] = []
    claims: list[str] = []
    paths: list[str] = []
    limit: float = 0.0

    @property
    def name(self) -> str:
        """As reports print it."""
        return f"target:{self.object.rpartition('.')[2]}"


class BadTarget(Exception):  # noqa: N818 - named for the situation
    """Nothing can be asked of it; the message says why in one line."""


class Misbehaviour(Exception):  # noqa: N818 - named for the situation
    """It does what no optimizer may, whatever its formula; the message says what."""


class Raised(Exception):  # noqa: N818 - named for the situation
    """A step raised something; the message says which, what and where."""


class Late(Exception):  # noqa: N818 - named for the situation
    """A trial did not come to its end in time."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise Late after so many seconds, where a signal can; 0 is any number."""
    here = threading.current_thread() is threading.main_thread()
    if not seconds or not here or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Foreign code that ends the process is told from one that raises."""
    try:
        yield
    except SystemExit as end:
        raise Misbehaviour(f"{what} calls sys.exit({end.code!r})") from None
    except KeyboardInterrupt:
        raise
    except GeneratorExit as end:
        raise Misbehaviour(f"{what} raises {type(end).__name__}") from None


def line_in(error: BaseException, place: str) -> str:
    """The line of a file in which something was raised, in words; empty where it was elsewhere."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == place:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""


def first_line(error: BaseException) -> str:
    """What was raised, in one line; of a long one its first sentence."""
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if len(words) > LONGEST:
        words = f"{words.partition('. ')[0][:LONGEST]} …"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
