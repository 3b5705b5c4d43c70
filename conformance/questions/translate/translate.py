"""``translate``: what the second implementation is told so that it does what the first does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from optimizer_conformance.cases.case import overflow
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.translate.pairing import Pairing, Progress, silent
from optimizer_conformance.questions.translate.result import Translation
from optimizer_conformance.questions.translate.settings import checked, setting, words
from optimizer_conformance.questions.translate.telling import alone
from optimizer_conformance.reference.decimals import HyperparameterError
from optimizer_conformance.workers import interpreters
from optimizer_conformance.workers.subject import Subject, SubjectError, subject

STEPS = 100  # of the drift


def translate(
    first: Any,
    second: Any,
    given: Iterable[str] | Mapping[str, Any] = (),
    *,
    dtype: str = "float32",
    steps: int = STEPS,
    python: str | Path | None = None,
    progress: Progress = silent,
) -> Translation:
    """What makes ``second`` do what ``first`` does, proved by running both; or why nothing does.

    ``first`` and ``second`` name implementations (``torch:RMSprop``) or targets
    (``mine.py:MyAdam``), or are an optimizer's class or function itself; ``given`` are
    ``name=value`` words for the first, or a mapping; its own defaults stand for the rest.
    ``steps`` is how long their drift is followed where nothing does; both run in the interpreter
    ``python`` if that is given.

    Raises SubjectError for what cannot be asked, HyperparameterError for a value that cannot be
    meant, and WorkerError where a worker cannot answer.
    """
    if isinstance(given, Mapping):
        given = [f"{name}={value}" for name, value in given.items()]
    given = checked(given)
    with ExitStack() as stack:
        stack.enter_context(interpreters.within(python))
        progress(f"{named(first)}: starting")
        one = stack.enter_context(subject(first))
        progress(f"{named(second)}: starting")
        other = stack.enter_context(subject(second))
        return between(one, other, given, dtype=dtype, steps=steps, progress=progress)


def named(asked: Any) -> str:
    """What was asked, as it is printed."""
    return asked if isinstance(asked, str) else str(getattr(asked, "__qualname__", asked))


def between(
    one: Subject,
    other: Subject,
    given: Iterable[str] = (),
    *,
    dtype: str = "float32",
    steps: int = STEPS,
    progress: Progress = silent,
) -> Translation:
    """The same for implementations whose workers run."""
    for side in (one, other):
        if dtype not in side.implementation.dtypes:
            raise SubjectError(
                f"{side.name} has no {dtype}; it has {', '.join(side.implementation.dtypes)}"
            )
    asked = setting(one, words(given, one.implementation.family))
    if beyond := overflow(asked.decimals, dtype):
        raise HyperparameterError(beyond)
    if not alone(one, asked.features):
        raise SubjectError(f"a step of {one.name} is no matter of one element")
    search = Pairing(one, other, asked, dtype, steps, Oracle(), progress)
    return search.answer()
