"""Draws that are the same in every program, whatever else that program has imported."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis.internal.conjecture import providers


class Nothing:
    """Constants of which there are none."""

    def set_for_type(self, kind: Any) -> tuple[()]:
        """As :class:`hypothesis.internal.constants_ast.Constants` has it."""
        return ()


# What Hypothesis knows of the constants in imported modules, and what stands in its place here.  It
# has no switch for it; a version without these names draws no such constants.
# Workers are planned side by side, and what is replaced belongs to the process: one at a time.
TURN = threading.RLock()
INSIDE: dict[str, Any] = {"_get_local_constants": Nothing, "CONSTANTS_CACHE": {}}


def unkept(test: Any) -> None:
    """Spare Hypothesis the digest of a test's source: it keeps no examples of it anywhere.

    Much of the time of a single draw goes there; a version without this name draws the same.
    """
    test._hypothesis_internal_database_key = b""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Hypothesis from drawing numbers that it reads in the source of the caller's modules.

    A case would then depend on who draws it: an editable installation, an installed one and a
    library user's tests would each have others.
    """
    inside: Any = providers
    with TURN:
        kept = {name: getattr(inside, name) for name in INSIDE if hasattr(inside, name)}
        for name in kept:
            setattr(inside, name, INSIDE[name])
        try:
            yield
        finally:
            for name, value in kept.items():
                setattr(inside, name, value)
