"""One fault of the two functions, and how it is put in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from optimizer_conformance.questions.verify.probes.transcription import matlab as probes
from optimizer_conformance.reference.matlab import ArgumentError

Call = Callable[..., tuple[Any, ...]]
# The real function, the arguments by position and the keywords, to the results.
Change = Callable[[Call, list[Any], dict[str, Any]], tuple[Any, ...]]

FUNCTIONS = tuple(probes.FUNCTIONS)
# Positions of the arguments that hold arrays, by function.
CONTAINERS = {
    "rmspropupdate": ("params", "grad", "averageSqGrad"),
    "adamupdate": ("params", "grad", "averageGrad", "averageSqGrad"),
}
OPTIONS = {name: tuple(options) for name, options in probes.OPTIONS.items()}


@dataclass(frozen=True)
class Fault:
    """``function`` with one sentence of its page broken: ``breaks``, in words."""

    function: str
    breaks: str
    change: Change

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.function}: {self.breaks}"


def first_option(function: str) -> int:
    """The position of the first optional argument."""
    return len(CONTAINERS[function]) + (function == "adamupdate")


@contextmanager
def in_place(fault: Fault) -> Iterator[None]:
    """The probes call the function with the fault in it.

    Forms of call that the fault cannot be put into are carried out as they are: a fault that fails
    by itself would be noticed by everybody.
    """
    real = probes.FUNCTIONS[fault.function]

    def changed(*positional: Any, **keywords: Any) -> tuple[Any, ...]:
        try:
            return fault.change(real, list(positional), keywords)
        except ArgumentError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it is the fault's own
            found: tuple[Any, ...] = real(*positional, **keywords)
            return found

    probes.FUNCTIONS[fault.function] = changed
    try:
        yield
    finally:
        probes.FUNCTIONS[fault.function] = real
